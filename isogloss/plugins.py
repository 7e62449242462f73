"""Finding sources, filters, templates, tasks, metrics and model families without a list of them."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from isogloss.errors import IsoglossError


@cache
def discover(package: str) -> dict[str, Any]:
    """Return the plug-ins of a package, by name, in alphabetical order.

    Every module of the package whose name does not begin with an underscore is one, and so is
    every module that an installed distribution names under the entry point group
    ``isogloss.<package>`` (for instance ``isogloss.builders.sources``). A module may set ``NAME``
    where the file name will not do. A module with ``PLUGINS`` is several: each of these objects,
    with a ``NAME`` of its own, defines what a module would.

    Raises:
        IsoglossError: Two plug-ins claim the same name, or an entry point does not import.
    """
    parent = importlib.import_module(package)
    found: dict[str, Any] = {}
    origins: dict[str, str] = {}

    def add(module: ModuleType, default: str) -> None:
        for plugin in getattr(module, "PLUGINS", (module,)):
            name = str(getattr(plugin, "NAME", default))
            if name in found:
                raise IsoglossError(
                    f"{module.__name__} and {origins[name]} both claim the name {name!r}",
                    remedy="Uninstall or rename one of them",
                )
            found[name], origins[name] = plugin, module.__name__

    for info in sorted(pkgutil.iter_modules(parent.__path__), key=lambda item: item.name):
        if not info.name.startswith("_"):
            add(importlib.import_module(f"{package}.{info.name}"), info.name)
    for point in sorted(entry_points(group=f"isogloss.{package}"), key=lambda item: item.name):
        try:
            module = point.load()
        except Exception as error:  # a third party's module may fail in any way at import
            raise IsoglossError(
                f"the entry point {point.name!r} does not load ({error})",
                where=f"isogloss.{package}",
                remedy="Repair or uninstall the package that declares it",
            ) from error
        add(module, point.name)
    return dict(sorted(found.items()))


def lookup(package: str, name: str) -> Any:
    """Return one plug-in of a package, or None where there is none of that name.

    Where the package itself has a module so named (with underscores for dashes), only that is
    imported: others may take long.

    Raises:
        IsoglossError: As `discover`.
    """
    parent = importlib.import_module(package)
    files = {info.name for info in pkgutil.iter_modules(parent.__path__)}
    file = name.replace("-", "_")
    if file.isidentifier() and not file.startswith("_") and file in files:
        module = importlib.import_module(f"{package}.{file}")
        if not hasattr(module, "PLUGINS") and getattr(module, "NAME", name) == name:
            return module
    return discover(package).get(name)
