"""Values between two processes of the sandbox: plain data by value, all else by handle.

One process runs the program, another one its tests. Neither sees the other's objects: numbers,
texts, containers and some values of the standard library are copied, checked by their exact type;
everything else (a class of the program's, an instance, a generator) stays where it is, and a
*stand-in* takes its place, which sends on what is done with it. So what a test compares is, as a
rule, plain data in a process that the program has never been in.

Where an object of the program's defines its own equality, it is shown the expected value among
others that differ from it, in any order: it must know which one it equals. Its own arithmetic and
order on plain data cannot be checked like this; they are noted in `Peer.delegated`, and a pass that
rests on them is run again against altered expectations (see ``_sandbox_tests.py``).

A message is JSON behind its length. Containers are a table of nodes that name each other by index,
so that depth, sharing and cycles come through; what a call changes in its arguments comes back.
"""

from __future__ import annotations

import builtins
import importlib
import json
import os
import sys
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

#: Bytes of a message; more is not listened to.
_MOST = 1 << 29
#: How many other values an object is shown beside the expected one.
_DECOYS = 12
#: How many items a container may have that is copied because the tests know its name.
_HEAVY = 1 << 16
_NONSENSE = "ended before its tests did: what it sends is no answer"

_INLINE = frozenset({type(None), bool, int, float, str})
_SHELLS: dict[str, type] = {
    "list": list, "dict": dict, "set": set, "bytearray": bytearray, "deque": deque,
    "OrderedDict": OrderedDict, "Counter": Counter, "defaultdict": defaultdict,
}  # fmt: skip
_MUTABLE = {kind: name for name, kind in _SHELLS.items()}
_MAPPINGS = frozenset({"dict", "OrderedDict", "Counter", "defaultdict"})
_SINGLE = {"Ellipsis": Ellipsis, "NotImplemented": NotImplemented}
#: Immutable values of the standard library, by module and class, and what they are made from.
_VALUES: dict[tuple[str, str], Callable[[Any], tuple[Any, ...]]] = {
    ("builtins", "complex"): lambda v: (v.real, v.imag),
    ("builtins", "range"): lambda v: (v.start, v.stop, v.step),
    ("builtins", "slice"): lambda v: (v.start, v.stop, v.step),
    ("decimal", "Decimal"): lambda v: (str(v),),
    ("fractions", "Fraction"): lambda v: (v.numerator, v.denominator),
    ("datetime", "date"): lambda v: (v.year, v.month, v.day),
    ("datetime", "timedelta"): lambda v: (v.days, v.seconds, v.microseconds),
    ("datetime", "timezone"): lambda v: (v.utcoffset(None),),
    ("datetime", "time"): lambda v: (v.hour, v.minute, v.second, v.microsecond, v.tzinfo),
    ("datetime", "datetime"): lambda v: (
        v.year, v.month, v.day, v.hour, v.minute, v.second, v.microsecond, v.tzinfo,
    ),
    ("uuid", "UUID"): lambda v: (str(v),),
    ("pathlib", "PosixPath"): lambda v: (str(v),),
    ("pathlib", "PurePosixPath"): lambda v: (str(v),),
}  # fmt: skip
#: How the content of a subclass is read past all that the subclass defines.
_CONTENT: dict[type, Callable[[Any], Any]] = {
    int: int.__pos__,
    float: float.__pos__,
    complex: complex.__pos__,
    str: lambda v: str.__getitem__(v, slice(None)),
    bytes: lambda v: bytes.__getitem__(v, slice(None)),
    tuple: lambda v: tuple.__getitem__(v, slice(None)),
    frozenset: lambda v: frozenset(frozenset.__iter__(v)),
    list: lambda v: list.__getitem__(v, slice(None)),
    dict: dict.copy,
    set: lambda v: set(set.__iter__(v)),
    bytearray: lambda v: bytearray.__getitem__(v, slice(None)),
    deque: lambda v: list(deque.__iter__(v)),
}
_FIXED = (int, float, complex, str, bytes, tuple, frozenset)
_FUNCTIONS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType)
_NAMED = (types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType)
#: What may say that there is no more.
_STEPS = frozenset({"__next__", "send", "throw", "close"})
#: What may change its arguments; comparing may not.
_CHANGING = frozenset({"call", "__setitem__", "__exit__", *_STEPS})
#: Modules that a program could only mean harm with.
_NEVER = frozenset({"__main__", "antigravity", "this", "idlelib", "test", "turtledemo"})
#: Exceptions of these would tell a test runner to look away.
_RUNNERS = frozenset({"unittest", "doctest", "test", "bdb", "_pytest"})


