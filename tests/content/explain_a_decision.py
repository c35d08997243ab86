"""Answers to explain-a-decision: from the bundle alone, and from reading the recipe."""

import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

REASONS = ("residence", "income", "savings", "rent", "hardship", "conditions_met")
GRANTED = ("hardship", "conditions_met")
CHANGED = np.datetime64("2025-07-01")
ROUNDINGS = (1, 1_000, 2_000, 5_000, 10_000, 20_000, 25_000, 50_000)
FACTS = """
    SELECT c.*, d.machine_advice, d.machine_reason, d.final_decision, d.final_reason
    FROM support_cases c
    JOIN support_decisions d ON d.case_id = c.case_id
    ORDER BY c.case_id
"""


@dataclass(frozen=True)
class Practice:
    """What the rules leave open: the day the new version took over, rounding, and hardship."""

    shift: int = 0  # days from the day of the change
    rounded_to: int = 1
    circumstance: str = ""
    margin: float = 0.0


class Cases:
    """Every case of a bundle as arrays, with the limits of both versions of the rules."""

    def __init__(self, database: Path):
        with sqlite3.connect(database) as db:
            db.row_factory = sqlite3.Row
            rows = db.execute(FACTS).fetchall()
            self.columns = {name: np.array([r[name] for r in rows]) for name in rows[0].keys()}  # noqa: SIM118
            self.rules = {
                (r["rule_version"], r["reason"]): (r["amount"], r["per_further_person"])
                for r in db.execute("SELECT * FROM support_rules WHERE amount IS NOT NULL")
            }
            self.paragraphs = dict(db.execute("SELECT reason, paragraph FROM support_rules"))
        self.is_open = np.array([r["decided_on"] is None for r in rows])
        self.days = (self["received_on"].astype("datetime64[D]") - CHANGED).astype(int)

    def __getitem__(self, name):
        return self.columns[name]

    def limits(self, practice):
        """Months needed, income with and without hardship, savings, rent, income for the rent."""
        is_new = self.days >= practice.shift
        further = self["household_size"] - 1

        def limit(reason):
            (old, more), (new, new_more) = (
                self.rules[version, reason] for version in ("2023-1", "2025-2")
            )
            return np.where(is_new, new + new_more * further, old + more * further)

        def ceiling(limit):
            to = practice.rounded_to
            return np.floor(limit / to).astype(int) * to + to - 1

        income, share = limit("income"), limit("rent")
        is_hard = self["circumstance"] == practice.circumstance
        stretch = np.where(is_hard, 1 + practice.margin, 1)
        return {
            "months": limit("residence"),
            "income": ceiling(income),
            "stretched": ceiling(income * stretch),
            "savings": limit("savings"),
            "rent": np.ceil(share * self["yearly_income"] / 1200).astype(int),
            "income_for_rent": np.floor(self["monthly_rent"] * 1200 / share).astype(int),
        }

    def met(self, limits):
        """Whether each condition is met: residence, income, savings, rent."""
        return (
            self["months_resident"] >= limits["months"],
            self["yearly_income"] <= limits["stretched"],
            self["savings"] <= limits["savings"],
            self["monthly_rent"] >= limits["rent"],
        )

    def reasons(self, practice):
        """The places in REASONS of what decides each case."""
        limits = self.limits(practice)
        conditions = [~met for met in self.met(limits)]
        conditions.append(self["yearly_income"] > limits["income"])
        return np.select(conditions, range(5), 5)


