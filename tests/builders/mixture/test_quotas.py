"""Quotas: exact, and never less of a larger whole."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.mixture.quotas import Division, Leaf, allot, apportion

PARTS = st.lists(
    st.tuples(
        st.fractions(min_value=Fraction(1, 1000), max_value=1000),
        st.integers(0, 60),
        st.integers(0, 60),
    ),
    min_size=1,
    max_size=7,
)


@given(PARTS, st.integers(0, 300))
@settings(deadline=None)
def test_a_larger_whole_gives_no_part_less(
    parts: list[tuple[Fraction, int, int]], whole: int
) -> None:
    weights, rooms, floors = map(list, zip(*parts, strict=True))
    small, large = (apportion(total, weights, rooms, floors) for total in (whole, whole + 1))
    assert sum(small) == min(whole, sum(rooms))
    assert all(0 <= one <= room for one, room in zip(small, rooms, strict=True))
    assert all(before <= after for before, after in zip(small, large, strict=True))
    if whole >= sum(map(min, floors, rooms)):
        assert all(map(lambda one, *least: one >= min(least), small, floors, rooms))


@given(PARTS, st.integers(0, 300))
@settings(max_examples=50, deadline=None)
def test_units_go_to_the_highest_quotient(
    parts: list[tuple[Fraction, int, int]], whole: int
) -> None:
    weights, rooms, _ = map(list, zip(*parts, strict=True))
    units = [0] * len(parts)
    for _ in range(min(whole, sum(rooms))):
        free = [n for n in range(len(parts)) if units[n] < rooms[n]]
        units[max(free, key=lambda n: (weights[n] / (units[n] + 1), -n))] += 1
    assert apportion(whole, weights, rooms) == units


def test_billions_of_tokens_are_divided_at_once() -> None:
    weights = [Fraction(n, 7) for n in range(1, 400)]
    units = apportion(10**12, weights, [4 * 10**9] * len(weights))
    assert sum(units) == 10**12
    assert max(units) == 4 * 10**9


DIVISIONS = st.builds(
    lambda temperature, part, cap, floor: Division.model_validate(
        {"temperature": temperature, "shares": part, "caps": cap, "floors": floor}
    ),
    st.sampled_from([1.0, 3.3, "uniform"]),
    st.sampled_from([{}, {"x": 0.1}, {"x": 0.25, "y": 0.4}, {"x": 0.5, "y": 0.5}, {"z": 0.0}]),
    st.sampled_from([{}, 9, {"x": 4}]),
    st.sampled_from([{}, {"w": 3}]),
)
LEAVES = st.dictionaries(
    st.tuples(st.sampled_from("wxyz"), st.sampled_from("wxyz")),
    st.builds(lambda size, times: Leaf(size, size * times), st.integers(0, 30), st.integers(1, 3)),
    min_size=1,
)


@given(LEAVES, st.tuples(DIVISIONS, DIVISIONS), st.integers(0, 200))
@settings(deadline=None)
def test_every_quota_grows_with_the_budget_whatever_the_rules(
    leaves: dict[tuple[str, ...], Leaf], levels: tuple[Division, ...], budget: int
) -> None:
    small, large = (allot(leaves, levels, total) for total in (budget, budget + 1))
    most = allot(leaves, levels, None)
    assert all(small[path] <= large[path] <= leaf.room for path, leaf in leaves.items())
    assert sum(small.values()) == min(budget, sum(most.values()))
    for name, share in levels[0].shares.items():
        part = sum(quota for path, quota in small.items() if path[0] == name)
        # Jefferson's method may pass a quota by less than a unit for each other part.
        assert part <= share * sum(small.values()) + len(levels[0].shares)


@pytest.mark.parametrize(
    ("rules", "sizes", "budget", "expected"),
    [
        ({}, (900, 100), 100, (90, 10)),
        ({"temperature": 2}, (900, 100), 100, (75, 25)),
        ({"temperature": "uniform"}, (900, 100), 100, (50, 50)),
        ({"size_limit": 300}, (900, 100), 100, (75, 25)),
        ({"weights": {"y": 3}}, (900, 100), 100, (75, 25)),
        ({"caps": 60}, (900, 100), 100, (60, 40)),
        ({"floors": {"y": 30}}, (900, 100), 100, (70, 30)),
        ({"temperature": "uniform"}, (900, 20), 100, (80, 20)),
        ({"shares": {"y": 0.2}}, (900, 100), 100, (80, 20)),
        ({"shares": {"y": 0.2}}, (900, 100), None, (900, 100)),
        ({"shares": {"y": 0.2}}, (900, 300), None, (900, 225)),
        ({"shares": {"y": 0.2}}, (40, 300), 100, (40, 10)),
        ({"shares": {"x": 0.5, "y": 0.5}}, (900, 100), 100, (50, 50)),
        ({"shares": {"x": 0.5, "y": 0.5}}, (900, 100), None, (101, 100)),
        ({"shares": {"y": 0}}, (900, 100), None, (900, 0)),
        ({"shares": {"z": 0.5}}, (900, 100), 100, (90, 10)),
    ],
)
def test_the_rules_of_a_division(
    rules: dict[str, Any],
    sizes: tuple[int, int],
    budget: int | None,
    expected: tuple[int, int],
) -> None:
    leaves = {(name,): Leaf(size, size) for name, size in zip("xy", sizes, strict=True)}
    given_to = allot(leaves, [Division.model_validate(rules)], budget)
    assert (given_to["x",], given_to["y",]) == expected