class Broken(BaseException):
    """The other side has gone, or sends what is no message."""


class Beyond(BaseException):
    """The tests hand over something that cannot leave their process."""


class Channel:
    """Messages through a stream socket."""

    def __init__(self, socket: Any, waiting: Callable[[], None] = lambda: None) -> None:
        self._send, self._receive, self._waiting = socket.sendall, socket.recv, waiting
        # Taken now: the program may put others in their place.
        self._encode = json.JSONEncoder(separators=(",", ":")).encode
        self._decode = json.JSONDecoder().decode
        self._most, self._allow = sys.get_int_max_str_digits, sys.set_int_max_str_digits

    def send(self, message: Any) -> None:
        """Send what JSON can say."""
        data = self._freely(self._encode, message).encode()
        try:
            self._send(len(data).to_bytes(8, "little") + data)
        except OSError as error:
            raise Broken from error

    def receive(self) -> Any:
        """Wait for a message."""
        self._waiting()
        size = int.from_bytes(self._exactly(8), "little")
        if size > _MOST:
            raise Broken(_NONSENSE)
        try:
            return self._freely(self._decode, self._exactly(size).decode())
        except (ValueError, RecursionError) as error:
            raise Broken(_NONSENSE) from error

    def _freely(self, convert: Callable[[Any], Any], value: Any) -> Any:
        """Convert with integers of any length, whatever this process allows itself."""
        most = self._most()
        self._allow(0)
        try:
            return convert(value)
        finally:
            self._allow(most)

    def _exactly(self, size: int) -> bytes:
        parts = []
        while size:
            try:
                part = self._receive(min(size, 1 << 20))
            except OSError as error:
                raise Broken from error
            if not part:
                raise Broken
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


class _Writer:
    """Values as a table of nodes; those known to the other side keep their places."""

    def __init__(self, peer: Peer, known: Sequence[Any] = ()) -> None:
        self.objects = list(known)
        self.nodes: list[Any] = [0] * len(self.objects)
        self._peer = peer
        self._index = {id(value): at for at, value in enumerate(self.objects)}
        self._known = len(self.objects)

    def item(self, value: Any) -> Any:
        if type(value) in _INLINE:
            return value
        at = self._index.get(id(value))
        if at is None:
            at = self._index[id(value)] = len(self.objects)
            self.objects.append(value)
        return [at]

    def items(self, values: Iterable[Any]) -> list[Any]:
        values = list(values)
        if _INLINE.issuperset(map(type, values)):
            return values
        return [self.item(value) for value in values]

    def finish(self) -> None:
        """Write every node; of those known already, what can have changed."""
        for at in range(self._known):
            if type(self.objects[at]) in _MUTABLE:
                self.nodes[at] = self._node(self.objects[at])
        while len(self.nodes) < len(self.objects):
            self.nodes.append(self._node(self.objects[len(self.nodes)]))

    def _node(self, value: Any) -> list[Any]:
        kind = type(value)
        if id(value) in self._peer.heavy:
            return self._peer.give(value, self)
        if kind in _MUTABLE:
            return self._container(_MUTABLE[kind], value)
        if kind is tuple or kind is frozenset:
            return [kind.__name__, self.items(value)]
        if kind is bytes:
            return ["bytes", value.hex()]
        handle = self._peer.handles.get(id(value))
        if handle is not None:
            return ["back", handle]
        for name, single in _SINGLE.items():
            if value is single:
                return ["single", name]
        key = (kind.__module__, kind.__name__)
        if key in _VALUES and getattr(sys.modules.get(key[0]), key[1], None) is kind:
            return ["value", *key, self.items(_VALUES[key](value))]
        if kind is type and _is_known(value):
            return ["type", value.__module__, value.__name__]
        if kind is types.ModuleType and _is_library(value):
            return ["module", value.__name__]
        if BaseException in kind.__mro__:
            return self._error(value)
        return self._peer.give(value, self)

    def _container(self, name: str, value: Any) -> list[Any]:
        if name == "bytearray":
            return [name, value.hex()]
        more = {"deque": "maxlen", "defaultdict": "default_factory"}.get(name)
        extra = [self.item(getattr(value, more))] if more else []
        if name in _MAPPINGS:
            return [name, self.items(value.keys()), self.items(value.values()), *extra]
        return [name, self.items(value), *extra]

    def _error(self, error: BaseException) -> list[Any]:
        try:
            text = str(error)
        except BaseException:
            text = "an exception that cannot be shown"
        arguments = error.args if type(error.args) is tuple else ()
        known = {name: self.item(one) for name, one in vars(error).items() if name[:1] != "_"}
        kind = self.item(self._peer.error_class(type(error)))
        return ["error", self._peer.handle(error), kind, self.items(arguments), text, known]


