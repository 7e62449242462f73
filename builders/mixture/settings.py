"""The recipe's tables ``[split]`` and ``[mixture]``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from builders.mixture.quotas import Amount, Division
from isogloss.errors import IsoglossError
from isogloss.languages import canonical
from isogloss.records import SPLITS
from isogloss.settings import Settings, unknown

#: Where a row's text comes from, by its tags.
ORIGINS = ("native", "translated", "synthetic")

#: What the train split is divided by, from the root down: the key, and the index's column.
LEVELS = {"languages": "language", "origins": "origin", "tasks": "task", "sources": "source"}

Times = Annotated[int, Field(ge=1, le=255)]


class Split(Settings):
    """Shares of groups that go to validation and test; the rest is train."""

    test: float = Field(default=0.0, ge=0, lt=1)
    """The share of test."""
    validation: float = Field(default=0.0, ge=0, lt=1)
    """The share of validation."""
    test_rows: int = Field(default=0, ge=0)
    """Where a task's language has fewer rows in test, more of its groups go there, as long as it
    keeps as many rows to train on.
    """
    least_test_rows: int = Field(default=0, ge=0)
    """What still has fewer in test has none: so few rows measure nothing."""

    @model_validator(mode="after")
    def _least_is_no_more(self) -> Split:
        if self.test_rows and self.least_test_rows > self.test_rows:
            raise ValueError("least_test_rows is more than test_rows")
        return self


class Mixture(Settings):
    """How many rows of what there are in a corpus: the recipe's table ``[mixture]``."""

    train: dict[str, Amount] = Field(default_factory=dict)
    """How many rows each (task, language) of the train split may have, by task; 0 is none, and a
    task left out has no cap.
    """
    validation: dict[str, Amount] = Field(default_factory=dict)
    """Likewise."""
    test: dict[str, Amount] = Field(default_factory=dict)
    """Likewise."""
    held_out: tuple[str, ...] = ()
    """Languages that are never trained on, on either side: only the test split has them."""
    unit: Literal["rows", "characters", "tokens"] = "rows"
    """What all amounts below are in: rows, or characters or tokens of the rows' texts."""
    tokenizer: str | None = None
    """What counts tokens: see `builders.mixture.sizes.locate`."""
    budget: int | None = Field(default=None, gt=0)
    """What the train split may have in all, shared by its languages."""
    budget_per_language: int | None = Field(default=None, gt=0)
    """What each language may have of it: adding a language adds rows, and leaves those of the
    others as they are.
    """
    max_epochs: Times = 1
    """To fill a budget, a row is there so often at most."""
    epochs: dict[str, Times] = Field(default_factory=dict)
    """How often each row of a source is there, by source, before any budget."""
    languages: Division = Division()
    """How languages share the train split."""
    origins: Division = Division()
    """How native, translated and synthetic rows share each language's part."""
    tasks: Division = Division()
    """How tasks share each of those."""
    sources: Division = Division()
    """How sources share each of those."""

    @model_validator(mode="after")
    def _every_key_decides_something(self) -> Mixture:
        if (self.unit == "tokens") != (self.tokenizer is not None):
            raise ValueError('unit = "tokens" and a tokenizer need each other')
        if self.budget is not None and self.budget_per_language is not None:
            raise ValueError("give either budget or budget_per_language, not both")
        alone = self.languages.model_copy(update={"caps": {}})
        if self.budget_per_language is not None and not alone.idle:
            raise ValueError(
                "languages: budget_per_language divides them already; only caps may stand there"
            )
        if self.budget is None and self.budget_per_language is None:
            needing = [(kind, getattr(self, kind).needs_budget) for kind in LEVELS]
            keys = [f"{kind}.{key}" for kind, key in needing if key]
            if self.max_epochs > 1:
                keys.insert(0, "max_epochs")
            if keys:
                raise ValueError(
                    f"{keys[0]} decides nothing without a budget, since every row is taken: "
                    "give budget or budget_per_language"
                )
        return self

    @property
    def divides(self) -> bool:
        """Tell whether the train split is divided, not only capped by task and language."""
        budgeted = self.budget is not None or self.budget_per_language is not None
        divided = any(not getattr(self, kind).idle for kind in LEVELS)
        return budgeted or divided or bool(self.epochs)

    @property
    def levels(self) -> list[tuple[str, Division]]:
        """Return the columns that rows are divided by, from the root down, and how."""
        # An origin or a source that nobody wants would only take turns away from groups.
        optional = {
            "origins": not self.origins.idle,
            "sources": not self.sources.idle or bool(self.epochs),
        }
        return [
            (column, getattr(self, kind))
            for kind, column in LEVELS.items()
            if optional.get(kind, True)
        ]


def checked(
    mixture: Mixture,
    languages: Sequence[str],
    tasks: Sequence[str],
    sources: Sequence[str],
    *,
    where: str,
) -> Mixture:
    """Check the names that a mixture uses against the recipe's.

    Returns:
        The mixture with canonical language tags.

    Raises:
        IsoglossError: A language, origin, task or source is unknown, or is no language tag.
    """
    table = mixture.model_dump()
    known = {"languages": languages, "origins": ORIGINS, "tasks": tasks, "sources": sources}
    for split in SPLITS:
        _check(list(table[split]), tasks, "task", f"{where}.{split}")
    _check(list(mixture.epochs), sources, "source", f"{where}.epochs")
    for kind, names in known.items():
        for key, name in getattr(mixture, kind).names():
            place = f"{where}.{kind}.{key}"
            tag = canonical(name, where=place) if kind == "languages" else name
            _check([tag], names, LEVELS[kind], place)
            if tag != name and tag in table[kind][key]:
                raise IsoglossError(f"{tag!r} is named twice", where=place)
            table[kind][key][tag] = table[kind][key].pop(name)
    held = [canonical(tag, where=f"{where}.held_out") for tag in mixture.held_out]
    _check(held, languages, "language", f"{where}.held_out")
    return Mixture.model_validate({**table, "held_out": held})


def _check(names: Sequence[str], known: Sequence[str], kind: str, where: str) -> None:
    for name in names:
        if name not in known:
            raise unknown(kind, name, list(known), where=where)
