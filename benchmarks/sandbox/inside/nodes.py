"""Values as a table of nodes, which name each other by index: what a message holds.

Depth, sharing and cycles come through. Every node is checked when it is read: it may be anything
that JSON can say.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .plain import INLINE, MAPPINGS, MUTABLE, SHELLS, SINGLE, VALUES, is_known, is_library, library

if TYPE_CHECKING:
    from .peer import Peer

_UNMADE: Any = object()


class Writer:
    """Values as a table of nodes; those known to the other side keep their places."""

    def __init__(self, peer: Peer, known: Sequence[Any] = ()) -> None:
        self.objects = list(known)
        self.nodes: list[Any] = [0] * len(self.objects)
        self._peer = peer
        self._index = {id(value): at for at, value in enumerate(self.objects)}
        self._known = len(self.objects)

    def item(self, value: Any) -> Any:
        """Return what stands for a value in a node: itself, or the place of its own node."""
        if type(value) in INLINE:
            return value
        at = self._index.get(id(value))
        if at is None:
            at = self._index[id(value)] = len(self.objects)
            self.objects.append(value)
        return [at]

    def items(self, values: Iterable[Any]) -> list[Any]:
        """Return what stands for values."""
        values = list(values)
        if INLINE.issuperset(map(type, values)):
            return values
        return [self.item(value) for value in values]

    def finish(self) -> None:
        """Write every node; of those known already, what can have changed."""
        for at in range(self._known):
            if type(self.objects[at]) in MUTABLE:
                self.nodes[at] = self._node(self.objects[at])
        while len(self.nodes) < len(self.objects):
            self.nodes.append(self._node(self.objects[len(self.nodes)]))

    def _node(self, value: Any) -> list[Any]:
        kind = type(value)
        if id(value) in self._peer.heavy:
            return self._peer.give(value, self)
        if kind in MUTABLE:
            return self._container(MUTABLE[kind], value)
        if kind is tuple or kind is frozenset:
            return [kind.__name__, self.items(value)]
        if kind is bytes:
            return ["bytes", value.hex()]
        handle = self._peer.handles.get(id(value))
        if handle is not None:
            return ["back", handle]
        for name, single in SINGLE.items():
            if value is single:
                return ["single", name]
        key = (kind.__module__, kind.__name__)
        if key in VALUES and getattr(sys.modules.get(key[0]), key[1], None) is kind:
            return ["value", *key, self.items(VALUES[key](value))]
        if kind is type and is_known(value):
            return ["type", value.__module__, value.__name__]
        if kind is types.ModuleType and is_library(value):
            return ["module", value.__name__]
        if BaseException in kind.__mro__:
            return self._error(value)
        return self._peer.give(value, self)

    def _container(self, name: str, value: Any) -> list[Any]:
        if name == "bytearray":
            return [name, value.hex()]
        more = {"deque": "maxlen", "defaultdict": "default_factory"}.get(name)
        extra = [self.item(getattr(value, more))] if more else []
        if name in MAPPINGS:
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


class Reader:
    """Values from a table of nodes, which may be anything that JSON can say."""

    def __init__(
        self, peer: Peer, nodes: list[Any], known: Sequence[Any] = (), *, changing: bool = True
    ) -> None:
        self.nodes = nodes
        self._peer = peer
        self.objects = [*known, *[_UNMADE] * (len(nodes) - len(known))]
        shells = [at for at, node in enumerate(nodes) if node != 0 and node[0] in SHELLS]
        if not changing:
            shells = [at for at in shells if at >= len(known)]
        for at in shells:
            kind = SHELLS[nodes[at][0]]
            if at >= len(known):
                self.objects[at] = self._shell(nodes[at], kind)
            elif type(self.objects[at]) is not kind:
                raise TypeError("a container became another one")
        for at in reversed(range(len(nodes))):  # what a value holds comes after it, as a rule
            self._made(at)
        for at in shells:
            self._fill(self.objects[at], nodes[at])

    def item(self, item: Any) -> Any:
        """Return the value that something in a node stands for."""
        kind = type(item)
        if kind is list:
            return self._made(item[0])
        if kind not in INLINE:
            raise TypeError("no item")
        return item

    def items(self, items: list[Any]) -> list[Any]:
        """Return the values that items stand for."""
        if INLINE.issuperset(map(type, items)):
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
        elif node[0] in MAPPINGS:
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
                return SINGLE[name]
            case ["value", str(module), str(name), items] if (module, name) in VALUES:
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
        if (module, name) in VALUES or (module == "collections" and name in SHELLS):
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
