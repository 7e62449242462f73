"""The native loop over a batch of texts that `builders.decontamination.index.Index.search` runs in threads.

Importing this imports numba: do so inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from builders.decontamination._folding import Array, Folding
from builders.decontamination._near import Near, nearest, work_for
from builders.decontamination._ngrams import Table, match
from builders.decontamination._tokens import Measure, Texts, room_for, tokenise, weigh, whole_hash
from isogloss.native import native

if TYPE_CHECKING:
    from builders.decontamination.index import Matches


@native
def search(
    texts: Texts,
    low: int,
    high: int,
    known: Array,
    folding: Folding,
    measure: Measure,
    protected: Texts,
    table: Table,
    near: Near,
    most: int,
    found: Matches,
) -> None:
    """Look for protected text in some of the texts.

    Args:
        texts: The texts.
        low: The first to look at.
        high: The one behind the last.
        known: Of each, whether it is known by itself, however short.
        folding: The tables.
        measure: What makes an n-gram.
        protected: The protected texts.
        table: Their n-grams.
        near: Their shingles; those of no text where nothing near is looked for.
        most: No protected text has more shingles than this.
        found: To be filled in.
    """
    room, other, stream = room_for(64, 64), room_for(64, 64), np.empty(64, np.int32)
    work = work_for(near, most)
    for number in range(low, high):
        count, room = tokenise(texts, number, folding, room)
        found.whole[number] = whole_hash(room, count)
        run, other = match(room, count, folding, measure, protected, table, other)
        found.runs[number] = run.runs
        found.begin[number] = run.begin
        found.end[number] = run.end
        found.doc[number] = run.doc
        found.similarity[number] = 0.0
        weight = weigh(room, count, measure)
        # What is near to half an n-gram weighs a quarter at the very least.
        long = weight >= measure.goal or (known[number] and 4 * weight >= measure.goal)
        if near.sizes.size > 0 and long and run.runs == 0:
            doc, similarity, other, stream = nearest(
                room, count, folding, protected, near, work, other, stream
            )
            found.doc[number] = doc
            found.similarity[number] = similarity
