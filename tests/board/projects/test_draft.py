"""A draft as its team meets it: half-done is fine, two write at once, nothing typed is lost."""

import pytest
from sqlalchemy import select

from sandbox.board.projects.draft import SECTIONS
from sandbox.projects.fields import FIELDS, MOST_LINKS
from sandbox.state.projects import Revision
from sandbox.state.teams import Membership
from tests.board.projects.conftest import WHOLE
from tests.board.visitors import visitor

JSON = {"Accept": "application/json"}


def value(page, name):
    """What stands in a field of the page."""
    for kind in ("textarea", "input"):
        for one in page.all(kind):
            if one.get("id") == name:
                return (one.text if kind == "textarea" else one.get("value")) or ""
    raise AssertionError(f"no field {name}")


def auto(two, client, base, pen, status=200, **fields):
    """What the page's script sends, and what it is told."""
    sent = {"csrf_token": client.token("/project/"), "revision": base, "pen": pen} | fields
    answer = client.flask.post("/project/", data=sent, headers=JSON)
    assert answer.status_code == status
    return answer.get_json()


def test_the_page_asks_for_every_field_in_its_order():
    assert [name for section in SECTIONS for name in section.names] == [f.name for f in FIELDS]


def test_what_one_writes_the_other_reads_and_half_a_draft_is_kept(two):
    page = two.kari.get("/project/")
    assert "Your project" in page.text and "/project/images" in page.links
    two.write(two.kari, outcome="  Kari waits less.\r\nSo does Ola.  ", title="A  queue")
    page = two.ola.get("/project/")
    assert value(page, "outcome").strip() == "Kari waits less.\nSo does Ola."
    assert value(page, "title") == "A queue" and "by Kari" in page.text


def test_links_are_pairs_and_empty_rows_are_none(two):
    addresses = ["https://a.example/x", "", "http://192.168.1.20:5000/"]
    rows = {"links-label": ["Code", "", ""], "links-address": addresses}
    two.write(two.kari, **rows)
    assert two.draft().fields["links"] == [
        {"label": "Code", "address": "https://a.example/x"},
        {"label": "http://192.168.1.20:5000/", "address": "http://192.168.1.20:5000/"},
    ]
    assert value(two.kari.get("/project/"), "links-address-2") == "http://192.168.1.20:5000/"
    many = {"links-address": ["https://a.example/"] * (MOST_LINKS + 1)}
    assert f"At most {MOST_LINKS} links" in two.write(two.kari, status=422, **many).text


def test_what_is_wrong_is_said_beside_its_field_and_everything_typed_is_still_there(two):
    long = "x" * 201
    page = two.write(two.kari, status=422, title="Queue", summary=long, prototype="javascript:x")
    assert "Write at most 200 characters; this is 201." in page.text
    assert "“javascript:x” is no address" in page.text
    assert value(page, "summary") == long and value(page, "prototype") == "javascript:x"
    assert {"#summary", "#prototype"} <= set(page.links)
    assert two.draft().fields == {"title": "Queue"}, "the rest is saved"


def test_a_choice_that_is_none_is_refused(two):
    page = two.write(two.kari, status=422, licence="All mine", ai="perhaps")
    assert page.text.count("Choose one of these.") == 4  # above, and beside each field
    assert two.draft().fields == {}


def test_hostile_words_are_shown_and_never_run(two):
    words = "</textarea><script>alert(1)</script>"
    two.write(two.kari, outcome=words, title=words)
    assert value(two.ola.get("/project/"), "outcome").strip() == words
    assert words in two.ola.get("/project/history").text


# --- two at once ----------------------------------------------------------------------------------


def test_in_different_fields_two_do_not_get_in_each_others_way(two):
    two.write(two.kari, title="T", outcome="old")
    two.write(two.ola, base=1, outcome="old", title="Ola’s", summary="")
    two.write(two.kari, base=1, outcome="Kari’s", title="T", summary="")
    assert two.draft().fields == {"title": "Ola’s", "outcome": "Kari’s"}


@pytest.mark.swift
def test_in_the_same_field_both_texts_are_shown_and_one_is_chosen(two):
    two.write(two.kari, base=0, outcome="Kari’s", pen="k")
    page = two.write(two.ola, base=0, outcome="Ola’s", title="T", pen="o", status=409)
    assert "Kari wrote here at the same time" in page.text and "Kari’s" in page.text
    assert value(page, "outcome").strip() == "Ola’s" and value(page, "title") == "T"
    assert two.draft().fields == {"outcome": "Kari’s", "title": "T"}, "nothing is written over"

    undecided = {"undecided": "outcome", "pen": "o"}
    page = two.write(two.ola, outcome="Ola’s", status=409, **undecided)  # nothing chosen
    assert two.draft().fields["outcome"] == "Kari’s"
    two.write(two.ola, outcome="Ola’s and Kari’s", **undecided, **{"choice-outcome": "mine"})
    assert two.draft().fields["outcome"] == "Ola’s and Kari’s"


