"""The report tells the answer first, in words, and hides nothing that went otherwise."""

import re

import pytest

from sandbox import trials
from sandbox.trials import page
from sandbox.trials.page import Answer, Bullets, Grid, Heading, Paragraph, Warn
from sandbox.trials.report import plan_page
from sandbox.trials.wording import Teller
from tests.trials.test_analysis import missed
from tests.trials.test_frozen import explained


def plain(text):
    return text.replace("\xa0", " ")


def paragraphs(text):
    return [" ".join(part.split()) for part in plain(text).split("\n\n")]


def test_the_answer_comes_first_and_in_plain_words(run):
    run.outcomes(missed(30, 12))
    said = paragraphs(run.report())
    assert said[:5] == [
        "# A reminder letter that names the cost",
        "## The answer",
        "**Yes: it works, and the best estimate is at least what is worth acting on, 2.7 "
        "percentage points.**",
        "Of 1,000 patients with “Letter with the cost”, 300 fewer missed their appointment than "
        "with “Today's letter”. The truth is likely between 133 and 467 fewer.",
        "What follows, as it was decided before: All clinics send it from January.",
    ]
    assert (
        "| Letter with the cost | 60 | 60 | 20.0 % | −30.0 | −46.7 to −13.3 | < 0.001 |"
        in plain(run.report())
    )


def test_the_same_in_norwegian(run):
    run.outcomes(missed(30, 12))
    said = paragraphs(run.report("nb"))
    assert said[2:5] == [
        "**Ja: det virker, og det beste anslaget er minst det som er verdt å handle på, 2,7 "
        "prosentpoeng.**",
        "Av 1 000 pasienter med «Brev med kostnad» var det 300 færre som ikke møtte til timen, enn "
        "med «Dagens brev». Sannheten ligger trolig mellom 133 og 467 færre.",
        "Hva som følger, slik det var avgjort på forhånd: Alle klinikker sender det fra januar.",
    ]


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_no_english_sentence_is_left_in_a_norwegian_report(run, language):
    run.outcomes(missed(30, 12), reached=lambda row, place: "")
    english = set(paragraphs(run.report()))
    names = {"# A reminder letter that names the cost"}
    assert english & set(paragraphs(run.report(language))) <= names


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ((12, 30), "No: an effect worth acting on, 2.7 percentage points, is ruled out."),
        ((20, 18), "Unclear: the trial does not show that it works, nor does it rule out an effect "
                   "worth acting on, 2.7 percentage points."),
    ],
)  # fmt: skip
def test_no_and_unclear_say_what_is_ruled_out(run, numbers, told):
    run.outcomes(missed(*numbers))
    assert f"**{told}**" in paragraphs(run.report())


def test_an_effect_on_both_sides_of_none_is_told_with_both_ends(run):
    run.outcomes(missed(20, 18))
    assert "33 fewer missed their appointment" in run.report()
    assert re.search(r"The truth is likely between \d+ fewer and \d+ more\.", run.report())
    assert "Unclear does not mean that there is no effect." in run.report()


def test_harm_is_told_where_it_happened(run):
    run.outcomes(missed(30, 12), complained=lambda row, place: int(
        row["arm"] == "cost" and place < 20))  # fmt: skip
    said = run.report()
    assert "**No: it works, but something suffers that must not.**" in said
    assert "- Complaints: it suffers. Of 1,000 patients" in said
    assert "What follows, as it was decided before: Today's letter stays." in said


def test_the_plan_its_hash_and_its_time_are_told(run):
    run.outcomes(missed(30, 12))
    frozen = run.freeze()
    said = run.report()
    assert f"Frozen 2027-03-05 09:00 UTC. SHA-256: {frozen.sha256}" in said
    assert "Nothing is told to have been done otherwise." in said
    assert "> **Warning.**" not in said


def test_a_change_that_nobody_explains_is_told_loudly(run):
    run.outcomes(missed(30, 12))
    run.change(smallest_effect=0.01)
    said = run.report()
    assert "> **Warning.** The plan was changed after it was frozen, and nobody says why" in said
    assert "| smallest_effect | 0.027 | 0.01 | NOT EXPLAINED |" in said
    assert "By the plan as it was frozen:" in said


