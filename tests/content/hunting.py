"""Answers to the data-quality hunt: rules that read the bundle alone, and an insider's guesses."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

KEYS = {"spots": "spot_id", "reports": "report_id", "visits": "visit_id", "replies": "reply_id"}
GIVEN_UP_COUNTIES = "('30', '38', '54')"
CLOCK = "(julianday(left_at) - julianday(arrived_at)) * 24"
DELAY = "(strftime('%s', received_at) - strftime('%s', sent_at))"
Found = dict[str, tuple[str, str]]  # record → column, fault
Rules = dict[tuple[str, str, str], str]  # table, column, fault → SQL that yields records


def twice(table: str, *alike: str) -> str:
    """Rows that have these columns in common with another one."""
    key = KEYS[table]
    return f"""
        SELECT {key} FROM (
            SELECT {key}, count(*) OVER (PARTITION BY {", ".join(alike)}) AS rows FROM {table}
        ) WHERE rows > 1
    """


def swapped(date: str) -> str:
    return f"(substr({date}, 1, 5) || substr({date}, 9, 2) || '-' || substr({date}, 6, 2))"


def misdated(key: str, date: str, after: str, low: str, high: str, tables: str) -> str:
    """Rows whose date fits `low` to `high` days after another, once day and month are swapped."""

    def fits(one: str) -> str:
        return f"coalesce(julianday({one}) - julianday(date({after})) BETWEEN {low} AND {high}, 0)"

    return f"SELECT {key} FROM {tables} WHERE NOT {fits(date)} AND {fits(swapped(date))}"


def astray(table: str, column: str, parent: str) -> str:
    return (
        f"SELECT {KEYS[table]} FROM {table}"
        f" WHERE {column} NOT IN (SELECT {KEYS[parent]} FROM {parent})"
    )


def where(table: str, condition: str) -> str:
    return f"SELECT {KEYS[table]} FROM {table} WHERE {condition}"


def outdated(table: str) -> str:
    codes = "SELECT municipality_code FROM municipalities"
    return where(
        table,
        f"substr(municipality_code, 1, 2) IN {GIVEN_UP_COUNTIES}"
        f" AND municipality_code NOT IN ({codes})",
    )


RULES: Rules = {
    ("spots", "spot_id", "duplicate"): twice(
        "spots", "municipality_code", "kind", "name", "registered_by", "installed_on", "height_m"
    ),
    ("reports", "report_id", "duplicate"): twice(
        "reports", "spot_id", "category", "seen_on", "sent_at", "received_at"
    ),
    ("visits", "visit_id", "duplicate"): twice(
        "visits", "report_id", "crew", "ordered_on", "outcome", "arrived_at", "cost_nok"
    ),
    ("replies", "reply_id", "duplicate"): twice("replies", "report_id"),
    ("spots", "height_m", "wrong_unit"): where("spots", "height_m > 30"),
    ("reports", "size_cm", "wrong_unit"): where("reports", "size_cm > 0 AND size_cm < 5"),
    ("visits", "hours_on_site", "wrong_unit"): where(
        "visits", f"hours_on_site > 0 AND hours_on_site > 20 * ({CLOCK}) AND {CLOCK} > 0"
    ),
    ("visits", "cost_nok", "wrong_unit"): where(
        "visits", "cost_nok > CASE outcome WHEN 'rebuilt' THEN 425000 ELSE 25000 END"
    ),
    ("reports", "seen_on", "swapped_date"): misdated(
        "report_id", "seen_on", "sent_at", "-20", "0", "reports"
    ),
    ("visits", "ordered_on", "swapped_date"): misdated(
        "visit_id", "ordered_on", "received_at", "-1", "15", "visits JOIN reports USING (report_id)"
    ),
    ("replies", "due_on", "swapped_date"): misdated(
        "reply_id", "due_on", "received_at", "13", "22", "replies JOIN reports USING (report_id)"
    ),
    ("spots", "municipality_code", "old_code"): outdated("spots"),
    ("reports", "municipality_code", "old_code"): outdated("reports"),
    ("replies", "municipality_code", "old_code"): outdated("replies"),
    ("spots", "installed_on", "missing"): where("spots", "installed_on IS NULL"),
    ("reports", "size_cm", "missing"): where("reports", "size_cm IS NULL AND category = 'hole'"),
    ("visits", "cost_nok", "missing"): where(
        "visits", "cost_nok IS NULL AND outcome <> 'cancelled'"
    ),
    ("replies", "due_on", "missing"): where("replies", "due_on IS NULL"),
    ("reports", "spot_id", "broken_key"): astray("reports", "spot_id", "spots"),
    ("visits", "report_id", "broken_key"): astray("visits", "report_id", "reports"),
    ("replies", "report_id", "broken_key"): astray("replies", "report_id", "reports"),
    ("spots", "name", "damaged_letters"): where("spots", "name LIKE '%Ã%'"),
    ("reports", "message", "damaged_letters"): where("reports", "message LIKE '%Ã%'"),
    ("replies", "message", "damaged_letters"): where("replies", "message LIKE '%Ã%'"),
    ("reports", "sent_at", "time_zone"): where("reports", f"{DELAY} < 0"),
    ("reports", "received_at", "time_zone"): where(
        "reports", f"{DELAY} BETWEEN 3600 AND 3700 OR {DELAY} BETWEEN 7200 AND 7300"
    ),
    ("visits", "arrived_at", "time_zone"): where(
        "visits", f"hours_on_site - {CLOCK} BETWEEN .9 AND 2.1 AND {CLOCK} < hours_on_site"
    ),
    ("visits", "left_at", "time_zone"): where(
        "visits", f"hours_on_site >= 0 AND {CLOCK} - hours_on_site BETWEEN .9 AND 2.1"
    ),
    ("spots", "installed_on", "impossible"): where("spots", "installed_on > '2026-06-30'"),
    ("reports", "size_cm", "impossible"): where("reports", "size_cm <= 0"),
    ("visits", "hours_on_site", "impossible"): where("visits", "hours_on_site < 0"),
    ("replies", "stars", "impossible"): where("replies", "stars NOT BETWEEN 1 AND 5"),
}


def reference(database: Path) -> Found:
    """Each kind of fault where most rows have it, since the brief says that it is in one column."""
    with sqlite3.connect(database) as db:
        rows = {rule: [record for (record,) in db.execute(sql)] for rule, sql in RULES.items()}
    faults = {fault for _, _, fault in RULES}
    best = (max((r for r in RULES if r[2] == f), key=lambda r: len(rows[r])) for f in faults)
    return {record: (rule[1], rule[2]) for rule in sorted(best) for record in rows[rule]}


def insider(database: Path, chosen: Iterable[tuple[str, str, str]]) -> Found:
    """The same rules in the columns that somebody who has read the recipe guesses."""
    with sqlite3.connect(database) as db:
        return {
            record: (rule[1], rule[2]) for rule in chosen for (record,) in db.execute(RULES[rule])
        }


def gullible(database: Path) -> Found:
    """Rules of somebody who has not read what the columns may hold: all that looks odd."""
    odd = RULES | {
        ("visits", "report_id", "duplicate"): twice("visits", "report_id"),
        ("spots", "height_m", "wrong_unit"): where("spots", "height_m > 10"),
        ("reports", "seen_on", "swapped_date"): where(
            "reports", "julianday(date(sent_at)) - julianday(seen_on) NOT BETWEEN 0 AND 20"
        ),
        ("spots", "installed_on", "impossible"): where("spots", "installed_on LIKE '%-01-01'"),
        ("visits", "hours_on_site", "impossible"): where("visits", "hours_on_site <= 0"),
        ("visits", "cost_nok", "missing"): where("visits", "coalesce(cost_nok, 0) = 0"),
        ("reports", "received_at", "time_zone"): where("reports", f"{DELAY} > 300"),
    }
    with sqlite3.connect(database) as db:
        return {
            record: (rule[1], rule[2]) for rule, sql in odd.items() for (record,) in db.execute(sql)
        }