def _is_known(kind: type) -> bool:
    """Tell whether a class is one whose instances are copied, or one of Python's own."""
    name = (kind.__module__, kind.__name__)
    if name[0] == "builtins":
        return getattr(builtins, name[1], None) is kind
    return kind in _MUTABLE or (
        name in _VALUES and getattr(sys.modules.get(name[0]), name[1], None) is kind
    )


def _is_library(module: types.ModuleType) -> bool:
    name = module.__name__
    root = name.partition(".")[0]
    return (
        sys.modules.get(name) is module and root in sys.stdlib_module_names and root not in _NEVER
    )


def _named(value: Any) -> tuple[str, str] | None:
    """Return the module and name of a function of Python's, which the program has as well."""
    if type(value) not in _NAMED:
        return None
    owner = getattr(value, "__objclass__", None)
    module = owner.__module__ if owner is not None else value.__module__
    found: Any = sys.modules.get(str(module))
    if not isinstance(found, types.ModuleType) or not _is_library(found):
        return None
    for name in value.__qualname__.split("."):
        found = getattr(found, name, None)
    return (str(module), value.__qualname__) if found is value else None


def library(name: str) -> types.ModuleType:
    """Import a module of the standard library, and nothing else."""
    root = name.partition(".")[0]
    if root not in sys.stdlib_module_names or root in _NEVER:
        raise ValueError(f"no module to be had: {name}")
    return importlib.import_module(name)


_UNMADE: Any = object()


