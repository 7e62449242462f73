"""Plain data: what is copied from one process of the sandbox to another, by its exact type."""

from __future__ import annotations

import builtins
import importlib
import sys
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any

INLINE = frozenset({type(None), bool, int, float, str})
SHELLS: dict[str, type] = {
    "list": list, "dict": dict, "set": set, "bytearray": bytearray, "deque": deque,
    "OrderedDict": OrderedDict, "Counter": Counter, "defaultdict": defaultdict,
}  # fmt: skip
MUTABLE = {kind: name for name, kind in SHELLS.items()}
MAPPINGS = frozenset({"dict", "OrderedDict", "Counter", "defaultdict"})
SINGLE = {"Ellipsis": Ellipsis, "NotImplemented": NotImplemented}
#: Immutable values of the standard library, by module and class, and what they are made from.
VALUES: dict[tuple[str, str], Callable[[Any], tuple[Any, ...]]] = {
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
CONTENT: dict[type, Callable[[Any], Any]] = {
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
FIXED = (int, float, complex, str, bytes, tuple, frozenset)
_NAMED = (types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType)
#: Modules that a program could only mean harm with.
NEVER = frozenset({"__main__", "antigravity", "this", "idlelib", "test", "turtledemo"})


def is_known(kind: type) -> bool:
    """Tell whether a class is one whose instances are copied, or one of Python's own."""
    name = (kind.__module__, kind.__name__)
    if name[0] == "builtins":
        return getattr(builtins, name[1], None) is kind
    return kind in MUTABLE or (
        name in VALUES and getattr(sys.modules.get(name[0]), name[1], None) is kind
    )


def is_harmless(name: str) -> bool:
    """Tell whether a module, by its full name, is of the standard library, and does nothing by itself."""
    parts = name.split(".")
    return parts[0] in sys.stdlib_module_names and NEVER.isdisjoint(parts)


def is_library(module: types.ModuleType) -> bool:
    """Tell whether a module is one of the standard library's."""
    return sys.modules.get(module.__name__) is module and is_harmless(module.__name__)


def library_function(value: Any) -> tuple[str, str] | None:
    """Return the module and name of a function of Python's, which the program has as well."""
    if type(value) not in _NAMED:
        return None
    owner = getattr(value, "__objclass__", None)
    module = owner.__module__ if owner is not None else value.__module__
    found: Any = sys.modules.get(str(module))
    if not isinstance(found, types.ModuleType) or not is_library(found):
        return None
    for name in value.__qualname__.split("."):
        found = getattr(found, name, None)
    return (str(module), value.__qualname__) if found is value else None


def library(name: str) -> types.ModuleType:
    """Import a module of the standard library, and nothing else."""
    if not is_harmless(name):
        raise ValueError(f"no module to be had: {name}")
    return importlib.import_module(name)


def base_of(kind: type) -> type | None:
    """Return the type of plain data that a class extends."""
    return next((base for base in kind.__mro__ if base in CONTENT), None)
