"""Explained decisions: four steps, no gain by guessing, and letters that can be read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.grading.letters import names_number, names_paragraph, reading
from sandbox.grading.measuring import measured
from sandbox.grading.metrics import METRICS
from sandbox.grading.metrics.explained_decision import NEAR, explained_decision, is_faithful
from sandbox.grading.pairs import Pair

pytestmark = pytest.mark.heavy

SEED = b"a seed of the tests, 32 bytes long"
REASONS = {"income": "refuse", "savings": "refuse", "met": "grant", "hardship": "grant"}
PARAGRAPHS = {"income": "§ 4", "savings": "§ 5", "met": "§ 2", "hardship": "§ 7"}
LETTERS = {
    "nb": "Du får dette svaret fra oss etter {paragraph} i reglene. Svaret ville blitt et annet "
    "hvis tallet var {value} kroner. Er du ikke enig, kan du ringe til oss. Da leser et menneske "
    "saken en gang til.",
    "nn": "Du får dette svaret frå oss etter {paragraph} i reglane. Svaret ville vorte eit anna om "
    "talet var {value} kroner. Er du ikkje samd, kan du ringje til oss. Då les eit menneske saka "
    "ein gong til.",
    "en": "You get this answer from us under {paragraph} of the rules. The answer would be another "
    "if the figure were {value} kroner. If you do not agree, you can call us. Then a person will "
    "read the case again.",
}  # fmt: skip


def truth_of(reason: str, language: str, turning: int | None) -> dict[str, str]:
    granted = REASONS[reason] == "grant"
    written = "" if turning is None else str(turning)
    return {
        "decision": REASONS[reason],
        "reason": reason,
        "paragraph": PARAGRAPHS[reason],
        "language": language,
        "group": language,
        "income_at_most": "" if granted else written,
        "income_at_least": written if granted else "",
    }


def right_answer(truth: dict[str, str]) -> dict[str, object]:
    written = truth["income_at_most"] or truth["income_at_least"]
    value = int(written) if written else None
    return {
        "decision": truth["decision"],
        "reason": truth["reason"],
        "counterfactual_column": "income" if written else "none",
        "counterfactual_value": value,
        "letter": LETTERS[truth["language"]].format(paragraph=truth["paragraph"], value=value),
    }


def nothing() -> dict[str, object]:
    return {"decision": "to_case_handler", "reason": None, "counterfactual_column": None,
            "counterfactual_value": None, "letter": None}  # fmt: skip


def score(truth, given_):
    return explained_decision([Pair(t, g) for t, g in zip(truth, given_, strict=True)])


EVERY = [
    truth_of(reason, language, turning)
    for reason in REASONS
    for language in LETTERS
    for turning in (300_000, 412_500, None)
]
truths = st.lists(st.sampled_from(EVERY), max_size=25).map(lambda rows: EVERY + rows)


def steps(measure):
    return [measure.details[name].value for name in ("decided", "reasoned", "faithful", "told")]


def test_the_metric_goes_by_the_name_that_the_challenge_uses():
    assert METRICS["explained-decision"] is explained_decision


def test_right_answers_with_plain_letters_score_everything():
    measure = score(EVERY, [right_answer(t) for t in EVERY])
    assert measure.score == 100
    assert steps(measure) == [100, 100, 100, 100]


def test_leaving_everything_to_a_person_scores_nothing():
    measure = score(EVERY, [nothing() for _ in EVERY])
    assert measure.score == 0
    assert measure.details["to_a_person"].value == len(EVERY)


def test_no_case_is_no_score():
    assert score([], []).score == 0


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ({"letter": ""}, [100, 100, 100, 0]),
        ({"counterfactual_column": "savings"}, [100, 100, 0, 0]),
        ({"counterfactual_value": 1}, [100, 100, 100 * (1 / 3 - 2 / 3 / 3), 100 / 3]),
        ({"reason": "met"}, [100, 0, 0, 25]),
    ],
)
def test_a_step_counts_only_where_the_one_before_it_holds(change, left):
    """Of the 36 cases, a third is turned by no column, and a quarter is `met`."""
    answers = [{**right_answer(t), **change} for t in EVERY]
    assert steps(score(EVERY, answers)) == pytest.approx(left)


def test_a_seldom_reason_counts_as_much_as_a_common_one():
    truth = [truth_of("met", "nb", 300_000)] * 97 + [truth_of("hardship", "nb", 300_000)] * 3
    wrong = [right_answer(t) for t in truth[:97]] + [nothing()] * 3
    assert score(truth, wrong).details["reasoned"].value == pytest.approx(50)


def test_a_wrong_answer_costs_what_a_guess_would_gain():
    """Of four reasons, one right guess is outweighed by three wrong ones."""
    truth = [truth_of(reason, "nb", 300_000) for reason in REASONS]
    guessed = [{**right_answer(t), "reason": "income", "decision": "refuse"} for t in truth]
    assert score(truth, guessed).details["reasoned"].value == 0
    assert score(truth, guessed).details["decided"].value == 0
    left = [right_answer(truth[0]), nothing(), nothing(), nothing()]
    assert score(truth, left).details["reasoned"].value == pytest.approx(25)


def test_letters_count_as_well_as_in_the_language_served_worst():
    answers = [right_answer(t) for t in EVERY]
    spoilt = [
        {**a, "letter": LETTERS["nb"].format(paragraph=t["paragraph"], value=300_000)}
        if t["language"] == "nn" else a
        for t, a in zip(EVERY, answers, strict=True)
    ]  # fmt: skip
    measure = score(EVERY, spoilt)
    assert measure.details["told"].value == 0
    assert measure.details["letters_language"].value == len(EVERY) / 3


# --- properties -----------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(truths, st.sampled_from(EVERY), st.sampled_from([None, "", "letter"]))
def test_a_constant_answer_scores_nothing(truth, some, text):
    constant = right_answer(some)
    if text != "letter":
        constant["letter"] = text
    assert score(truth, [constant] * len(truth)).score == 0


def worse(data, truth):
    """An answer that is wrong in some way, or left to a person, or right."""
    answer = right_answer(truth)
    change = data.draw(
        st.sampled_from(
            [
                {},
                nothing(),
                {"decision": "grant" if truth["decision"] == "refuse" else "refuse"},
                {"reason": "savings" if truth["reason"] != "savings" else "met"},
                {"counterfactual_value": 7},
                {"counterfactual_column": "none" if truth["income_at_most"] else "savings"},
                {"letter": "Nei."},
                {"letter": LETTERS["nb"]},
            ]
        )
    )
    return {**answer, **change}


@settings(max_examples=60, deadline=None)
@given(truths, st.data())
def test_a_better_answer_never_scores_lower(truth, data):
    """Answers become right in any order, wrong ones are left to a person: no point is lost."""
    answers = [worse(data, t) for t in truth]
    before = score(truth, answers)
    places = data.draw(st.permutations(range(len(truth))))
    for place in places[: len(truth) // 3]:
        answers[place] = right_answer(truth[place])
    after = score(truth, answers)
    assert after.score >= before.score - 1e-9
    assert all(a >= b - 1e-9 for a, b in zip(steps(after), steps(before), strict=True))
    for place in places:
        if answers[place]["decision"] not in (truth[place]["decision"], "to_case_handler"):
            answers[place] = nothing()
    assert score(truth, answers).score >= after.score - 1e-9


@settings(max_examples=40, deadline=None)
@given(truths, st.data())
def test_the_order_of_rows_never_matters(truth, data):
    answers = [worse(data, t) for t in truth]
    order = data.draw(st.permutations(range(len(truth))))
    shuffled = score([truth[i] for i in order], [answers[i] for i in order])
    assert shuffled.score == pytest.approx(score(truth, answers).score)
    assert shuffled.details.keys() == score(truth, answers).details.keys()


def test_the_sums_of_the_bootstrap_add_up_to_the_score():
    answers = [right_answer(t) if i % 3 else nothing() for i, t in enumerate(EVERY)]
    measure = score(EVERY, answers)
    assert measure.sums.score(measure.sums.rows.sum(axis=0)) == pytest.approx(measure.score)


def test_chance_and_the_gap_between_languages_are_told():
    truth = EVERY * 4
    pairs = [Pair(t, right_answer(t) if i % 5 else nothing()) for i, t in enumerate(truth)]
    measure = measured(explained_decision, pairs, SEED)
    assert measure.low < measure.score < measure.high
    assert set(measure.groups) == set(LETTERS)
    assert measure.gap.low <= measure.gap.value <= measure.gap.high


# --- the change that is stated --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value", "holds"),
    [
        ("income", 300_000, True),
        ("income", round(300_000 * (1 - NEAR)), True),
        ("income", 300_001, False),
        ("income", round(300_000 * (1 - NEAR)) - 1, False),
        ("income", 0, False),
        ("income", None, False),
        ("savings", 300_000, False),
        ("none", None, False),
        (None, None, False),
    ],
)
def test_a_change_is_true_if_it_turns_the_decision_and_is_near(column, value, holds):
    truth = truth_of("income", "nb", 300_000)
    given_ = {"counterfactual_column": column, "counterfactual_value": value}
    assert is_faithful(truth, given_) is holds


def test_a_grant_turns_upwards():
    truth = truth_of("met", "nb", 300_000)
    found = [
        is_faithful(truth, {"counterfactual_column": "income", "counterfactual_value": value})
        for value in (299_999, 300_000, 315_000, 315_001)
    ]
    assert found == [False, True, True, False]


def test_none_is_true_only_where_no_column_turns_the_decision():
    given_ = {"counterfactual_column": "none", "counterfactual_value": None}
    assert is_faithful(truth_of("income", "nb", None), given_)


# --- letters --------------------------------------------------------------------------------------


def test_lix_is_that_of_a_worked_example():
    """Ten words in two sentences, four of them long: 10 / 2 + 100 · 4 / 10 = 45."""
    read = reading("Huset står tomt. Kommunen eier det, og leieboerne betaler ingenting.")
    assert (read.words, read.sentences, read.long_words) == (10, 2, 4)
    assert read.lix == pytest.approx(45)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Du får 12.500 kroner etter § 4.", 1),
        ("Hvorfor? Fordi inntekten er for høy!", 2),
        ("Dette teller: inntekt og husleie", 2),
        ("En linje\nog en til uten punktum", 1),
        ("Vent ... så kommer svaret.", 2),
        ("...", 0),
    ],
)
def test_a_sentence_ends_at_a_mark_before_a_space(text, sentences):
    assert reading(text).sentences == sentences


def test_a_text_without_words_has_no_lix():
    assert reading(" ?! ").lix == 0
    assert reading("").language is None


@pytest.mark.parametrize("tag", LETTERS)
def test_a_letter_is_known_by_the_words_of_its_language(tag):
    assert reading(LETTERS[tag]).language == tag


@pytest.mark.parametrize("text", ["", "Hei.", "Ikke ikkje.", "2 400"])
def test_a_text_that_could_be_in_two_languages_is_in_neither(text):
    assert reading(text).language is None


@pytest.mark.parametrize(
    "text", ["312500", "312 500 kroner", "312\u00a0500", "312\u202f500", "312.500,", "kr 312,500."]
)
def test_an_amount_is_found_however_its_thousands_stand_apart(text):
    assert names_number(f"Grensen er {text}", 312_500)


@pytest.mark.parametrize("text", ["1312500", "312 5000", "312 50", "31 2500", "3125001"])
def test_another_amount_is_not_taken_for_it(text):
    assert not names_number(text, 312_500)


def test_a_year_before_an_amount_does_not_hide_it():
    assert names_number("I 2025 345 000 kroner", 345_000)


def test_a_paragraph_is_found_with_and_without_a_space():
    assert names_paragraph("se §4 i reglene", "§ 4")
    assert names_paragraph("se §\u00a04", "§ 4")
    assert not names_paragraph("se § 41", "§ 4")
    assert not names_paragraph("se 4", "§ 4")


@pytest.mark.parametrize(
    ("letter", "fault"),
    [
        (None, "length"),
        ("Nei.", "length"),
        ("ja " * 10_000, "length"),
        ("Dette er etter § 4 med 300 000 kroner, og " + "gjennomgangsvurderingene " * 40, "lix"),
        (LETTERS["nn"].format(paragraph="§ 4", value=300_000), "language"),
        (LETTERS["nb"].format(paragraph="§ 5", value=300_000), "paragraph"),
        (LETTERS["nb"].format(paragraph="§ 4", value=299_000), "value"),
    ],
)
def test_a_letter_that_does_not_tell_its_case_is_counted_by_what_it_lacks(letter, fault):
    truth = truth_of("income", "nb", 300_000)
    measure = score([truth], [{**right_answer(truth), "letter": letter}])
    assert measure.details["told"].value == 0
    assert measure.details[f"letters_{fault}"].value == 1
