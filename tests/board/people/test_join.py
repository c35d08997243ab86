"""Joining: what is asked, what is kept, what must be accepted, and who has to wait."""

import pytest
from sqlalchemy import select

from sandbox import clock
from sandbox.board.people import details, texts
from sandbox.state.people import Acceptance, Account, Consent, Detail, Document, SkillHeld
from tests.board.visitors import account, enter, visitor

READ = {"terms": "y", "code_of_conduct": "y", "read": "terms:1 code_of_conduct:1"}
KARI = READ | {"name": "Kari", "language": "nb", "age": "old_enough"}


@pytest.fixture
def newcomer(board):
    return visitor(board, joined=False, name="")


def found(app, model, **by):
    with app.extensions["state"].read() as reader:
        return list(reader.scalars(select(model).filter_by(**by).order_by(model.id)))


def me(app):
    return found(app, Account)[0]


def asks(app, *fields):
    """Let the event ask for these."""
    served = app.extensions["served"]
    live = served._live
    live._workspace = _with(live._workspace, ask=fields)


def _with(workspace, **settings):
    from dataclasses import replace

    return replace(workspace, event=workspace.event.model_copy(update=settings))


@pytest.mark.swift
def test_a_name_an_age_band_and_two_texts_are_enough(board, newcomer):
    newcomer.post("/join/?next=/teams/new", KARI)
    person = me(board)
    assert (person.name, person.language, person.age_band) == ("Kari", "nb", "15+")
    assert person.joined_at is not None
    assert found(board, Detail) == [] and found(board, Consent) == []
    newcomer.get("/teams/new")


def test_what_was_accepted_is_kept_with_version_language_and_time(board, newcomer):
    with clock.fixed(clock.now()):
        newcomer.post("/join/?lang=nb", KARI)
        now = clock.now()
    with board.extensions["state"].read() as reader:
        rows = reader.execute(select(Document.kind, Document.version, Acceptance).join(Acceptance))
        kept = {(kind, number, a.language, a.at) for kind, number, a in rows}
    assert kept == {("terms", 1, "nb", now), ("code_of_conduct", 1, "nb", now)}
    assert me(board).joined_at == now


def test_nothing_is_ticked_beforehand(newcomer):
    boxes = [
        f for f in newcomer.get("/join/").all("input") if f.get("type") in ("checkbox", "radio")
    ]
    assert len(boxes) == 4 + 2 + 1 + 2  # skills, ages, a consent, two texts
    assert not [box.get("name") for box in boxes if box.get("checked") is not None]


@pytest.mark.parametrize("left_out", ["name", "age", "terms", "code_of_conduct"])
def test_each_of_these_is_needed_and_the_rest_stays_written(board, newcomer, left_out):
    sent = {k: v for k, v in KARI.items() if k != left_out} | {"skills": ["user", "developer"]}
    page = newcomer.post("/join/", sent, status=422)
    assert any(link == f"#{left_out}" for link in page.links)
    ticked = {f.get("value") for f in page.all("input") if f.get("checked") is not None}
    assert {"user", "developer"} <= ticked
    assert me(board).joined_at is None and found(board, Acceptance) == []


def test_only_what_the_organiser_asks_for_is_asked_and_taken(board, newcomer):
    asks(board, "diet")
    page = newcomer.get("/join/")
    fields = {f.get("name") for kind in ("input", "textarea") for f in page.all(kind)}
    assert "diet" in fields and not fields & {"phone", "access"}
    assert "So that there is food for you. Erased" in page.text
    newcomer.post("/join/", KARI | {"diet": "no nuts", "phone": "12345678", "skills": ["user"]})
    assert [(d.field, d.value) for d in found(board, Detail)] == [("diet", "no nuts")]
    assert [s.skill for s in found(board, SkillHeld)] == ["user"]


def test_organisers_see_what_was_told_and_who_may_be_written_to(board, newcomer):
    asks(board, "diet")
    newcomer.post("/join/", KARI | {"diet": "no nuts", "follow_up": "y"})
    page = visitor(board, "boss@example.org", roles=["organiser"]).get("/organiser/needs/")
    assert "no nuts" in page.text and "kari@example.org" in page.text
    assert "Mobile number" not in page.text
    newcomer.post("/account/consent", {"withdraw": "1"}, form="/account/")
    page = visitor(board, "two@example.org", roles=["organiser"]).get("/organiser/needs/")
    assert "kari@example.org" not in page.text


def test_a_skill_that_there_is_not_is_refused(board, newcomer):
    newcomer.post("/join/", KARI | {"skills": ["organiser"]}, status=422)
    assert found(board, SkillHeld) == []


def test_later_contact_is_a_consent_of_its_own_and_one_tap_takes_it_back(board, newcomer):
    newcomer.post("/join/", KARI | {"follow_up": "y"})
    (given,) = found(board, Consent)
    assert given.purpose == details.FOLLOW_UP and given.withdrawn_at is None
    newcomer.post("/account/consent", {"withdraw": "1"}, form="/account/")
    (given,) = found(board, Consent)
    assert given.withdrawn_at is not None
    newcomer.post("/account/consent", {"give": "1"}, form="/account/")
    assert [bool(c.withdrawn_at) for c in found(board, Consent)] == [True, False]


