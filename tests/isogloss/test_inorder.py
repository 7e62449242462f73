"""Several at once, in order; and an end to it where something goes wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from isogloss.inorder import in_order


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_items_order(workers: int) -> None:
    def slowest_first(number: int) -> int:
        time.sleep((20 - number) / 2000)
        return number

    assert list(in_order(slowest_first, range(20), workers)) == list(range(20))


def test_no_more_items_are_taken_than_are_made_and_one_that_waits() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    made = in_order(lambda number: number, items(), 2)
    assert next(made) == 0
    assert taken == [0, 1, 2]
    made.close()
    assert taken == [0, 1, 2]


def test_what_waits_is_never_begun_where_one_fails() -> None:
    begun = []

    def function(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise ValueError("the first fails")

    with pytest.raises(ValueError, match="the first fails"):
        list(in_order(function, range(10), 2))
    assert set(begun) <= {0, 1, 2}
