"""Today: the shares of the two letters are compared, as if each person had been drawn alone."""

import sqlite3

COUNTED = """
    SELECT replicate, arm, count(no_show) AS counted, avg(no_show) AS share
    FROM replicate_rows
    GROUP BY replicate, arm
"""


def baseline(db: sqlite3.Connection) -> dict[str, list[dict[str, object]]]:
    """Answers for `today` and for `do_nothing`, from the published database alone."""
    counted = {(row[0], row[1]): (row[2], row[3]) for row in db.execute(COUNTED)}
    replicates = [row[0] for row in db.execute("SELECT replicate FROM replicates")]
    return {
        "today": [_compared(r, counted[r, "cost"], counted[r, "usual"]) for r in replicates],
        "do_nothing": [_answer(r, 0.0, 100.0) for r in replicates],
    }


def _compared(
    replicate: str, new: tuple[int, float], usual: tuple[int, float]
) -> dict[str, object]:
    """The difference of two shares and its usual interval, in percentage points."""
    variance = sum(share * (1 - share) / counted for counted, share in (new, usual))
    return _answer(replicate, 100 * (new[1] - usual[1]), 196 * variance**0.5)


def _answer(replicate: str, estimate: float, reach: float) -> dict[str, object]:
    return {
        "replicate": replicate,
        "estimate": round(estimate, 4),
        "low": round(estimate - reach, 4),
        "high": round(estimate + reach, 4),
        "trustworthy": "yes",
    }
