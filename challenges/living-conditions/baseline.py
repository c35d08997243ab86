"""Today: published figures as they are, last year's where they are withheld, and no evaluation."""

import sqlite3
from itertools import groupby
from operator import itemgetter
from statistics import fmean

FIGURES = """
    SELECT subdistrict_id, indicator, year, figure_id, value, se
    FROM indicators
    ORDER BY subdistrict_id, indicator, year
"""
PAIRS = """
    SELECT DISTINCT m.measure_type, i.indicator
    FROM measures_taken m CROSS JOIN (SELECT DISTINCT indicator FROM indicators) i
"""
Answers = list[dict[str, object]]


def baseline(db: sqlite3.Connection) -> dict[str, Answers]:
    """Answers for `today` and `do_nothing`, from the published database alone."""
    figures = db.execute(FIGURES).fetchall()
    city = {name: _city(figures, name) for name in {row[1] for row in figures}}
    # Nobody has evaluated a measure, so of its effect nothing is known.
    effects = [
        _answer(f"effect-{measure_type}-{indicator}", (0, -100, 100))
        for measure_type, indicator in db.execute(PAIRS)
    ]
    return {
        "today": [*_as_published(figures, city), *effects],
        "do_nothing": [*(_answer(row[3], city[row[1]]) for row in figures), *effects],
    }


def _as_published(figures: list, city: dict[str, tuple]) -> Answers:
    """Each figure with its usual interval; a withheld one as the last before it, or as the city."""
    answers: Answers = []
    for (_, indicator), rows in groupby(figures, key=itemgetter(0, 1)):
        last = city[indicator]
        for *_, figure_id, value, se in rows:
            if value is not None:
                last = (value, max(0, value - 1.96 * se), min(100, value + 1.96 * se))
            answers.append(_answer(figure_id, last))
    return answers


def _city(figures: list, indicator: str) -> tuple:
    """The city's mean over all years, and the range that nineteen of twenty figures lie in."""
    values = sorted(row[4] for row in figures if row[1] == indicator and row[4] is not None)
    edge = len(values) // 40
    return fmean(values), values[edge], values[-1 - edge]


def _answer(item: str, told: tuple) -> dict[str, object]:
    estimate, low, high = told
    return {
        "item": item,
        "estimate": round(estimate, 2),
        "low": round(low, 2),
        "high": round(high, 2),
    }