def test_who_is_too_young_names_a_guardian_and_waits_for_the_signature(board, newcomer):
    young = KARI | {"age": "younger"}
    newcomer.post("/join/", young, status=422)
    guardian = {"guardian_name": "Berit Berg", "guardian_contact": "berit@example.org"}
    newcomer.post("/join/", young | guardian)
    person = me(board)
    assert person.joined_at is None and person.age_band == "under 15"
    page = newcomer.get("/join/")
    assert "One signature is missing" in page.text and "Berit Berg" in page.text
    assert newcomer.raw("/teams/new").headers["Location"].startswith("/join/")

    boss = visitor(board, "boss@example.org", roles=["organiser"])
    assert "berit@example.org" in boss.get("/organiser/young/").text
    boss.post(f"/organiser/young/{person.id}", {"agreed": "1"}, form="/organiser/young/")
    assert me(board).joined_at is not None
    assert [c.purpose for c in found(board, Consent)] == ["guardian"]
    newcomer.get("/teams/new")
    assert "Berit" not in boss.get("/organiser/young/").text


def test_a_guardian_who_does_not_agree_leaves_no_account(board, newcomer):
    guardian = {"guardian_name": "Berit Berg", "guardian_contact": "berit@example.org"}
    newcomer.post("/join/", KARI | {"age": "younger"} | guardian)
    boss = visitor(board, "boss@example.org", roles=["organiser"])
    number = me(board).id
    boss.post(f"/organiser/young/{number}", {"refused": "1"}, form="/organiser/young/")
    assert me(board).deleted_at is not None and found(board, Detail) == []


def test_nobody_else_is_let_in_or_deleted_by_the_guardians_page(board):
    boss = visitor(board, "boss@example.org", roles=["organiser"])
    other = account(board)
    token = boss.token("/organiser/young/")
    for button in ("agreed", "refused"):
        answer = boss.flask.post(
            f"/organiser/young/{other}", data={"csrf_token": token, button: "1"}
        )
        assert answer.status_code == 404
    assert found(board, Account, id=other)[0].deleted_at is None


@pytest.mark.parametrize(("country", "years"), [("NO", 15), ("SE", 13), ("DK", 15), ("IS", 13)])
def test_the_age_is_that_of_the_country(board, newcomer, country, years):
    live = board.extensions["served"]._live
    live._workspace = _with(live._workspace, country=country)
    assert f"I am {years} or older" in newcomer.get("/join/").text


def test_an_organiser_raises_the_age_and_cannot_lower_it(board, newcomer):
    boss = visitor(board, "boss@example.org", roles=["organiser"])
    boss.post("/organiser/young/", {"years": "12"}, status=422)
    boss.post("/organiser/young/", {"years": "x"}, status=422)
    boss.post("/organiser/young/", {"years": "18"})
    assert "I am 18 or older" in newcomer.get("/join/").text


def test_a_new_version_is_asked_for_before_anything_else(board, newcomer):
    newcomer.post("/join/", KARI)
    with board.extensions["state"].write() as writer:
        texts.publish(writer, "terms", {"en": "Version two.\n"}, "Prizes were added.", None)
    assert newcomer.raw("/teams/new").headers["Location"] == "/join/?next=/teams/new"
    page = newcomer.get("/join/?next=/teams/new")
    assert "Version two." in page.text and "Prizes were added." in page.text
    assert "code of conduct" not in page.one("form").find(".//label").text
    newcomer.post("/join/", {"terms": "y", "read": "terms:1"}, status=422)  # of what is gone
    newcomer.post("/join/?next=/teams/new", {"terms": "y", "read": "terms:2"})
    newcomer.get("/teams/new")
    assert me(board).name == "Kari"
    assert len(found(board, Acceptance)) == 3


def test_a_text_that_changes_while_it_is_read_is_not_accepted_unread(board, newcomer):
    with board.extensions["state"].write() as writer:
        texts.publish(writer, "terms", {"en": "Version two.\n"}, "All of it.", None)
    page = newcomer.post("/join/", KARI, status=422)
    assert "has changed since you opened the page" in page.text
    assert "Version two." in page.text and found(board, Acceptance) == []


def test_whoever_has_joined_is_sent_on_and_not_asked_again(board):
    client = visitor(board)
    assert client.raw("/join/?next=/teams/").headers["Location"] == "/teams/"
    assert client.raw("/join/?next=//evil.example").headers["Location"] == "/"


def test_asking_whether_something_is_left_to_accept_is_one_query(board):
    from tests.board.client import queries

    client = enter(board, account(board))
    with queries(board) as asked:
        client.raw("/teams/new")
    assert sum("documents" in statement for statement in asked) == 1
