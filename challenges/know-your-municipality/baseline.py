"""Today's practice: what one table says without a join. Doing nothing: eight blanks."""

import sqlite3

QUESTIONS = [f"q{number}" for number in range(1, 9)]
FROM_ONE_TABLE = {
    "q1": "SELECT count(*) FROM municipalities GROUP BY county_code ORDER BY 1 DESC LIMIT 1",
    "q2": "SELECT sum(population) FROM municipalities WHERE language_form = 'nynorsk'",
}


def baseline(db: sqlite3.Connection) -> dict[str, list[dict[str, object]]]:
    """Answers for `today` and `do_nothing`, from the published database alone."""
    known = {question: db.execute(sql).fetchone()[0] for question, sql in FROM_ONE_TABLE.items()}
    return {
        "today": [{"question": q, "answer": known.get(q, "")} for q in QUESTIONS],
        "do_nothing": [{"question": q, "answer": ""} for q in QUESTIONS],
    }
