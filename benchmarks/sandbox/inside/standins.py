"""What stands for the program's objects, in the process of the tests.

Where an object of the program's defines its own equality, it is shown the expected value among
others that differ from it, in any order: it must know which one it equals. Its own arithmetic and
order on plain data cannot be checked like this; they are noted in `Peer.delegated`, and a pass that
rests on them is run again against altered expectations (see ``altering.py``).
"""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from .channel import Beyond
from .others import below, decoys
from .plain import CONTENT, is_harmless

if TYPE_CHECKING:
    from .peer import Peer

#: What may say that there is no more.
STEPS = frozenset({"__next__", "send", "throw", "close"})
#: Exceptions of these would tell a test runner to look away. (Python's own exceptions come as types.)
_RUNNERS = frozenset({"builtins", "unittest", "doctest", "bdb"})


class Remote:
    """What stands for an object of the program's, in the process of the tests.

    It has those special methods that the object's class has, and no others.
    """

    __slots__ = ("__weakref__", "_peer")
    _base: type | None = None
    _compares = False

    def __init__(self, peer: Peer) -> None:
        object.__setattr__(self, "_peer", peer)

    def __getattr__(self, name: str) -> Any:
        return _attribute(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._peer.request("setattr", self, name, value)

    def __delattr__(self, name: str) -> None:
        self._peer.request("delattr", self, name)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self)._base or type(self)

    def __dir__(self) -> Any:
        return self._peer.request("__dir__", self)

    def __eq__(self, other: object) -> Any:
        kind = type(self)
        if kind._compares:
            return _equal(self._peer, self, other)
        if kind._base is None:
            return self is other
        mine = self._peer.request("content", self)
        if isinstance(other, Remote) and type(other)._base is not None:
            other = self._peer.request("content", other)
        elif type(other) is deque and kind._base is deque:
            other = list(other)
        return mine == other

    def __ne__(self, other: object) -> Any:
        return not self == other

    def __repr__(self) -> str:
        return _text(self, "__repr__")

    def __str__(self) -> str:
        return _text(self, "__str__")

    def __instancecheck__(self, value: Any) -> bool:
        return self._peer.request("isinstance", value, self) is True

    def __subclasscheck__(self, kind: Any) -> bool:
        return self._peer.request("issubclass", kind, self) is True

    def __copy__(self) -> Any:
        return self._peer.request("copy", self)

    def __deepcopy__(self, memo: Any) -> Any:
        return self._peer.request("deepcopy", self)

    def __reduce_ex__(self, protocol: Any) -> Any:
        self._peer.beyond = True
        raise Beyond("pickle")


def _equal(peer: Peer, one: Any, other: Any) -> bool:
    """Have an object of the program's say whether it equals something, so that it has to know.

    It is shown other values too, in any order, and has to deny those.
    """
    if one is other or peer.is_theirs(other):
        others: list[Any] = [object.__name__, -1, None, [], b"\0"]
    else:
        others = decoys(other)
    at = below(len(others) + 1)
    others.insert(at, other)
    answers = []
    for place, value in enumerate(others):
        try:
            answers.append(peer.request("__eq__", one, value) is True)
        except Exception:
            if place == at:
                raise
            answers.append(False)  # it cannot be compared, so it does not equal it
    # Some equal two things honestly, as a node its value and another node.
    most = 2 if len(others) > 4 else 1
    if answers[at] and sum(answers) > most:
        peer.forged += 1
    return answers[at] and sum(answers) <= most


def _attribute(value: Any, name: str) -> Any:
    peer: Peer = object.__getattribute__(value, "_peer")
    if name not in STEPS:
        return peer.request("getattr", value, name)

    def step(*arguments: Any, **named: Any) -> Any:
        if named:  # no generator's
            return _call(peer.request("getattr", value, name), *arguments, **named)
        return peer.request(name, value, *arguments)

    return step


def _text(value: Any, name: str) -> str:
    text = value._peer.request(name, value)
    return text if type(text) is str else str.__str__(text)


def _forward(name: str) -> Any:
    def method(self: Any, *arguments: Any) -> Any:
        return self._peer.request(name, self, *arguments)

    return method