class _Reader:
    """Values from a table of nodes, which may be anything that JSON can say."""

    def __init__(
        self, peer: Peer, nodes: list[Any], known: Sequence[Any] = (), *, changing: bool = True
    ) -> None:
        self.nodes = nodes
        self._peer = peer
        self.objects = [*known, *[_UNMADE] * (len(nodes) - len(known))]
        shells = [at for at, node in enumerate(nodes) if node != 0 and node[0] in _SHELLS]
        if not changing:
            shells = [at for at in shells if at >= len(known)]
        for at in shells:
            kind = _SHELLS[nodes[at][0]]
            if at >= len(known):
                self.objects[at] = self._shell(nodes[at], kind)
            elif type(self.objects[at]) is not kind:
                raise TypeError("a container became another one")
        for at in range(len(nodes)):
            self._made(at)
        for at in shells:
            self._fill(self.objects[at], nodes[at])

    def item(self, item: Any) -> Any:
        kind = type(item)
        if kind is list:
            return self._made(item[0])
        if kind not in _INLINE:
            raise TypeError("no item")
        return item

    def items(self, items: list[Any]) -> list[Any]:
        if _INLINE.issuperset(map(type, items)):
            return items
        return [self.item(item) for item in items]

    def _made(self, at: int) -> Any:
        if self.objects[at] is _UNMADE:
            self.objects[at] = None  # no immutable value holds itself
            self.objects[at] = self._make(self.nodes[at])
        return self.objects[at]

    def _shell(self, node: list[Any], kind: type) -> Any:
        if kind is deque and node[2] is not None:
            return deque(maxlen=node[2])
        return kind()

    def _fill(self, value: Any, node: list[Any]) -> None:
        if node[0] == "bytearray":
            value[:] = bytes.fromhex(node[1])
        elif node[0] in _MAPPINGS:
            if node[0] == "defaultdict":
                value.default_factory = self.item(node[3])
            keys, values = self.items(node[1]), self.items(node[2])
            dict.clear(value)
            for key, one in zip(keys, values, strict=True):
                value[key] = one
        else:
            items = self.items(node[1])
            value.clear()
            (value.update if node[0] == "set" else value.extend)(items)

    def _make(self, node: list[Any]) -> Any:
        match node:
            case ["tuple", items]:
                return tuple(self.items(items))
            case ["frozenset", items]:
                return frozenset(self.items(items))
            case ["bytes", str(text)]:
                return bytes.fromhex(text)
            case ["back", int(handle)]:
                return self._peer.given[handle]
            case ["single", str(name)]:
                return _SINGLE[name]
            case ["value", str(module), str(name), items] if (module, name) in _VALUES:
                return getattr(importlib.import_module(module), name)(*self.items(items))
            case ["type", str(module), str(name)]:
                return self._type(module, name)
            case ["module", str(name)] if self._peer.takes_modules:
                return library(name)
            case ["named", str(module), str(names)] if self._peer.takes_modules:
                found: Any = library(module)
                for name in names.split("."):
                    found = getattr(found, name)
                return found
            case ["error", int(handle), kind, arguments, str(text), dict(known)]:
                known = {name: self.item(one) for name, one in known.items()}
                error = _error(self.item(kind), tuple(self.items(arguments)), text, known)
                return self._peer.stand_in(handle, lambda: error)
            case ["give", int(handle), *rest]:
                return self._peer.stand_in(handle, lambda: self._peer.take(handle, rest, self))
        raise TypeError("no node")

    def _type(self, module: str, name: str) -> type:
        found = getattr(importlib.import_module(module), name) if module == "builtins" else None
        if (module, name) in _VALUES or (module == "collections" and name in _SHELLS):
            found = getattr(importlib.import_module(module), name)
        if type(found) is not type:
            raise TypeError("no type")
        return found


def _error(kind: Any, arguments: tuple[Any, ...], text: str, known: dict[str, Any]) -> Any:
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        raise TypeError("no exception")
    try:
        error = kind(*arguments)
    except Exception:
        error = kind.__new__(kind)
    error.args = arguments
    for name, value in known.items():
        try:
            setattr(error, name, value)
        except (AttributeError, TypeError):
            continue  # it has a meaning of its own there
    if getattr(kind, "_shown", None) is not None:
        error._shown = text  # type: ignore[attr-defined]
    return error


