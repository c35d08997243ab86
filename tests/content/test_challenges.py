"""Every challenge proves itself: it scores, it asks for what is hidden, and it reads well."""

import csv
import json
import re
from collections import Counter
from itertools import pairwise

import pytest
from markdown_it import MarkdownIt
from scipy.stats import chi2_contingency

from sandbox.grading import MEBIBYTES
from sandbox.grading.judge import judge
from sandbox.grading.order import Order
from sandbox.grading.values import parse
from sandbox.workspace import open_workspace

pytestmark = pytest.mark.heavy

CHALLENGES = sorted(open_workspace().folders("challenges"))
LANGUAGES = {"en": "brief.md", "nb": "brief.nb.md"}
WORDS_ON_A_PAGE = 450
LONGEST_SENTENCE = 40
VAGUE = (
    r"leverag\w*|utiliz\w*|innovativ\w*|synerg\w*|state-of-the-art|user-friendly|brukervennlig\w*"
)


@pytest.fixture(scope="module", params=CHALLENGES)
def slug(request):
    return request.param


@pytest.fixture(scope="module")
def challenge(slug, catalog):
    return catalog.challenges[slug]


@pytest.fixture(scope="module")
def truth(slug, workspace, bundle):
    return rows(workspace.current_truth() / slug / "answers.csv")


@pytest.fixture(scope="module", params=LANGUAGES)
def brief(request, slug, bundle):
    return bundle.file(f"challenges/{slug}/{LANGUAGES[request.param]}").read_text(encoding="utf-8")


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def scored(slug, challenge, workspace, tmp_path, given):
    """The judge's measure of {key: values by column}, without a process of its own."""
    key, columns = challenge.answers.key, list(challenge.answers.columns)
    path = tmp_path / "answers.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = ([asked, *(values[c] for c in columns)] for asked, values in given.items())
        csv.writer(file).writerows([[key, *columns], *lines])
    order = Order(slug=slug, challenge=challenge, answers=str(path), shown_as=path.name,
                  truth=str(workspace.current_truth()), mebibytes=MEBIBYTES)  # fmt: skip
    return judge(order).whole


def right(challenge, row):
    """What is true, as an answer: both ends of an interval are the estimate itself."""
    ends = {"low": "estimate", "high": "estimate"}
    return {c: row[c if c in row else ends[c]] for c in challenge.answers.columns}


# --- scoring --------------------------------------------------------------------------------------


def test_todays_practice_scores_and_doing_nothing_scores_worse(slug, bundle):
    scores = json.loads(bundle.file(f"challenges/{slug}/scores.json").read_text())
    assert [row["name"] for row in scores["rows"]] == ["today", "do_nothing"]
    today, nothing = (row["score"] for row in scores["rows"])
    assert today > nothing == 0
    assert scores["higher_is_better"]


def test_todays_practice_leaves_something_to_win(
    slug, challenge, workspace, bundle, truth, tmp_path
):
    scores = json.loads(bundle.file(f"challenges/{slug}/scores.json").read_text())
    best = {row[challenge.answers.key]: right(challenge, row) for row in truth}
    best = scored(slug, challenge, workspace, tmp_path, best).ungated
    assert best > scores["rows"][0]["score"] + 20


def test_every_challenge_has_a_picture_of_todays_practice(slug, challenge, bundle):
    assert challenge.picture
    marks = json.loads(bundle.file(f"challenges/{slug}/picture.json").read_bytes())["marks"]
    assert len(marks) > 1
    assert len({mark["x"] for mark in marks}) == len(marks)
    assert any(mark["y"] for mark in marks)


def test_groups_are_named_and_each_has_its_score_and_the_gap_an_interval(
    slug, challenge, bundle, truth
):
    named = {row["group"] for row in truth if row.get("group")}
    assert bool(named) == bool(challenge.score.groups)
    for row in json.loads(bundle.file(f"challenges/{slug}/scores.json").read_bytes())["rows"]:
        assert [group["name"] for group in row["groups"]] == sorted(named)
        if named:
            assert row["gap"]["low"] <= row["gap"]["value"] <= row["gap"]["high"]


def test_where_answers_are_a_sample_they_have_an_interval_and_a_tie_band(slug, bundle, truth):
    scores = json.loads(bundle.file(f"challenges/{slug}/scores.json").read_bytes())
    today = scores["rows"][0]
    if len(truth) >= 1_000:
        assert today["details"]["low"] < today["score"] < today["details"]["high"]
        assert 0 < scores["band"] < 10


