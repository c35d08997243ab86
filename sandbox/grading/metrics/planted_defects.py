"""Planted defects that were found, as F1 for each of them, with a price on false alarms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.grading.pairs import Pair, number
from sandbox.grading.sums import Sums
from sandbox.grading.verdict import Measure

NONE = "none"

Floats = NDArray[Any]
Defect = tuple[str, str, str]  # table, column, fault


def planted_defects(pairs: Sequence[Pair]) -> Measure:
    """How well the rows of each planted defect were found, in per cent.

    A defect is a fault in a column of a table; it has a set of rows. For each that is planted,

        F1 = 2 × right / (rows planted + rows named)

    which is the harmonic mean of precision and recall (van Rijsbergen, "Information Retrieval",
    1979), and

        score = 100 × mean of F1 over the planted defects × right / (right + stray)

    where right are all rows named rightly, and stray those named for a defect that is planted
    nowhere. The mean is scikit-learn's f1_score with average="macro" and the planted defects as
    labels, computed from sums so that it can be resampled; a test holds the two equal. A better
    answer never scores lower. Nothing named scores 0. The same defect named in each of R records
    scores 100 × 2n / (n + T) / D × n / (n + R − T), for n rows that have it, T rows in its table
    and D planted defects: below 0.1 where one row in fifty is planted, and 0 if it is nowhere.

    Truth columns: table_name, column_name, fault (`none`: nothing is planted). Answer columns:
    column_name, fault (blank counts as none). Only records in which something is planted or named
    are resampled: the others add nothing, and a quotient does not change with their number.
    """
    every = [(_planted(pair), _named(pair)) for pair in pairs]
    kept = [place for place, (true, given) in enumerate(every) if true or given]
    told = [every[place] for place in kept]
    defects = sorted({true for true, _ in told if true})
    places = {defect: place for place, defect in enumerate(defects)}
    named = sum(1 for _, given in told if given)
    planted = sum(1 for true, _ in told if true)
    right = sum(1 for true, given in told if given and given == true)
    sums = Sums(_rows(told, places), lambda summed: _score(summed, len(defects)), places=kept)
    return Measure(
        rows=len(pairs),
        ungated=float(sums.score(sums.rows.sum(axis=0))),
        sums=sums,
        details={
            "defects": number("planted defects", "innlagte feil", len(defects)),
            "named": number("rows named", "rader meldt", named),
            "right": number("rows named rightly", "rader meldt riktig", right),
            "missed": number("rows missed", "rader oversett", planted - right),
            "false_alarms": number("false alarms", "falske alarmer", named - right),
            "stray": number(
                "of these for a defect that is planted nowhere",
                "av disse for en feil som ikke er lagt inn noe sted",
                sum(1 for _, given in told if given and given not in places),
            ),
        },
    )


def _planted(pair: Pair) -> Defect | None:
    truth = pair.truth
    if truth["fault"] == NONE:
        return None
    return truth["table_name"], truth["column_name"], truth["fault"]


def _named(pair: Pair) -> Defect | None:
    fault, column = pair.given["fault"], pair.given["column_name"]
    if fault in (None, NONE):
        return None
    return pair.truth["table_name"], str(column or ""), str(fault)


def _rows(told: Sequence[tuple[Defect | None, Defect | None]], places: dict[Defect, int]) -> Floats:
    """For each record: by defect, if it was named rightly; by defect, planted + named; stray."""
    count = len(places)
    rows = np.zeros((len(told), 2 * count + 1))
    for row, (true, given) in zip(rows, told, strict=True):
        if given and given == true:
            row[places[given]] = 1
        if true:
            row[count + places[true]] += 1
        if given:
            row[count + places[given] if given in places else -1] += 1
    return rows


def _score(sums: Floats, defects: int) -> Floats:
    right, rows, stray = sums[..., :defects], sums[..., defects:-1], sums[..., -1]
    mean = (2 * right / np.maximum(rows, 1)).sum(axis=-1) / max(defects, 1)
    found = right.sum(axis=-1)
    return np.asarray(100 * mean * found / np.maximum(found + stray, 1))
