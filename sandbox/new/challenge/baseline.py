"""Today: the desk lies in the municipality that stands first in the register. Or there is none."""

import sqlite3

FIRST = "SELECT county_code, min(municipality_code) FROM municipalities GROUP BY county_code"


def baseline(db: sqlite3.Connection) -> dict[str, list[dict[str, object]]]:
    """Answers for `today` and `do_nothing`, from the published database alone."""
    first = db.execute(FIRST).fetchall()
    return {
        "today": [{"county_code": county, "answer": code} for county, code in first],
        "do_nothing": [{"county_code": county, "answer": ""} for county, _ in first],
    }
