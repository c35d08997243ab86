"""Write answers.csv, a first file to hand in. Then make the answers better, and write it again."""

import csv
import io
import os
import sys
from collections import Counter

from app import HERE, SETTINGS
from sandbox_data import Offline, SandboxData


def same_day_permit(data: SandboxData) -> dict[str, str]:
    """Application → what the applicant is told on the day of arrival."""
    applications = data.rows("applications", limit=None)
    return {row["application_id"]: decide(row) for row in applications}


def decide(application: dict) -> str:
    """Begin where no one is wronged: a person looks at every case. Which could you take off them?

    The answers there are: approve, ask_for_documents, to_case_officer. A machine never refuses.
    """
    return "to_case_officer"


def explain_a_decision(data: SandboxData) -> dict[str, dict[str, str]]:
    """Case → decision, reason, what would turn it, and the letter."""
    cases = data.rows("support_cases", limit=None)
    return {row["case_id"]: explain(row) for row in cases}


def explain(case: dict) -> dict[str, str]:
    """Begin with a person. Which cases could you decide as the rules say, and tell why?

    To fill: decision (grant, refuse, to_case_handler), reason, counterfactual_column,
    counterfactual_value, letter. The letter is in the case's language: nb, nn or en.
    """
    return {"decision": "to_case_handler"}


def reminder_letter(data: SandboxData) -> dict[str, dict[str, str]]:
    """Rehearsal → the effect of its letter in percentage points, and how sure that is."""
    text = data.download("datasets/reminder-letters/files/replicate_rows.csv").decode()
    came: dict[str, dict[str, list[bool]]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        if row["no_show"]:
            arms = came.setdefault(row["replicate"], {"usual": [], "cost": []})
            arms[row["arm"]].append(row["no_show"] == "true")
    return {replicate: compare(arms["usual"], arms["cost"]) for replicate, arms in came.items()}


def compare(usual: list[bool], cost: list[bool]) -> dict[str, str]:
    """Begin with what is done today: two shares. Who lives together? What went wrong? What else?"""
    shares = [sum(outcomes) / len(outcomes) for outcomes in (usual, cost)]
    variances = [s * (1 - s) / len(o) for s, o in zip(shares, (usual, cost), strict=True)]
    estimate, reach = 100 * (shares[1] - shares[0]), 196 * sum(variances) ** 0.5
    return {
        "estimate": f"{estimate:.2f}",
        "low": f"{estimate - reach:.2f}",
        "high": f"{estimate + reach:.2f}",
        "trustworthy": "yes",
    }


def data_quality_hunt(data: SandboxData) -> dict[str, dict[str, str]]:
    """Row → what is wrong with it, and in which column. Nothing is said of all the others."""
    replies = data.rows("replies", limit=None)
    return {
        row["reply_id"]: {"column_name": "due_on", "fault": "missing"}
        for row in replies
        if row["due_on"] is None
    }  # Begin with one rule that is right. Which columns check each other? What is only odd?


def living_conditions(data: SandboxData) -> dict[str, dict[str, str]]:
    """Item → estimate, low and high: figures as published, and of effects that nothing is known.

    Which subdistricts, years and figures could a small one borrow strength from?
    """
    figures = data.rows("indicators", limit=None)
    answers = {row["figure_id"]: published(row) for row in figures}
    types = {row["measure_type"] for row in data.rows("measures_taken", limit=None)}
    for measure_type in types:
        for indicator in {row["indicator"] for row in figures}:
            answers[f"effect-{measure_type}-{indicator}"] = interval(0, -100, 100)
    return answers


def published(figure: dict) -> dict[str, str]:
    """A figure with its usual 95 % interval; one that is withheld may be anything."""
    if figure["value"] is None:
        return interval(50, 0, 100)
    value, margin = figure["value"], 1.96 * figure["se"]
    return interval(value, max(0, value - margin), min(100, value + margin))


def interval(estimate: float, low: float, high: float) -> dict[str, str]:
    return {"estimate": f"{estimate:.2f}", "low": f"{low:.2f}", "high": f"{high:.2f}"}


def know_your_municipality(data: SandboxData) -> dict[str, str]:
    """Question → answer. Two can be read from one table; for the others, tables must be joined."""
    municipalities = data.rows("municipalities", limit=None)
    by_county = Counter(row["county_code"] for row in municipalities)
    nynorsk = data.rows("municipalities", {"language_form": "nynorsk"}, limit=None)
    return {
        "q1": str(max(by_county.values())),
        "q2": str(sum(row["population"] for row in nynorsk)),
    }


ANSWERS = {
    "same-day-permit": same_day_permit,
    "explain-a-decision": explain_a_decision,
    "reminder-letter": reminder_letter,
    "data-quality-hunt": data_quality_hunt,
    "living-conditions": living_conditions,
    "know-your-municipality": know_your_municipality,
}


def filled(template: str, answers: dict[str, str | dict[str, str]]) -> tuple[str, int]:
    """The template with an answer in each row that has one, and how many rows that is.

    An answer is the text of the first column to fill, or a text for each of several columns.
    """
    rows = list(csv.DictReader(io.StringIO(template)))
    key, column = list(rows[0])[:2]
    for row in rows:
        answer = answers.get(row[key], "")
        row.update(answer if isinstance(answer, dict) else {column: answer})
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue(), sum(1 for row in rows if row[column])


def main() -> None:
    challenge = SETTINGS["challenge"]
    url = os.environ.get("SANDBOX_URL") or SETTINGS["sandbox_url"]
    data = SandboxData(url, HERE / "data" / "sample" / challenge)
    try:  # the sandbox says which rows are asked for
        template = data.download(f"challenges/{challenge}/answers-template.csv").decode()
    except Offline as error:
        sys.exit(
            f"The sandbox at {data.url} is needed to write answers, and cannot be used: {error}"
        )
    text, count = filled(template, ANSWERS[challenge](data))
    (HERE / "answers.csv").write_text(text, encoding="utf-8")
    print(f"answers.csv is written: {count} of {text.count(chr(10)) - 1} rows have an answer.")


if __name__ == "__main__":
    main()