def test_the_template_asks_for_every_hidden_key_and_nothing_else(slug, challenge, bundle, truth):
    path = bundle.file(f"challenges/{slug}/answers-template.csv")
    template = rows(path)
    key = challenge.answers.key
    assert path.read_text().splitlines()[0] == ",".join([key, *challenge.answers.columns])
    assert [row[key] for row in template] == [row[key] for row in truth]
    assert all(row[column] == "" for row in template for column in challenge.answers.columns)


def test_hidden_answers_are_of_the_form_that_is_asked_for(challenge, truth):
    assert truth
    assert {row["part"] for row in truth} == {"public", "private"}
    for name, column in challenge.answers.columns.items():
        told = {right(challenge, row)[name] for row in truth}
        if column.codes:
            assert told - ({""} if not column.required else set()) <= set(column.codes)
        assert len(told) > 1
        for value in told:
            parse(value, column)


def test_the_public_part_is_about_as_large_as_it_is_said_to_be(challenge, truth):
    share = challenge.answers.public_share
    public = sum(row["part"] == "public" for row in truth)
    spread = (share * (1 - share) * len(truth)) ** 0.5
    assert abs(public - share * len(truth)) <= 4 * spread


def test_what_is_asked_for_is_not_among_what_is_published(bundle):
    """Whoever is to be answered has no decision and no event."""
    db = bundle.connect()
    asked = rows(bundle.file("challenges/same-day-permit/answers-template.csv"))
    answered = {
        key
        for table in ("decisions", "case_events")
        for (key,) in db.execute(f"SELECT DISTINCT application_id FROM {table}")
    }
    assert answered
    assert not answered & {row["application_id"] for row in asked}


def test_gaps_between_keys_do_not_tell_what_is_held_out(bundle, workspace):
    """Where rows are absent, what the keys around them leave out is independent of the answer."""
    answers = {
        row["application_id"]: row["answer"]
        for row in rows(workspace.current_truth() / "same-day-permit" / "answers.csv")
    }
    db = bundle.connect()
    ends = {
        key: (first, last)
        for key, first, last in db.execute(
            "SELECT application_id, min(event_id), max(event_id) FROM case_events GROUP BY 1"
        )
    }
    assert ends
    if any(isinstance(first, str) for first, _ in ends.values()):
        assert all(first.startswith(key) for key, (first, _) in ends.items())
        return
    order = [key for (key,) in db.execute("SELECT application_id FROM applications ORDER BY 1")]
    seen = Counter(
        (ends[after][0] - ends[before][1], answers[key])
        for (before, key), (_, after) in pairwise(pairwise(order))
        if key in answers and before in ends and after in ends
    )
    gaps, codes = ({pair[side] for pair in seen} for side in (0, 1))
    table = [[seen[gap, code] for code in codes] for gap in gaps]
    assert chi2_contingency(table).pvalue > 1e-6


# --- the first half hour, computed in another way -------------------------------------------------


def test_the_answers_of_the_first_half_hour_are_right(bundle, workspace):
    """Some of answers.sql again, from the CSV files and without SQL."""

    def table(dataset, name):
        return rows(bundle.file(f"datasets/{dataset}/{name}.csv"))

    municipalities = {m["municipality_code"]: m for m in table("norway", "municipalities")}
    counties = {c["county_code"]: c["name"] for c in table("norway", "counties")}
    persons = table("population", "persons")
    homes = [municipalities[p["municipality_code"]] for p in persons]
    in_county = [counties[m["county_code"]] for m in homes]
    names = [n["municipality_code"] for n in table("norway", "municipality_names")]
    nynorsk = [m for m in municipalities.values() if m["language_form"] == "nynorsk"]
    young = [int(p["age"]) < 18 for p, m in zip(persons, homes, strict=True)
             if m["language_form"] == "nynorsk"]  # fmt: skip
    several = {code for code in names if names.count(code) > 1}
    every = [m["county_code"] for m in municipalities.values()]
    expected = {
        "q1": max(map(every.count, counties)),
        "q2": sum(int(m["population"]) for m in nynorsk),
        "q3": in_county.count("Trøndelag"),
        "q5": sum(m["municipality_code"] in several for m in homes),
        "q6": round(100 * sum(young) / len(young), 1),
    }
    answers = rows(workspace.current_truth() / "know-your-municipality" / "answers.csv")
    hidden = {row["question"]: row["answer"] for row in answers}
    assert {q: float(hidden[q]) for q in expected} == pytest.approx(expected)


