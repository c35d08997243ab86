"""A metric's measure, completed with what chance makes of it and with a row for each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sandbox.grading.pairs import Metric, Pair
from sandbox.grading.sums import Sums
from sandbox.grading.verdict import Gap, Measure, band_of


def measured(metric: Metric, pairs: Sequence[Pair], seed: bytes) -> Measure:
    """What the metric says of the pairs, its interval, its tie band, its groups and their gap.

    An interval that the metric gives stands; otherwise it is a bootstrap of the metric's `sums`,
    with resamples drawn from `seed`. Groups are named by the truth's column `group`, if it has one.
    """
    found = metric(pairs)
    chances = _interval(found, seed) | _groups(metric, pairs, found.sums, seed)
    return found.model_copy(update=chances | {"sums": None})


def _interval(found: Measure, seed: bytes) -> dict[str, Any]:
    low, high = found.low, found.high
    if low is None and high is None and found.sums is not None and found.rows:
        from sandbox.grading import chance  # loads SciPy, which not every metric needs

        low, high = chance.interval(found.sums, seed)
    if low is None or high is None:
        return {}
    return {"low": low, "high": high, "band": band_of(low, high)}


def _groups(
    metric: Metric, pairs: Sequence[Pair], sums: Sums | None, seed: bytes
) -> dict[str, Any]:
    members: dict[str, list[int]] = {}
    for place, pair in enumerate(pairs):
        if group := pair.truth.get("group"):
            members.setdefault(group, []).append(place)
    if not members:
        return {}
    named = sorted(members)
    scores = {g: metric([pairs[place] for place in members[g]]).ungated for g in named}
    return {
        "groups": scores,
        "group_rows": {g: len(members[g]) for g in named},
        "gap": _gap(scores, members, sums, seed) if len(named) > 1 else None,
    }


def _gap(
    scores: dict[str, float], members: dict[str, list[int]], sums: Sums | None, seed: bytes
) -> Gap:
    if sums is None:
        return Gap(value=max(scores.values()) - min(scores.values()))
    from sandbox.grading import chance

    grouped = {place: group for group, places in members.items() for place in places}
    places = range(len(sums.rows)) if sums.places is None else sums.places
    kept = [row for row, place in enumerate(places) if place in grouped]
    clusters = sums.clusters and [sums.clusters[row] for row in kept]
    part = replace(sums, rows=sums.rows[kept], clusters=clusters)
    return chance.gap(part, [grouped[places[row]] for row in kept], seed)