def test_a_change_that_is_explained_is_told_with_its_reason(run):
    run.outcomes(missed(30, 12))
    run.change(smallest_effect=0.01)
    explained(run, key="smallest_effect", why="The budget was cut.")
    said = run.report()
    assert "> **Warning.**" not in said
    assert "| smallest_effect | 0.027 | 0.01 | 1 May 2027: The budget was cut. |" in said


def test_what_happened_otherwise_without_a_change_of_the_plan_is_told(run):
    run.outcomes(missed(30, 12))
    explained(run, key="size", why="Two clinics began a week late.")
    assert "- 1 May 2027: Two clinics began a week late." in run.report()


def test_a_plan_that_was_never_frozen_is_a_hint_and_not_a_test(trial):
    trial.change(strata=[])
    trial.write("outcomes.csv", [
        {"patient_id": f"p{i}", "arm": ("today", "cost")[i % 2], "missed": int(i % 5 == 0),
         "complained": 0, "age": i, "reached": ""} for i in range(120)])  # fmt: skip
    said = trial.report()
    assert "> **Warning.** The plan was not frozen before the data was seen." in said
    assert "The lot was drawn elsewhere" in said


def test_a_plan_that_was_frozen_too_late_is_told(trial):
    trial.change(stop={"date": "2027-01-31", "rule": "R"})
    text = trial.path.read_text("utf-8").replace("'2027-01-31'", "2027-01-31")
    trial.path.write_text(text, "utf-8")
    trial.freeze()
    trial.units()
    trial.assign()
    trial.outcomes(missed(30, 12))
    assert "frozen only after the day on which the outcome was to be looked at" in trial.report()


def test_missing_outcomes_are_told_with_what_they_could_change(run):
    run.outcomes(lambda row, place: "" if place > 50 else missed(20, 8)(row, place))
    said = plain(run.report())
    assert (
        "Without an outcome: 15.0 % in “Letter with the cost”, 15.0 % in “Today's letter”" in said
    )
    assert "Whatever happened to them, the difference is within" in said
    assert "The answer could then be another." in said


def test_counts_that_cannot_be_chance_are_told_loudly(run):
    run.outcomes(lambda row, place: 0)
    file = run.folder / "outcomes.csv"
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join(line for line in lines if not line.endswith("cost")
                              or line.startswith("p00")) + "\n", "utf-8")  # fmt: skip
    said = run.report()
    assert "> **Warning.** The groups are not as large as the lot made them" in said
    assert "ALARM: chance does not do that" in said
    assert "**Unclear: the groups' sizes cannot be chance" in said


def test_means_are_told_in_their_unit(trial):
    trial.said["outcome"] = {
        "column": "days", "kind": "mean", "title": "Waiting time", "better": "lower",
        "unit": {"en": "days", "nb": "dager"}, "today": 40.0, "spread": 12.0}  # fmt: skip
    trial.change(smallest_effect=3.0, guardrails=[], strata=[])
    trial.freeze()
    trial.units()
    trial.assign()
    trial.outcomes(
        missed(0, 0), days=lambda row, place: 40 + place % 9 - 5 * (row["arm"] == "cost")
    )
    said = plain(trial.report())
    assert ("Waiting time: on average 5.0 days less with “Letter with the cost” than with “Today's "
            "letter”. The truth is likely between 4.1 and 5.9 days less.") in said  # fmt: skip
    assert "| Letter with the cost | 60 | 60 | 38.8 days | −5.0 | −5.9 to −4.1 | < 0.001 |" in said
    norwegian = plain(trial.report("nb"))
    assert "i gjennomsnitt 5,0 dager mindre med «Brev med kostnad»" in norwegian


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (lambda age, place: age + place % 7, "narrower, as"),
        (lambda age, place: age, "age made the interval 100 % narrower"),
        (lambda age, place: place % 2 * 30, "age did not make the interval narrower."),
    ],
)
def test_what_a_covariate_was_worth_is_told(trial, days, told):
    trial.said["outcome"] = {
        "column": "days", "kind": "mean", "title": "Waiting time", "better": "lower",
        "unit": "days", "today": 40.0, "spread": 12.0}  # fmt: skip
    trial.change(smallest_effect=3.0, guardrails=[], strata=[], covariate={"column": "age"})
    trial.freeze()
    trial.units()
    trial.assign()
    trial.outcomes(missed(0, 0), days=lambda row, place: days(
        20 + int(row["patient_id"][1:]) % 60, place))  # fmt: skip
    assert told in plain(trial.report())