def test_the_brief_lists_the_questions_that_are_scored(bundle, workspace):
    answers = rows(workspace.current_truth() / "know-your-municipality" / "answers.csv")
    for file in LANGUAGES.values():
        text = bundle.file(f"challenges/know-your-municipality/{file}").read_text()
        assert re.findall(r"^\| `(q\d)` \|", text, re.M) == [row["question"] for row in answers]


# --- briefs ---------------------------------------------------------------------------------------


def test_a_brief_fits_on_two_pages(brief):
    assert len(brief.split()) <= 2 * WORDS_ON_A_PAGE


def test_a_brief_has_one_heading_of_each_kind_in_order(brief):
    headings = re.findall(r"^(#+) (.+)$", brief, re.M)
    assert [marks for marks, _ in headings].count("#") == 1
    assert headings[0][0] == "#"
    assert {marks for marks, _ in headings} == {"#", "##"}
    assert len({words for _, words in headings}) == len(headings)


def test_a_brief_is_plain_markdown_without_html_or_pictures_from_elsewhere(brief):
    tokens = MarkdownIt("commonmark").enable("table").parse(brief)
    inner = [t for token in tokens for t in (token, *(token.children or []))]
    assert not {"html_block", "html_inline", "image"} & {t.type for t in inner}


def test_a_brief_is_written_in_plain_words(brief):
    assert not re.search(VAGUE, brief, re.I)
    prose = [block for block in re.split(r"\n\s*\n", brief) if not block.startswith(("|", "#"))]
    text = "\n\n".join(re.sub(r"^(- |\d\. )", "\n", block, flags=re.M) for block in prose)
    sentences = [s for block in text.split("\n\n") for s in re.split(r"(?<=[.?!:;])\s+", block)]
    longest = max(sentences, key=lambda s: len(s.split()))
    assert len(longest.split()) <= LONGEST_SENTENCE, longest


def test_a_brief_says_what_is_synthetic_and_which_tables_there_are(brief, challenge, catalog):
    if any(catalog.datasets[slug].origin == "synthetic" for slug in challenge.datasets):
        assert re.search("synteti|synthetic", brief, re.I)
    tables = {name for slug in catalog.datasets for name in catalog.datasets[slug].tables}
    columns = {c for _, table in catalog.tables.values() for c in table.columns}
    codes = {code for column in challenge.answers.columns.values() for code in column.codes or ()}
    keys = {f"q{number}" for number in range(1, 9)}
    keys |= {challenge.answers.key, *challenge.answers.columns}
    for word in re.findall(r"`([a-z_0-9]+)`", brief):
        assert word in tables | columns | codes | keys, f"the brief names {word}, which is nowhere"


def test_a_brief_names_stored_questions_by_the_words_they_have(slug, bundle, catalog):
    titles = {
        tag: {q.title.best(tag)[0] for _, q in catalog.questions.values()} for tag in LANGUAGES
    }
    for tag, file in LANGUAGES.items():
        text = bundle.file(f"challenges/{slug}/{file}").read_text(encoding="utf-8")
        named = {" ".join(words.split()) for words in re.findall(r"(?<!\*)\*([^*]+\?)\*", text)}
        assert named
        assert named <= titles[tag]


def test_both_briefs_have_the_same_parts(slug, bundle):
    """Headings, list items and table rows follow each other alike in both languages."""
    shapes = []
    for file in LANGUAGES.values():
        text = bundle.file(f"challenges/{slug}/{file}").read_text(encoding="utf-8")
        shapes.append(re.findall(r"^(#+|-|\d\.|\|)(?= )", text, re.M))
    assert shapes[0] == shapes[1]
    assert "##" in shapes[0]


def test_every_text_of_a_challenge_is_said_in_both_languages(slug, challenge):
    assert list(untranslated(challenge.model_dump(), slug)) == []


def untranslated(value, path):
    if isinstance(value, dict) and set(value) & set(LANGUAGES):
        if not set(LANGUAGES) <= set(value) and any(len(text) > 3 for text in value.values()):
            yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from untranslated(inner, f"{path}.{key}")
    elif isinstance(value, tuple | list):
        for index, inner in enumerate(value):
            yield from untranslated(inner, f"{path}.{index}")


def test_a_challenge_says_who_decides_and_what_follows(challenge):
    assert {c.days for c in challenge.afterwards.check_ins} == {30, 90, 180}
    assert challenge.guardrails
    assert challenge.owner.contact.endswith("example.org")
    assert len({str(w) for w in (challenge.decision.if_yes, challenge.decision.if_no,
                                 challenge.decision.if_unclear)}) == 3  # fmt: skip
