"""How a whole is divided: exact integers that only grow as the whole grows.

The whole is divided by a tree: first by language, then each language's part by origin, by task and
by source. At each of these, a part gets in proportion to its weight, by the divisor method of
Jefferson (d'Hondt): units are given one by one, each to the part with the highest
``weight / (units it has + 1)``. So a larger whole never gives a part less, as the method of the
largest remainder may (the Alabama paradox), and nested budgets give nested corpora. Minima and
maxima keep that property (Balinski & Young 2001, Fair Representation).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Annotated, Literal

from pydantic import Field, model_validator

from isogloss.settings import Settings

Amount = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(gt=0, allow_inf_nan=False)]

#: Names of parts from the root down: the language, then the origin, task and source.
Path = tuple[str, ...]


class Division(Settings):
    """How the parts of one kind (languages, origins, tasks or sources) share what there is.

    A part's weight is ``weights[it] × min(size, size_limit) ^ (1 / temperature)``. A temperature of
    1 is in proportion to size, and higher ones favour the small: Arivazhagan et al. 2019
    (arXiv:1907.05019, T = 5), Conneau et al. 2020 (arXiv:1911.02116, α = 1/T = 0.3), Raffel et al.
    2020 (arXiv:1910.10683, section 3.5.2, with an artificial limit on sizes).
    """

    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)] | Literal["uniform"] = 1.0
    """The T above, or ``uniform`` for one that is infinite."""
    size_limit: int | None = Field(default=None, gt=0)
    """What a size counts as at most."""
    weights: dict[str, Weight] = Field(default_factory=dict)
    """Factors, 1 where not named."""
    shares: dict[str, Share] = Field(default_factory=dict)
    """The named part is that share of the whole, and never more. Where it is too small, the parts
    not named get the rest; where those are too small, the whole shrinks.
    """
    caps: Amount | dict[str, Amount] = Field(default_factory=dict)
    """The most that a part gets; a number holds for each of them."""
    floors: Amount | dict[str, Amount] = Field(default_factory=dict)
    """The least that a part gets where it has so much, before the rest is shared."""

    @model_validator(mode="after")
    def _shares_leave_the_rest_alone(self) -> Division:
        if sum(_exact(share) for share in self.shares.values()) > 1:
            raise ValueError("the shares are more than 1 together")
        for key in ("weights", "floors"):
            given = getattr(self, key)
            both = sorted(set(self.shares) & set(given if isinstance(given, dict) else ()))
            if both:
                raise ValueError(f"{both[0]!r} has a share; leave it out of {key}")
        return self

    @property
    def idle(self) -> bool:
        """Tell whether there is no rule: in proportion to size, without bounds."""
        return self == Division()

    @property
    def needs_budget(self) -> str | None:
        """Return a key that decides nothing where all there is is taken anyway."""
        for key in ("temperature", "size_limit", "weights", "floors"):
            if getattr(self, key) != getattr(Division(), key):
                return key
        return None

    def names(self) -> list[tuple[str, str]]:
        """Return every name it uses, with its key."""
        found = []
        for key in ("weights", "shares", "caps", "floors"):
            given = getattr(self, key)
            found += [(key, name) for name in given] if isinstance(given, dict) else []
        return found

    def bound(self, key: str, name: str) -> int | None:
        """Return the cap or floor of a part; None where it has none."""
        given: int | dict[str, int] = getattr(self, key)
        return given.get(name) if isinstance(given, dict) else given

    def weight(self, name: str, size: int) -> Fraction:
        """Return a part's weight: exact, so that every machine divides alike."""
        counted = min(size, self.size_limit or size)
        factor = _exact(self.weights.get(name, 1.0))
        if self.temperature == "uniform":
            return factor
        if self.temperature == 1:
            return factor * counted
        # Nine digits are the same whatever the machine's pow() does with the last bits.
        return factor * Fraction(Decimal(f"{counted ** (1 / self.temperature):.9g}"))


def _exact(number: float) -> Fraction:
    """Return the decimal that was written: 0.1 is a tenth."""
    return Fraction(str(number))


@dataclass(frozen=True)
class Leaf:
    """Rows that are chosen from in one fixed order.

    Attributes:
        size: Of all of them, once: what proportions go by.
        room: The most that can be taken: as often as each may be there.
    """

    size: int
    room: int


def allot(
    leaves: Mapping[Path, Leaf], levels: Sequence[Division], budget: int | None
) -> dict[Path, int]:
    """Divide a budget among leaves.

    Args:
        leaves: By path; each path has a name for each level.
        levels: How each level is divided, from the root down.
        budget: The whole, or None for all that the levels' shares and caps allow.

    Returns:
        What each leaf gets, at most its room. For the same leaves and levels, a larger budget gives
        none of them less.
    """
    root = _grown({path: leaf for path, leaf in leaves.items() if leaf.size}, levels, ())
    quotas = dict.fromkeys(leaves, 0)
    if isinstance(root, _Node):
        root.give(root.room if budget is None else min(budget, root.room), quotas)
    return quotas


