"""Today: the front desk sees at once what did not come in; all else waits for a person."""

import sqlite3

TO_ANSWER = """
    SELECT a.application_id, min(d.received) AS all_received
    FROM applications a
    JOIN documents d ON d.application_id = a.application_id
    WHERE a.closed_on IS NULL
    GROUP BY a.application_id
"""


def baseline(db: sqlite3.Connection) -> dict[str, list[dict[str, object]]]:
    """Answers for `today` and `do_nothing`, from the published database alone."""
    rows = db.execute(TO_ANSWER).fetchall()
    return {
        "today": [
            {
                "application_id": application,
                "answer": "to_case_officer" if all_received else "ask_for_documents",
            }
            for application, all_received in rows
        ],
        "do_nothing": [
            {"application_id": application, "answer": "to_case_officer"} for application, _ in rows
        ],
    }
