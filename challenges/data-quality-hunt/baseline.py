"""Today: what a usual set of validation rules finds, required cells and keys that lead nowhere."""

import sqlite3

RULES = """
    SELECT spot_id AS record, 'installed_on' AS column_name, 'missing' AS fault
    FROM spots WHERE installed_on IS NULL
    UNION ALL
    SELECT reply_id, 'due_on', 'missing'
    FROM replies WHERE due_on IS NULL
    UNION ALL
    SELECT spot_id, 'municipality_code', 'broken_key'
    FROM spots WHERE municipality_code NOT IN (SELECT municipality_code FROM municipalities)
    UNION ALL
    SELECT report_id, 'municipality_code', 'broken_key'
    FROM reports WHERE municipality_code NOT IN (SELECT municipality_code FROM municipalities)
    UNION ALL
    SELECT reply_id, 'municipality_code', 'broken_key'
    FROM replies WHERE municipality_code NOT IN (SELECT municipality_code FROM municipalities)
    UNION ALL
    SELECT report_id, 'spot_id', 'broken_key'
    FROM reports WHERE spot_id NOT IN (SELECT spot_id FROM spots)
    UNION ALL
    SELECT visit_id, 'report_id', 'broken_key'
    FROM visits WHERE report_id NOT IN (SELECT report_id FROM reports)
    UNION ALL
    SELECT reply_id, 'report_id', 'broken_key'
    FROM replies WHERE report_id NOT IN (SELECT report_id FROM reports)
"""


def baseline(db: sqlite3.Connection) -> dict[str, list[dict[str, object]]]:
    """Answers for `today` and `do_nothing`, from the published database alone."""
    return {"today": [dict(row) for row in db.execute(RULES)], "do_nothing": []}