@dataclass
class _Node:
    path: Path
    rules: Division
    parts: dict[str, _Node | Leaf] = field(default_factory=dict)

    @cached_property
    def size(self) -> int:
        return sum(part.size for part in self.parts.values())

    @cached_property
    def rooms(self) -> dict[str, int]:
        caps = {name: self.rules.bound("caps", name) for name in self.parts}
        return {
            name: part.room if caps[name] is None else min(part.room, caps[name] or 0)
            for name, part in self.parts.items()
        }

    @cached_property
    def room(self) -> int:
        """The most that it takes: with shares, the largest whole that keeps them."""
        most, rest = sum(self.rooms.values()), sum(self.rooms[name] for name in self._unnamed)
        if not self.rules.shares:
            return most
        low, high = 0, most
        while low < high:
            middle = (low + high + 1) // 2
            fits = middle - sum(self._named(middle).values()) <= rest
            low, high = (middle, high) if fits else (low, middle - 1)
        return low

    @cached_property
    def _unnamed(self) -> list[str]:
        return [name for name in self.parts if name not in self.rules.shares]

    def _named(self, whole: int) -> dict[str, int]:
        """Return what those with shares get of a whole."""
        shares = {name: _exact(share) for name, share in self.rules.shares.items() if share}
        left = 1 - sum(shares.values())
        weights = [*shares.values(), *([left] if left else [])]
        targets = apportion(whole, weights, [whole] * len(weights))
        return {
            name: min(target, self.rooms.get(name, 0))
            for name, target in zip(shares, targets[: len(shares)], strict=True)
        }

    def give(self, whole: int, quotas: dict[Path, int]) -> None:
        """Divide a whole, at most ``room``, down to the leaves."""
        given = self._named(whole) if self.rules.shares else {}
        rest = self._unnamed
        parts = apportion(
            whole - sum(given.values()),
            [self.rules.weight(name, self.parts[name].size) for name in rest],
            [self.rooms[name] for name in rest],
            [self.rules.bound("floors", name) or 0 for name in rest],
        )
        given |= dict(zip(rest, parts, strict=True))
        for name, part in self.parts.items():
            if isinstance(part, _Node):
                part.give(given.get(name, 0), quotas)
            else:
                quotas[*self.path, name] = given.get(name, 0)


def _grown(leaves: Mapping[Path, Leaf], levels: Sequence[Division], path: Path) -> _Node | Leaf:
    """Make the tree of some leaves; the parts are in the order of their names."""
    depth = len(path)
    if depth == len(levels):
        return leaves[path]
    node = _Node(path, levels[depth])
    below: dict[str, dict[Path, Leaf]] = {}
    for one, leaf in sorted(leaves.items()):
        below.setdefault(one[depth], {})[one] = leaf
    node.parts = {name: _grown(some, levels, (*path, name)) for name, some in below.items()}
    return node


def apportion(
    whole: int,
    weights: Sequence[Fraction | int],
    rooms: Sequence[int],
    floors: Sequence[int] | None = None,
) -> list[int]:
    """Divide a whole in proportion to weights, within bounds, by Jefferson's method.

    What a part has no room for goes to the others in proportion to their weights. Where the whole
    is less than the floors together, it is divided in proportion to weights up to those.

    Args:
        whole: Units to divide.
        weights: Positive; equal quotients are served in this order.
        rooms: The most that each takes.
        floors: The least that each gets (its room where that is less).

    Returns:
        Units of each: together the whole, or the rooms where those are less. A larger whole gives
        no part less.
    """
    least = [min(*both) for both in zip(floors or [0] * len(rooms), rooms, strict=True)]
    most = list(rooms)
    if whole < sum(least):
        least, most = [0] * len(rooms), least
    if whole >= sum(most):
        return most
    scale = lcm(*(Fraction(weight).denominator for weight in weights))
    exact = [int(weight * scale) for weight in weights]
    largest = max(exact)

    def at(time: int) -> list[int]:
        """Return what all have when quotients down to ``largest / time`` are served."""
        bounds = zip(exact, least, most, strict=True)
        return [min(high, max(low, time * weight // largest)) for weight, low, high in bounds]

    # Without bounds it would be here or just after.
    before = whole * largest // sum(exact)
    if sum(at(before)) > whole:
        before = 0
    after, step = before + 1, 1
    while sum(at(after)) <= whole:
        before, after, step = after, after + 2 * step, 2 * step
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if sum(at(middle)) <= whole else (before, middle)
    units, later = at(before), at(after)
    # From one time to the next, each gets one unit more at most, and all together too many.
    risers = [index for index in range(len(units)) if later[index] > units[index]]
    risers.sort(key=lambda index: (Fraction(units[index] + 1, exact[index]), index))
    for index in risers[: whole - sum(units)]:
        units[index] += 1
    return units
