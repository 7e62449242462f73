"""What a kind of plug-in is and which options it has, read from its module and its settings class."""

from __future__ import annotations

import inspect
import json
import shutil
import textwrap
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from isogloss.console import table
from isogloss.plugins import discover, lookup
from isogloss.settings import unknown

_WORDS = {str: "text", int: "integer", float: "number", bool: "true or false"}

# What sources say of themselves besides.
_FACTS = ("LANGUAGES", "LICENCE")


@dataclass(frozen=True)
class Option:
    """An option of a settings class: its name, and in words its type, default and meaning.

    ``default`` says whether it is required, optional, or what it is where it is left out.
    """

    name: str
    kind: str
    default: str
    about: str


def options_of(settings: type[BaseModel]) -> list[Option]:
    """Return the options of a settings class, its own before those that it has from its bases.

    What they mean stands in the docstrings below them, and for a table in that of its class too.
    """
    owners = [base for base in settings.__mro__ if issubclass(base, BaseModel)]

    def distance(name: str) -> int:
        return next(n for n, base in enumerate(owners) if name in inspect.get_annotations(base))

    return [
        Option(
            name,
            _kind(field.annotation),
            _default(field),
            " ".join([_flat(field.description or ""), *_inside(field.annotation)]).strip(),
        )
        for name in sorted(settings.model_fields, key=distance)
        for field in [settings.model_fields[name]]
    ]


def notes_of(settings: type[BaseModel]) -> list[str]:
    """Return the paragraphs of a settings class's docstrings, and its bases', that follow the first."""
    return [
        note
        for base in reversed(settings.__mro__)
        if issubclass(base, BaseModel) and base.model_fields
        for note in _paragraphs(base)[1:]
    ]


def show_all(package: str) -> None:
    """Print a line about each plug-in of a package; of sources, their languages and licences too."""
    found = discover(package)
    labels = [label for label in _FACTS if any(hasattr(one, label) for one in found.values())]
    rows = [
        (name, module.DESCRIPTION, *(str(getattr(module, label, "–")) for label in labels))
        for name, module in found.items()
    ]
    heads = ("name", "description", *(label.lower() for label in labels))
    table(heads, rows, results=True)


def show_one(packages: Mapping[str, str], what: str, name: str) -> None:
    """Print all about a plug-in: what it is, its options, its languages and licence, an example.

    Args:
        packages: The packages of plug-ins, by what they are called.
        what: One of these.
        name: The plug-in's name.

    Raises:
        IsoglossError: There is no such package or plug-in.
    """
    if what not in packages:
        raise unknown("list with more to tell", what, list(packages), where="isogloss list")
    module = lookup(packages[what], name)
    if module is None:
        known = list(discover(packages[what]))
        raise unknown(what.removesuffix("s"), name, known, where="isogloss list")
    print(f"{name}: {module.DESCRIPTION}")
    for label in _FACTS:
        if hasattr(module, label):
            print(f"{label.lower()}: {getattr(module, label)}")
    settings = getattr(module, "Options", None)
    if settings is not None:
        print("\noptions:")
        for one in options_of(settings):
            print(_wrapped(f"{one.name}: {one.kind}; {one.default}", "  "))
            print(_wrapped(one.about, "      "))
        for note in notes_of(settings):
            print(f"\n{_wrapped(note, '  ')}")
    if hasattr(module, "EXAMPLE"):
        print(f"\nexample, for a recipe:\n\n{module.EXAMPLE}", end="")


def _wrapped(text: str, indent: str) -> str:
    width = min(shutil.get_terminal_size((100, 24)).columns, 100)
    # Words are never cut: paths and addresses are to be copied.
    return textwrap.fill(
        text, width, initial_indent=indent, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _inside(annotation: Any) -> list[str]:
    """Return what the docstring of a table's own class says of its keys."""
    if not (inspect.isclass(annotation) and issubclass(annotation, BaseModel)):
        return []
    return _paragraphs(annotation)[1:]


def _paragraphs(settings: type[BaseModel]) -> list[str]:
    return [_flat(part) for part in inspect.cleandoc(settings.__doc__ or "").split("\n\n")]


def _flat(text: str) -> str:
    """Return a docstring's paragraph on one line, without its marks of code."""
    return " ".join(text.replace("``", "").split())


def _kind(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return " or ".join(json.dumps(one) for one in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_kind(one) for one in arguments if one is not type(None))
    if origin is typing.Annotated:
        return _kind(arguments[0])
    if origin in (tuple, list):
        return f"list of {_kind(arguments[0])}"
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return f"table of {', '.join(annotation.model_fields)}"
    return _WORDS.get(annotation, "table")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_none=True)
    # TOML has no null: what is None is left out.
    return "optional" if value is None or value == {} else f"default {_toml(value)}"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(one)}' for key, one in value.items())} }}"
    return json.dumps(value, ensure_ascii=False)
