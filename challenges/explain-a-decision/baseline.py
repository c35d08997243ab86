"""Today: the machine's advice and reason go out in its standard letter, in bokmål to everybody."""

import sqlite3

TO_EXPLAIN = """
    SELECT c.case_id, d.machine_advice, d.machine_reason, r.paragraph
    FROM support_cases c
    JOIN support_decisions d ON d.case_id = c.case_id
    JOIN support_rules r ON r.reason = d.machine_reason AND r.in_force_to IS NULL
    WHERE c.decided_on IS NULL
"""
STANDARD_LETTER = (
    "Under henvisning til innsendt søknadsskjema vedrørende kommunal husleiestøtte meddeles at "
    "søknaden {outcome}, jf. {paragraph} i gjeldende kommunale retningslinjer. Vedtaket er fattet "
    "på grunnlag av innsendt dokumentasjon og kan påklages i samsvar med alminnelige "
    "forvaltningsrettslige bestemmelser."
)
OUTCOMES = {"grant": "er innvilget", "refuse": "er avslått"}


def baseline(db: sqlite3.Connection) -> dict[str, list[dict[str, object]]]:
    """Answers for `today` and `do_nothing`, from the published database alone."""
    rows = db.execute(TO_EXPLAIN).fetchall()
    return {
        "today": [
            {
                "case_id": case,
                "decision": advice,
                "reason": reason,
                "letter": STANDARD_LETTER.format(outcome=OUTCOMES[advice], paragraph=paragraph),
            }
            for case, advice, reason, paragraph in rows
        ],
        "do_nothing": [{"case_id": row[0], "decision": "to_case_handler"} for row in rows],
    }