class Peer:
    """One of two processes that do things for each other.

    Attributes:
        given: Objects of this side that the other has handles of.
        handles: Handles of the other side's objects, by the id of what stands for them here.
        delegated: How often an object of the other side's has decided on plain data of this one.
        beyond: Whether something was to be sent that cannot be.
        forged: How often an object of the other side's said that it equals what it cannot equal.
        heavy: Global containers of the program's that are too large to be copied, by their ids.
        takes_modules: Whether the other side may name modules and functions of Python's.
        namespace: The global names of this side.
        names: Those of them that are the program's data, which is sent again when it has changed.
    """

    def __init__(self, channel: Channel, *, hosts: bool) -> None:
        self.given: list[Any] = []
        self.handles: dict[int, int] = {}
        self.delegated = 0
        self.beyond = False
        self.namespace: dict[str, Any] = {}
        self.names: dict[str, Any] = {}
        self.forged = 0
        self.heavy: set[int] = set()
        self.takes_modules = hosts
        self._channel = channel
        self._hosts = hosts
        self._numbers: dict[int, int] = {}
        self._stand_ins: dict[int, Any] = {}
        self._classes: dict[Any, type] = {}
        self._last: Any = None

    def handle(self, value: Any) -> int:
        """Return the number under which the other side may name an object."""
        at = self._numbers.get(id(value))
        if at is None:
            at = self._numbers[id(value)] = len(self.given)
            self.given.append(value)  # which keeps its id its own
        return at

    def stand_in(self, handle: int, make: Callable[[], Any]) -> Any:
        """Return what stands for an object of the other side's, the same every time."""
        if handle not in self._stand_ins:
            made = self._stand_ins[handle] = make()
            self.handles[id(made)] = handle
        return self._stand_ins[handle]

    def is_theirs(self, value: Any) -> bool:
        """Tell whether something stands for an object of the other side's."""
        return id(value) in self.handles

    def error_class(self, kind: type[BaseException]) -> type:
        """Return a class of exceptions as the other side may have it."""
        if self._hosts or id(kind) in self.handles:
            return kind
        return next(base for base in kind.__mro__ if _is_known(base))

    # What is asked of the other side, and done for it

    def request(self, operation: str, *values: Any) -> Any:
        """Have something done by the other side, and do what it wants done meanwhile."""
        writer = _Writer(self)
        roots = writer.items(values)
        writer.finish()
        self._channel.send(["do", operation, writer.nodes, roots])
        while True:
            message = self._channel.receive()
            try:
                match message:
                    case ["do", str(wanted), list(nodes), list(items)]:
                        reader = _Reader(self, nodes)
                        work = (wanted, reader, reader.items(items))
                    case [("done" | "raised") as how, list(nodes), item, dict(names)]:
                        changing = operation in _CHANGING
                        reader = _Reader(self, nodes, writer.objects, changing=changing)
                        result = reader.item(item)
                        self._renew({name: reader.item(one) for name, one in names.items()})
                        break
                    case _:
                        raise TypeError("no message")
            except (Broken, Beyond, MemoryError):
                raise
            except Exception as error:
                raise Broken(_NONSENSE) from error
            self._serve(*work)
        if how == "done":
            return result
        if not isinstance(result, BaseException):
            raise Broken(_NONSENSE)
        if isinstance(result, StopIteration) and operation not in _STEPS:
            # Let through, it would end whatever loop the tests call the program from.
            raise RuntimeError("the program raised StopIteration") from result
        raise result

    def serve(self) -> str:
        """Do what the other side wants until it wants something that is not a request."""
        while True:
            match self._channel.receive():
                case ["do", operation, nodes, items]:
                    reader = _Reader(self, nodes)
                    self._serve(operation, reader, reader.items(items))
                case other:
                    return str(other)

    def _serve(self, operation: str, reader: _Reader, values: list[Any]) -> None:
        writer = _Writer(self, reader.objects)
        try:
            how, result = "done", self._do(operation, values)
            root = writer.item(result)
            writer.finish()
        except (Broken, Beyond):
            raise
        except BaseException as error:
            how, writer = "raised", _Writer(self, reader.objects)
            root = writer.item(error)
            writer.finish()
        names = self._changed(writer)
        same = [0 if at < len(reader.nodes) and node == reader.nodes[at] else node
                for at, node in enumerate(writer.nodes)]  # fmt: skip
        self._channel.send([how, same, root, names])

    def _do(self, operation: str, values: list[Any]) -> Any:
        if not (self._hosts or id(values[0]) in self._numbers):
            raise Broken(_NONSENSE)  # nobody has given this away
        if operation == "call":
            function, arguments, named = values
            return function(*arguments, **named)
        if operation == "__next__":
            return next(values[0])
        if not self._hosts:
            raise Broken(_NONSENSE)
        if operation == "names":
            return self._read_names(values[0])
        if operation == "getattr":
            return getattr(*values)
        if operation == "setattr":
            return setattr(*values)
        if operation == "delattr":
            return delattr(*values)
        if operation == "isinstance":
            return isinstance(*values)
        if operation == "issubclass":
            return issubclass(*values)
        if operation == "content":
            return _CONTENT[_base(type(values[0]))](values[0])  # type: ignore[index]
        if operation == "copy":
            return importlib.import_module("copy").copy(values[0])
        if operation == "deepcopy":
            return importlib.import_module("copy").deepcopy(values[0])
        if operation in _STEPS:
            return getattr(values[0], operation)(*values[1:])
        return getattr(type(values[0]), operation)(*values)

    def _read_names(self, names: list[str]) -> dict[str, Any]:
        found = {name: self.namespace[name] for name in names if name in self.namespace}
        sized = (*_MUTABLE, bytes, tuple, frozenset)
        heavy = [one for one in found.values() if type(one) in sized and len(one) > _HEAVY]
        self.heavy = set(map(id, heavy))
        data = (*_INLINE, *sized)
        self.names = {
            name: value
            for name, value in found.items()
            if type(value) in data and id(value) not in self.heavy
        }
        self._last = self._written(self.names)
        return found

    def _written(self, names: dict[str, Any]) -> Any:
        writer = _Writer(self)
        roots = writer.items(names.values())
        writer.finish()
        return [writer.nodes, roots]

    def _changed(self, writer: _Writer) -> dict[str, Any]:
        """Return what the tests read of the namespace, where it is no longer what it was."""
        if not self.names:
            return {}
        now = {name: self.namespace.get(name) for name in self.names}
        written = self._written(now)
        if written == self._last:
            return {}
        self._last = written
        items = {name: writer.item(value) for name, value in now.items()}
        writer.finish()
        return items

    def _renew(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            if name in self.names and self.namespace.get(name) is self.names[name]:
                self.namespace[name] = self.names[name] = value

    def read(self, names: list[str]) -> dict[str, Any]:
        """Return what the program calls by these names."""
        self.takes_modules = True
        found = self.request("names", names)
        self.takes_modules = False
        if type(found) is not dict:
            raise Broken(_NONSENSE)
        found = {name: found[name] for name in names if name in found}  # and no others
        self.names = {
            name: value
            for name, value in found.items()
            if not (self.is_theirs(value) or isinstance(value, type | types.ModuleType))
        }
        return found

    # Handles

    def give(self, value: Any, writer: _Writer) -> list[Any]:
        """Describe an object that stays here, so that the other side can have a stand-in."""
        kind = type(value)
        if not self._hosts:
            if (named := _named(value)) is not None:
                return ["named", *named]
            if isinstance(value, _FUNCTIONS) or kind.__name__ == "partial":
                name = str(getattr(value, "__name__", "function"))
                text = getattr(value, "__doc__", None)
                return ["give", self.handle(value), name, text if type(text) is str else None]
            if isinstance(value, Iterator) and not hasattr(value, "read"):
                return ["give", self.handle(value), None, None]
            self.beyond = True
            raise Beyond(kind.__name__)
        handle = self.handle(value)
        if isinstance(value, type) and BaseException in value.__mro__:
            bases = [base for base in value.__bases__ if BaseException in base.__mro__]
            usual: Any = (BaseException.__str__, KeyError.__str__, OSError.__str__)
            shown = value.__str__ not in usual
            library = value.__module__ if value.__module__ in sys.modules else ""
            return [
                "give", handle, "exception", value.__name__, library, shown, writer.items(bases),
            ]  # fmt: skip
        base = _base(kind)
        if base in _FIXED and id(value) not in self.heavy:
            content = writer.item(_CONTENT[base](value))
            overrides = _equality(kind) is not _equality(base)
            return ["give", handle, "content", base.__name__, content, overrides]
        names = [name for name in _FORWARDED if _has(kind, name)]
        if _equality(kind) is not _equality(base or object):
            names.append("__eq__")
        return ["give", handle, "object", base.__name__ if base else None, names]

    def take(self, handle: int, node: list[Any], reader: _Reader) -> Any:
        """Make a stand-in."""
        if self._hosts:
            name, text = node
            return self._callback(handle, name, text) if name is not None else self._pull(handle)
        match node:
            case ["exception", str(name), str(module), bool(shown), list(bases)]:
                return _exception(name, module, shown, reader.items(bases))
            case ["content", str(name), content, bool(overrides)]:
                base = next(kind for kind in _FIXED if kind.__name__ == name)
                value = reader.item(content)
                if type(value) is not base:
                    raise TypeError("no content")
                return _fixed(base, overrides)(self, value)
            case ["object", base, list(names)]:
                return self._stand_in_class(base, names)(self)
        raise TypeError("no handle")

    def _callback(self, handle: int, name: str, text: str | None) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            return self.request("call", self._stand_ins[handle], list(arguments), named)

        call.__name__ = call.__qualname__ = name
        call.__doc__ = text
        return call

    def _pull(self, handle: int) -> Iterator[Any]:
        def pull() -> Iterator[Any]:
            while True:
                try:
                    value = self.request("__next__", self._stand_ins[handle])
                except StopIteration:
                    return
                yield value

        return pull()

    def _stand_in_class(self, base: str | None, names: list[str]) -> type:
        key = (base, *names)
        if key not in self._classes:
            methods = {name: _FORWARDED[name] for name in names if name in _FORWARDED}
            methods["__doc__"] = property(lambda self: _attribute(self, "__doc__"))
            methods["_base"] = next((kind for kind in _CONTENT if kind.__name__ == base), None)
            methods["_compares"] = "__eq__" in names
            if "__hash__" not in names:
                methods["__hash__"] = None
            self._classes[key] = type("object", (Remote,), {"__slots__": (), **methods})
        return self._classes[key]

    def equal(self, one: Any, other: Any) -> bool:
        """Ask an object of the program's whether it equals something, so that it has to know.

        It is asked of other values too, in any order, and has to deny those.
        """
        if one is other or self.is_theirs(other):
            others: list[Any] = [object.__name__, -1, None, [], b"\0"]
        else:
            others = decoys(other)
        at = below(len(others) + 1)
        others.insert(at, other)
        answers = []
        for place, value in enumerate(others):
            try:
                answers.append(self.request("__eq__", one, value) is True)
            except Exception:
                if place == at:
                    raise
                answers.append(False)  # it cannot be compared, so it does not equal it
        # Some equal two things honestly, as a node its value and another node.
        most = 2 if len(others) > 4 else 1
        if answers[at] and sum(answers) > most:
            self.forged += 1
        return answers[at] and sum(answers) <= most


def _equality(kind: type) -> Any:
    return kind.__eq__


def _has(kind: type, name: str) -> bool:
    """Tell whether a class has a special method that is more than what every object has."""
    found = getattr(kind, name, None)
    return found is not None and (name == "__hash__" or found is not getattr(object, name, None))


def _base(kind: type) -> type | None:
    """Return the type of plain data that a class extends."""
    return next((base for base in kind.__mro__ if base in _CONTENT), None)


def _exception(name: str, module: str, shown: bool, bases: list[Any]) -> type:
    """Make a class that tests can catch, like one of the program's or of the standard library."""
    root = module.partition(".")[0]
    if root in sys.stdlib_module_names and root not in _NEVER | _RUNNERS and root != "builtins":
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


# Stand-ins


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
            return self._peer.equal(self, other)
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


def _attribute(value: Any, name: str) -> Any:
    peer: Peer = object.__getattribute__(value, "_peer")
    if name not in _STEPS:
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
_FORWARDED: dict[str, Any] = {
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


def _fixed(base: type, overrides: bool) -> Callable[[Peer, Any], Any]:
    """Make stand-ins for an instance of a class that extends an immutable type: its content."""

    usual: Any = base

    def new(cls: type, peer: Peer, content: Any) -> Any:
        self = usual.__new__(cls, content)
        self._peer = peer
        return self

    def equal(self: Any, other: object) -> Any:
        found = usual.__eq__(self, other)
        if overrides and found is not True:
            return self._peer.equal(self, other)
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


# Other values


def below(most: int) -> int:
    """Return a number that nobody can foretell, from 0 up to but not including another."""
    return int.from_bytes(os.urandom(8), "little") % most


def decoys(value: Any) -> list[Any]:
    """Return values that differ from one, which cannot be told to be their origin.

    Each is altered from one of those before it.
    """
    found = [value]
    different: dict[Any, Any] = {}
    for _ in range(8 * _DECOYS):
        one = altered(found[below(len(found))])
        key = (type(one), repr(one))
        if key not in different and (type(one) is not type(value) or one != value):
            found.append(one)
            different[key] = one
        if len(different) == _DECOYS:
            break
    return list(different.values())


def altered(value: Any, *, far: bool = False) -> Any:
    """Return another value of the same type, or of another one where that has no other.

    Args:
        value: Plain data.
        far: Whether a number is to be far away, beyond any tolerance.
    """
    kind = type(value)
    sign = (-1, 1)[below(2)]
    if kind is bool:
        return not value
    if kind is int:
        return value + sign * ((10**9 + 10 * abs(value)) if far else 1 + below(3))
    if kind is float or kind is complex:
        size = abs(value)
        if not size < float("inf"):
            return kind(0)
        return value + sign * ((1e9 + 10 * size) if far else (1 + below(3)) * max(1.0, size))
    if kind is str:
        return _altered_text(value)
    if kind is bytes or kind is bytearray:
        return kind(_altered_text(value.decode("latin-1")).encode("latin-1", "replace"))
    if kind is list or kind is tuple or kind is deque:
        items = list(value)
        if not items or below(4) == 0:
            items.append(altered(items[-1]) if items else 0)
        else:
            at = below(len(items))
            items[at] = altered(items[at], far=far)
        return kind(items)
    if kind is set or kind is frozenset:
        items = [0]
        while items[0] in value:
            items = [below(1 << 62)]
        return kind([*value, *items])
    if kind in _MUTABLE:
        made = value.copy()
        if made:
            key = list(made)[below(len(made))]
            made[key] = altered(made[key], far=far)
        else:
            made[0] = 1
        return made
    if value is None:
        return (0, "", False, [])[below(4)]
    if kind is range:
        return range(value.start, value.stop + value.step * (1 + below(3)), value.step)
    if kind.__name__ in ("Decimal", "Fraction"):
        return value + (10**9 if far else 1 + below(3))
    return None


def _altered_text(text: str) -> str:
    letters = "bcdfgklmnprstvz"
    at = below(len(text) + 1)
    if at == len(text):
        return text + letters[below(len(letters))]
    old = text[at]
    new = old
    while new.lower() == old.lower():
        new = str(below(10)) if old.isdigit() else letters[below(len(letters))]
    return text[:at] + new + text[at + 1 :]


class Notes:
    """Which assertions of tests have held; see ``_sandbox_tests.altered``."""

    def __init__(self) -> None:
        self.held: set[int] = set()
        self.failed: set[int] = set()

    def names(self) -> dict[str, Any]:
        """Return functions by the names that the tests call them by."""
        return {"__noted__": self._note, "__alter__": lambda value, far: altered(value, far=far)}

    def _note(self, at: int, held: bool) -> None:
        (self.held if held else self.failed).add(at)