def learnt(cases: Cases) -> Practice:
    """The practice that agrees best with what people decided, one question after the other."""
    decided = ~cases.is_open
    given = np.array([REASONS.index(reason) for reason in cases["final_reason"][decided]])

    def best(practice, name, values):
        def agreement(value):
            said = cases.reasons(replace(practice, **{name: value}))[decided]
            return np.count_nonzero(said == given)

        found = [agreement(value) for value in values]
        ties = [v for v, n in zip(values, found, strict=True) if n == max(found)]
        return replace(practice, **{name: ties[len(ties) // 2]}), max(found)

    practice = Practice()
    for _ in range(2):
        practice, _ = best(practice, "shift", range(-90, 91))
        practice, _ = best(practice, "rounded_to", ROUNDINGS)
        tried = []
        for circumstance in sorted(set(cases["circumstance"]) - {"none"}):
            one = replace(practice, circumstance=circumstance)
            tried.append(best(one, "margin", np.arange(0, 0.25, 0.005)))
        practice = max(tried, key=lambda pair: pair[1])[0]
    return practice


def reference(cases: Cases) -> dict[str, dict[str, object]]:
    """The practice learnt from decided cases, and a plain letter in three languages."""
    return answers(cases, learnt(cases))


def insider(cases: Cases, circumstance: str, shift: int, rounded_to: int, margin: float):
    """The recipe's own rules with guessed secrets."""
    return answers(cases, Practice(shift, rounded_to, circumstance, margin))


def answers(cases: Cases, practice: Practice) -> dict[str, dict[str, object]]:
    reasons, limits = cases.reasons(practice), cases.limits(practice)
    met = np.array(cases.met(limits)).T
    found = {}
    for place in np.flatnonzero(cases.is_open):
        reason = REASONS[reasons[place]]
        here = {name: int(values[place]) for name, values in limits.items()}
        column, value = turning(tuple(met[place].tolist()), here)
        found[str(cases["case_id"][place])] = {
            "decision": "grant" if reason in GRANTED else "refuse",
            "reason": reason,
            "counterfactual_column": column,
            "counterfactual_value": value,
            "letter": letter(
                str(cases["language"][place]), reason, cases.paragraphs[reason], column, value
            ),
        }
    return found


def turning(met: tuple[bool, bool, bool, bool], limits: dict[str, int]) -> tuple[str, int | None]:
    """One column and a value a little beyond its turning point."""
    resident, income, savings, rent = met
    if all(met):
        return "savings", round(limits["savings"] * 1.01)
    if not resident and income and savings and rent:
        return "months_resident", limits["months"]
    if resident and income and not savings and rent:
        return "savings", round(limits["savings"] * 0.99)
    if resident and income and savings and not rent:
        return "monthly_rent", round(limits["rent"] * 1.01)
    if resident and savings:
        return "yearly_income", round(min(limits["stretched"], limits["income_for_rent"]) * 0.985)
    return "none", None


WORDS = {
    "nb": {
        "grant": "Du får støtte til husleien.",
        "refuse": "Du får ikke støtte til husleien.",
        "why": "Det følger av {paragraph} i reglene.",
        "turn": "Svaret ville vært et annet hvis {fact} var {value}.",
        "none": "Flere krav er ikke oppfylt, og svaret ville ikke endret seg av ett av dem alene.",
        "end": "Er du ikke enig, kan du be et menneske se på saken en gang til. "
               "Ring eller skriv til oss hvis noe er uklart.",
        "yearly_income": "inntekten i året", "savings": "sparepengene",
        "monthly_rent": "husleien i måneden", "months_resident": "antall måneder du har bodd her",
    },
    "nn": {
        "grant": "Du får støtte til husleiga.",
        "refuse": "Du får ikkje støtte til husleiga.",
        "why": "Det følgjer av {paragraph} i reglane.",
        "turn": "Svaret ville vore eit anna om {fact} var {value}.",
        "none": "Fleire krav er ikkje oppfylte, og svaret ville ikkje endra seg av eitt åleine.",
        "end": "Er du ikkje samd, kan du be eit menneske sjå på saka ein gong til. "
               "Ring eller skriv til oss om noko er uklart.",
        "yearly_income": "inntekta i året", "savings": "sparepengane",
        "monthly_rent": "husleiga i månaden", "months_resident": "talet på månader du har budd her",
    },
    "en": {
        "grant": "You get support with the rent.",
        "refuse": "You do not get support with the rent.",
        "why": "This follows from {paragraph} of the rules.",
        "turn": "The answer would be another if {fact} were {value}.",
        "none": "More than one condition is not met, and no change of one alone would help.",
        "end": "If you do not agree, you can ask a person to look at your case again. "
               "Call or write to us if this is not clear.",
        "yearly_income": "the income in a year", "savings": "your savings",
        "monthly_rent": "the rent in a month",
        "months_resident": "the months that you have lived here",
    },
}  # fmt: skip


def letter(language: str, reason: str, paragraph: str, column: str, value: int | None) -> str:
    words = WORDS[language]
    verdict = words["grant" if reason in GRANTED else "refuse"]
    turn = words["none"]
    if column != "none":
        spaced = f"{value:,}".replace(",", "\u00a0")
        turn = words["turn"].format(fact=words[column], value=spaced)
    return " ".join([verdict, words["why"].format(paragraph=paragraph), turn, words["end"]])
