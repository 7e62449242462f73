"""Values between two processes of the sandbox: plain data by value, all else by handle.

One process runs the program, another one its tests. Neither sees the other's objects: numbers,
texts, containers and some values of the standard library are copied, checked by their exact type;
everything else (a class of the program's, an instance, a generator) stays where it is, and a
*stand-in* takes its place, which sends on what is done with it. So what a test compares is, as a
rule, plain data in a process that the program has never been in.

A request is ``["do", operation, nodes, values]``; what comes back is ``["done" or "raised", nodes,
value, names]``, or another request first: what a call changes in its arguments, and among the names
that the tests know, comes back too. ``channel.py`` and ``nodes.py`` say how.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from .channel import NONSENSE, Beyond, Broken, Channel
from .nodes import Reader, Writer
from .plain import CONTENT, FIXED, INLINE, MUTABLE, base_of, is_known, library_function
from .standins import FORWARDED, STEPS, exception_class, fixed_class, remote_class

#: How many items a container may have that is copied because the tests know its name.
_HEAVY = 1 << 16
_FUNCTIONS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType)
#: What may change its arguments; comparing may not.
_CHANGING = frozenset({"call", "__setitem__", "__exit__", *STEPS})


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
        return next(base for base in kind.__mro__ if is_known(base))

    # Requests

    def request(self, operation: str, *values: Any) -> Any:
        """Have something done by the other side, and do what it wants done meanwhile."""
        writer = Writer(self)
        roots = writer.items(values)
        writer.finish()
        self._channel.send(["do", operation, writer.nodes, roots])
        while True:
            message = self._channel.receive()
            try:
                match message:
                    case ["do", str(wanted), list(nodes), list(items)]:
                        reader = Reader(self, nodes)
                        work = (wanted, reader, reader.items(items))
                    case [("done" | "raised") as how, list(nodes), item, dict(names)]:
                        changing = operation in _CHANGING
                        reader = Reader(self, nodes, writer.objects, changing=changing)
                        result = reader.item(item)
                        self._renew({name: reader.item(one) for name, one in names.items()})
                        break
                    case _:
                        raise TypeError("no message")
            except (Broken, Beyond, MemoryError):
                raise
            except Exception as error:
                raise Broken(NONSENSE) from error
            self._serve(*work)
        if how == "done":
            return result
        if not isinstance(result, BaseException):
            raise Broken(NONSENSE)
        if isinstance(result, StopIteration) and operation not in STEPS:
            # Let through, it would end whatever loop the tests call the program from.
            raise RuntimeError("the program raised StopIteration") from result
        raise result

    def serve(self) -> str:
        """Do what the other side wants until it wants something that is not a request."""
        while True:
            match self._channel.receive():
                case ["do", operation, nodes, items]:
                    reader = Reader(self, nodes)
                    self._serve(operation, reader, reader.items(items))
                case other:
                    return str(other)

    def _serve(self, operation: str, reader: Reader, values: list[Any]) -> None:
        writer = Writer(self, reader.objects)
        try:
            how, result = "done", self._do(operation, values)
            root = writer.item(result)
            writer.finish()
        except (Broken, Beyond):
            raise
        except BaseException as error:
            how, writer = "raised", Writer(self, reader.objects)
            root = writer.item(error)
            writer.finish()
        names = self._changed(writer)
        same = [0 if at < len(reader.nodes) and node == reader.nodes[at] else node
                for at, node in enumerate(writer.nodes)]  # fmt: skip
        self._channel.send([how, same, root, names])

    def _do(self, operation: str, values: list[Any]) -> Any:
        if not (self._hosts or id(values[0]) in self._numbers):
            raise Broken(NONSENSE)  # nobody has given this away
        if operation == "call":
            function, arguments, named = values
            return function(*arguments, **named)
        if operation == "__next__":
            return next(values[0])
        if not self._hosts:
            raise Broken(NONSENSE)
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
            return CONTENT[base_of(type(values[0]))](values[0])  # type: ignore[index]
        if operation == "copy":
            return importlib.import_module("copy").copy(values[0])
        if operation == "deepcopy":
            return importlib.import_module("copy").deepcopy(values[0])
        if operation in STEPS:
            return getattr(values[0], operation)(*values[1:])
        return getattr(type(values[0]), operation)(*values)

    def _read_names(self, names: list[str]) -> dict[str, Any]:
        found = {name: self.namespace[name] for name in names if name in self.namespace}
        sized = (*MUTABLE, bytes, tuple, frozenset)
        heavy = [one for one in found.values() if type(one) in sized and len(one) > _HEAVY]
        self.heavy = set(map(id, heavy))
        data = (*INLINE, *sized)
        self.names = {
            name: value
            for name, value in found.items()
            if type(value) in data and id(value) not in self.heavy
        }
        self._last = self._written(self.names)
        return found

    def _written(self, names: dict[str, Any]) -> Any:
        writer = Writer(self)
        roots = writer.items(names.values())
        writer.finish()
        return [writer.nodes, roots]

    def _changed(self, writer: Writer) -> dict[str, Any]:
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
            raise Broken(NONSENSE)
        found = {name: found[name] for name in names if name in found}  # and no others
        self.names = {
            name: value
            for name, value in found.items()
            if not (self.is_theirs(value) or isinstance(value, type | types.ModuleType))
        }
        return found

    # Handles

    def give(self, value: Any, writer: Writer) -> list[Any]:
        """Describe an object that stays here, so that the other side can have a stand-in."""
        kind = type(value)
        if not self._hosts:
            if (known := library_function(value)) is not None:
                return ["named", *known]
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
        base = base_of(kind)
        if base in FIXED and id(value) not in self.heavy:
            content = writer.item(CONTENT[base](value))
            overrides = _equality(kind) is not _equality(base)
            return ["give", handle, "content", base.__name__, content, overrides]
        names = [name for name in FORWARDED if _has(kind, name)]
        if _equality(kind) is not _equality(base or object):
            names.append("__eq__")
        return ["give", handle, "object", base.__name__ if base else None, names]

    def take(self, handle: int, node: list[Any], reader: Reader) -> Any:
        """Make a stand-in."""
        if self._hosts:
            name, text = node
            return self._callback(handle, name, text) if name is not None else self._pull(handle)
        match node:
            case ["exception", str(name), str(module), bool(shown), list(bases)]:
                return exception_class(name, module, shown, reader.items(bases))
            case ["content", str(name), content, bool(overrides)]:
                base = next(kind for kind in FIXED if kind.__name__ == name)
                value = reader.item(content)
                if type(value) is not base:
                    raise TypeError("no content")
                return fixed_class(base, overrides)(self, value)
            case ["object", base, list(names)]:
                return remote_class(base, tuple(names))(self)
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


def _equality(kind: type) -> Any:
    return kind.__eq__


def _has(kind: type, name: str) -> bool:
    """Tell whether a class has a special method that is more than what every object has."""
    found = getattr(kind, name, None)
    return found is not None and (name == "__hash__" or found is not getattr(object, name, None))