def test_the_other_text_can_be_taken_and_ones_own_is_then_dropped(two):
    two.write(two.kari, base=0, outcome="Kari’s")
    two.write(two.ola, base=0, outcome="Ola’s", status=409)
    two.write(two.ola, outcome="Ola’s", undecided="outcome", **{"choice-outcome": "theirs"})
    assert two.draft().fields["outcome"] == "Kari’s" and two.draft().revision == 1


def test_whoever_writes_again_while_another_chooses_is_not_written_over(two):
    two.write(two.kari, base=0, outcome="Kari’s")
    two.write(two.ola, base=0, outcome="Ola’s", status=409)
    two.write(two.kari, base=1, outcome="Kari’s, better")
    chosen = {"undecided": "outcome", "choice-outcome": "mine"}
    page = two.write(two.ola, base=1, outcome="Ola’s", status=409, **chosen)
    assert "Kari’s, better" in page.text and two.draft().fields["outcome"] == "Kari’s, better"


def test_too_long_a_text_in_a_field_that_another_changed_is_a_conflict_too(two):
    two.write(two.kari, base=0, summary="Kari’s")
    page = two.write(two.ola, base=0, summary="x" * 201, status=409)
    assert "Kari wrote here" in page.text and value(page, "summary") == "x" * 201


def test_a_save_whose_answer_was_lost_is_no_conflict_with_oneself(two):
    two.write(two.kari, base=0, pen="k", outcome="One")
    told = auto(two, two.kari, 0, "k", outcome="One, two")
    assert told["conflicts"] == {} and two.draft().fields["outcome"] == "One, two"
    told = auto(two, two.ola, 0, "o", outcome="Ola’s")
    assert told["conflicts"]["outcome"] == {"value": "One, two", "text": "One, two", "by": "Kari"}


def test_the_script_is_told_what_is_kept_what_is_wrong_and_what_others_wrote(two):
    two.write(two.ola, base=0, title="Ola’s", links_label="")
    told = auto(two, two.kari, 0, "k", outcome="Kari’s", summary="x" * 201)
    assert told["revision"] == 2 and told["newer"] == {"title": "Ola’s"}
    assert list(told["wrong"]) == ["summary"] and told["conflicts"] == {}
    assert two.draft().fields == {"title": "Ola’s", "outcome": "Kari’s"}


def test_the_same_again_is_no_revision(two):
    for _ in range(3):
        two.write(two.kari, title="Queue")
    assert two.draft().revision == 1


def test_a_page_that_names_no_revision_writes_over_nothing(two):
    two.write(two.kari, title="Queue")
    sent = {"title": "Other", "revision": "nonsense"}
    two.ola.post("/project/", sent, status=409)
    assert two.draft().fields["title"] == "Queue"


# --- what was ever in it --------------------------------------------------------------------------


def test_every_save_is_kept_and_an_earlier_text_can_be_taken_back(two):
    assert "Nothing has been written" in two.kari.get("/project/history").text
    two.write(two.kari, title="First")
    two.write(two.ola, title="Second")
    page = two.kari.get("/project/history")
    assert "First" in page.text and "Second" in page.text and "Kari" in page.text
    two.kari.post("/project/history", {"revision": 1, "field": "title"})
    assert two.draft().fields["title"] == "First"
    with two.state.read() as reader:
        kept = reader.scalars(select(Revision).order_by(Revision.revision)).all()
    assert [one.fields["title"] for one in kept] == ["First", "Second", "First"]
    two.kari.post("/project/history", {"revision": 9, "field": "title"}, status=404)


def test_a_long_history_comes_in_pages_that_a_phone_can_load(two):
    for number in range(30):
        two.write((two.kari, two.ola)[number % 2], evidence=f"{number} " + "x" * 2_900)
    seen, address = [], "/project/history"
    while address and len(seen) < 31:
        page = two.kari.get(address)
        seen += [int(one.text.split()[0]) for one in page.all("p")
                 if one.get("class") == "said"]  # fmt: skip
        older = [a.get("href") for a in page.all("a") if a.text == "Older"]
        address = older[0] if older else None
    assert seen == list(reversed(range(30)))


# --- whose it is ----------------------------------------------------------------------------------


def test_others_have_no_way_to_it_and_whoever_leaves_has_none_any_more(two):
    two.write(two.kari, **WHOLE)
    other = visitor(two.app, "other@example.org")
    for address in ("/project/", "/project/history", "/project/submit", "/project/submissions/",
                    "/project/submissions/1/", "/project/submissions/1.json"):  # fmt: skip
        assert other.raw(address).headers["Location"] == "/teams/"
    with two.state.write() as writer:
        for one in writer.scalars(select(Membership)):
            one.left_at = one.joined_at if one.account_id == two.numbers["ola"] else None
    assert two.ola.raw("/project/").headers["Location"] == "/teams/"