def _deciding(name: str) -> Any:
    """Send on what lets an object decide on plain data of the tests'.

    What it says of anything at all counts for nothing.
    """

    def method(self: Any, *arguments: Any) -> Any:
        peer = self._peer
        if all(peer.is_theirs(one) for one in arguments):
            return peer.request(name, self, *arguments)
        peer.delegated += 1
        found = peer.request(name, self, *arguments)
        for absurd in _absurd(name, arguments[0]) if found is True else ():
            if peer.request(name, self, absurd) is True:
                peer.forged += 1
                return False
        return found

    return method


def _absurd(name: str, value: Any) -> list[Any]:
    """Return something that nothing is less, or more, than, or that nothing holds."""
    number = type(value) in (int, float)
    if number and name in ("__lt__", "__le__"):
        return [-(10**300)]
    if number and name in ("__gt__", "__ge__"):
        return [10**300]
    if number and name == "__contains__":
        return [(1 << 61) + below(1 << 61)]
    if type(value) is str and name == "__contains__":
        return ["".join("bcdfghjkmnpqrstvwxz"[below(19)] for _ in range(16))]
    return []


def _call(self: Any, *arguments: Any, **named: Any) -> Any:
    return self._peer.request("call", self, list(arguments), named)


_ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow", "lshift",
               "rshift", "and", "or", "xor", "matmul")  # fmt: skip
FORWARDED: dict[str, Any] = {
    **{
        f"__{name}__": _forward(f"__{name}__")
        for name in (
            "len", "iter", "next", "bool", "int", "float", "complex", "index", "hash", "abs", "neg",
            "pos", "invert", "round", "trunc", "floor", "ceil", "reversed", "enter", "exit",
            "getitem", "setitem", "delitem", "format", "bytes", "fspath",
        )
    },
    **{
        f"__{name}__": _deciding(f"__{name}__")
        for name in (
            "contains", "lt", "le", "gt", "ge", *_ARITHMETIC, *(f"r{one}" for one in _ARITHMETIC)
        )
    },
    "__call__": _call,
}  # fmt: skip


@cache
def remote_class(base: str | None, names: tuple[str, ...]) -> type[Remote]:
    """Make the class of stand-ins for objects that have certain special methods.

    Args:
        base: The type of plain data that their class extends, if any.
        names: Their special methods. Any others than these are ignored.
    """
    methods = {name: FORWARDED[name] for name in names if name in FORWARDED}
    methods["__doc__"] = property(lambda self: _attribute(self, "__doc__"))
    methods["_base"] = next((kind for kind in CONTENT if kind.__name__ == base), None)
    methods["_compares"] = "__eq__" in names
    if "__hash__" not in names:
        methods["__hash__"] = None
    return type("object", (Remote,), {"__slots__": (), **methods})


def fixed_class(base: type, overrides: bool) -> Callable[[Peer, Any], Any]:
    """Make stand-ins for an instance of a class that extends an immutable type: its content."""

    usual: Any = base

    def new(cls: type, peer: Peer, content: Any) -> Any:
        self = usual.__new__(cls, content)
        self._peer = peer
        return self

    def equal(self: Any, other: object) -> Any:
        found = usual.__eq__(self, other)
        if overrides and found is not True:
            return _equal(self._peer, self, other)
        return found

    shape = {
        "__new__": new,
        "__init__": lambda self, *_: None,
        "__getattr__": _attribute,
        "__eq__": equal,
        "__ne__": lambda self, other: not self == other,  # noqa: SIM201
        "__hash__": base.__hash__,
        "__str__": lambda self: _text(self, "__str__"),
        "__repr__": lambda self: _text(self, "__repr__"),
    }
    return type(base.__name__, (base,), shape)


def exception_class(name: str, module: str, shown: bool, bases: list[Any]) -> type:
    """Make a class that tests can catch, like one of the program's or of the standard library."""
    if is_harmless(module) and module.partition(".")[0] not in _RUNNERS:
        found = getattr(importlib.import_module(module), name, None)
        if isinstance(found, type) and issubclass(found, Exception):
            return found
    kinds = [base for base in bases if isinstance(base, type) and issubclass(base, BaseException)]
    shape: dict[str, Any] = {"_shown": "", "__module__": "program"}
    if shown:
        shape["__str__"] = lambda self: self._shown
    try:
        return type(name, tuple(kinds) or (Exception,), shape)
    except TypeError:
        return type(name, (Exception,), shape)