def test_balance_and_what_arrived_are_tables(run):
    run.outcomes(missed(30, 12), reached=lambda row, place: row["arm"] if place % 3 else "")
    said = plain(run.report())
    assert re.search(
        r"\| age \| Letter with the cost \| [+−]?0\.\d\d \| (even|worth a look) \|", said
    )
    assert "| Today's letter | 60 | 66.7 % | 0.0 % | 33.3 % |" in said
    assert "comparing only those who got it would no longer be a fair comparison" in said


# --- the plan's page ------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "nb"])
def test_a_plan_fits_on_one_page(trial, language):
    text = trials.text(plan_page(trial.path, trial.plan, language))
    assert len(text.splitlines()) <= 66  # lines of an A4 page


def test_a_draft_says_so_and_a_frozen_plan_says_its_hash(trial):
    said = trials.markdown(plan_page(trial.path, trial.plan))
    assert "> **Draft.** This plan is not frozen yet" in said
    made = trial.freeze()
    said = trials.markdown(plan_page(trial.path, trial.plan))
    assert f"SHA-256: {made.sha256}" in said
    trial.change(smallest_effect=0.03)
    assert "| smallest_effect | 0.027 | 0.03 | NOT EXPLAINED |" in trials.markdown(
        plan_page(trial.path, trial.plan)
    )


def test_the_plan_tells_who_decides_what_is_compared_and_what_would_follow(trial):
    said = plain(trials.markdown(plan_page(trial.path, trial.plan)))
    for words in (
        "Decided by: Head of outpatient clinics, by 1 October 2027.",
        "| Yes | All clinics send it from January. |",
        "| Today's letter | today | 60 | today's practice |",
        "One outcome counts: Missed appointments. Today: 11.1 %; lower is better.",
        "Worse by 20.0 percentage points or more is too much.",
        "The outcome is looked at once, on 30 June 2027, and not before.",
        "The groups get equal parts of each kind of: clinic.",
    ):
        assert words in said


def test_a_plan_of_clusters_counts_clusters(trial):
    trial.change(size=20, strata=[], cluster={"column": "clinic", "title": "clinics", "size": 30,
                                              "likeness": 0.02})  # fmt: skip
    said = plain(trials.markdown(plan_page(trial.path, trial.plan)))
    assert "each of the clinics comes into, with all of its patients (about 30 each)" in said
    assert "With 20 clinics per group you will not see less than" in said


# --- forms ----------------------------------------------------------------------------------------


BLOCKS = [
    Heading("A *title*", 1),
    Warn("Warning", "Look <here>"),
    Answer("Yes"),
    Paragraph("prior_noshow and [link](x) `code`"),
    Bullets(("one", "# two")),
    Grid(("Group", "n"), (("a|b", "10"), ("c", "9")), figures=True),
]


def test_words_of_a_plan_never_become_markup():
    assert page.markdown(BLOCKS).split("\n\n") == [
        r"# A \*title\*",
        r"> **Warning.** Look \<here>",
        "**Yes**",
        r"prior_noshow and \[link\](x) \`code\`",
        "- one\n- \\# two",
        "| Group | n |\n| --- | --: |\n| a\\|b | 10 |\n| c | 9 |\n",
    ]


def test_plain_text_has_no_markup():
    assert page.text(BLOCKS).split("\n\n") == [
        "A *title*\n=========",
        "!! Warning: Look <here>",
        "Yes",
        "prior_noshow and [link](x) `code`",
        "- one\n- # two",
        "Group   n\n-----  --\na|b    10\nc       9\n",
    ]


def test_a_figure_is_as_precise_as_its_interval(trial):
    teller = Teller(trial.plan, "en")
    assert teller.signed(-0.004, 2) == "0.00"
    assert teller.signed(-0.006, 2) == "−0.01"
    assert teller.p(0.0004) == "< 0.001"
    assert teller.p(0.0461) == "0.046"
