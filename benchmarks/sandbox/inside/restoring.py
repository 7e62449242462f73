"""Python as it was before the program ran."""

from __future__ import annotations

import gc
import importlib
import sys
import types
from typing import Any

_NOTHING = object()


class Kept:
    """Python's modules as they were: what they hold, and their classes and functions."""

    def __init__(self, names: list[str]) -> None:
        for name in names:
            try:
                importlib.import_module(name)
            except ImportError:
                continue  # the tests will say so
        self._modules = dict(sys.modules)
        self._contents = [(one, dict(vars(one))) for one in self._modules.values()]
        self._classes: dict[type, dict[str, Any]] = {}
        self._functions: dict[types.FunctionType, tuple[Any, ...]] = {}
        for _, content in self._contents:
            for value in content.values():
                self._keep(value)
        import threading

        self._hooks = (sys.settrace, sys.setprofile, threading.settrace, threading.setprofile)
        self._filters = list(gc.callbacks)

    def _keep(self, value: Any) -> None:
        if isinstance(value, types.FunctionType):
            self._functions[value] = (value.__code__, value.__defaults__, value.__kwdefaults__)
        elif isinstance(value, type) and value not in self._classes and value.__flags__ & (1 << 9):
            self._classes[value] = dict(value.__dict__)
            for one in self._classes[value].values():
                self._keep(getattr(one, "__func__", getattr(one, "fget", one)))

    def restore(self) -> None:
        """Put everything back, and take away what watches how Python runs."""
        for hook in self._hooks:
            hook(None)
        gc.callbacks[:] = self._filters
        for function, (code, defaults, named) in self._functions.items():
            if function.__code__ is not code:
                function.__code__ = code
            if function.__defaults__ is not defaults:
                function.__defaults__ = defaults
            if function.__kwdefaults__ is not named:
                function.__kwdefaults__ = named
        for kind, content in self._classes.items():
            for name in {*kind.__dict__, *content} - {"__dict__", "__weakref__"}:
                if kind.__dict__.get(name, _NOTHING) is not content.get(name, _NOTHING):
                    try:
                        if name in content:
                            type.__setattr__(kind, name, content[name])
                        else:
                            type.__delattr__(kind, name)
                    except (AttributeError, TypeError):
                        continue  # a class that cannot be changed
        for module, content in self._contents:
            held = vars(module)
            for name in {*held, *content}:
                if name not in content:
                    if not isinstance(held[name], types.ModuleType):  # a part that was imported
                        del held[name]
                elif held.get(name, _NOTHING) is not content[name]:
                    held[name] = content[name]
        sys.modules.update(self._modules)
