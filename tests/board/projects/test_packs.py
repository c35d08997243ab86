"""Packs on the board: in time, late, told ahead, of others, twice; none is lost or counts twice."""

import io
from base64 import b64encode
from datetime import timedelta

import pytest

from sandbox import clock
from sandbox.board import uploads
from sandbox.board.projects import carried, packs, receiving, submitting
from sandbox.projects import folder as folders
from sandbox.projects import packs as files
from sandbox.projects.codes import grouped
from sandbox.state.people import Role
from sandbox.state.projects import Image, Noted, Pack, Project
from sandbox.state.records import Audit
from sandbox.state.teams import Grace, Team
from sandbox.state.topics import ChallengeState
from tests.board.projects import packing
from tests.board.projects.packing import HOUR, bring, close, packed, rows, states, submissions
from tests.board.visitors import visitor
from tests.projects import filled


@pytest.fixture(autouse=True)
def handed_in(monkeypatch):
    """What is handed in as answers, in place of scoring it."""
    got = []

    def hand_in(team_id, challenge, answers, nonce, arrived, by):
        if answers.bytes == b"late":
            raise carried.NotTaken("They came too late, or the challenge is not open.")
        got.append((challenge, answers.bytes, nonce, arrived))

    monkeypatch.setattr(carried, "hand_in", hand_in)
    return got


@pytest.fixture
def kari(board):
    return packing.team(board)


@pytest.fixture
def key(kari):
    return packing.key_of(kari)


@pytest.fixture
def organiser(board):
    return visitor(board, "organiser@example.org", roles=[Role.ORGANISER])


def note(client, content, **more):
    code = grouped(files.read(content).code)
    return client.post("/project/pack/note", {"code": code}, form="/project/pack", **more)


def later(moment):
    return clock.fixed(clock.now() + moment)


def decide(client, number, act, why="The bus was late."):
    data = {f"pack{number}-why": why, f"pack{number}-{act}": "1"}
    return client.post(f"/organiser/packs/{number}", data, form="/organiser/packs/")


# --- in time --------------------------------------------------------------------------------------


@pytest.mark.swift
def test_a_pack_that_comes_in_time_is_a_submission_once(board, kari, key, tmp_path):
    filled.fill(tmp_path / "ours", key)
    pack = folders.pack(folders.read(tmp_path / "ours"), key, tmp_path)
    content = pack.file.read_bytes()
    bring(kari, content)
    bring(kari, content)
    (made,) = submissions(board)
    assert (made.through, made.number, made.challenge) == ("pack", 1, "shorter-queue")
    assert made.content["fields"] == filled.WORDS | {
        name: f"What we say of {name}." for name in filled.TEXTS
    }
    (image,) = rows(board, Image)
    assert [(one["digest"], one["alt"]) for one in made.content["images"]] == [
        (image.digest, "A chart")
    ]
    assert image.removed_at, "it is of the submission and not of the draft"
    with board.app_context():
        assert uploads.path(image.digest).is_file()
        assert uploads.path(rows(board, Pack)[0].file).read_bytes() == content
    page = kari.get("/project/pack")
    assert grouped(pack.code) in page.text
    assert "/project/submissions/1/" in page.links


def test_answers_in_a_pack_are_handed_in_once_as_of_when_it_counts(board, kari, key, handed_in):
    answers = {"shorter-queue": {"name": "a.csv", "content": b64encode(b"1,2").decode()}}
    content = packed(key, answers=answers)
    note(kari, content)
    (told,) = rows(board, Noted)
    close(board, clock.now() + HOUR)
    with later(2 * HOUR):
        bring(kari, content)
        bring(kari, content)
    assert {one[:2] for one in handed_in} == {("shorter-queue", b"1,2")}
    assert len({nonce for _, _, nonce, _ in handed_in}) == 1, "another act would count twice"
    assert {arrived for *_, arrived in handed_in} == {told.at}


def test_answers_that_are_not_taken_are_told_and_the_rest_is_submitted(board, kari, key):
    answers = {"shorter-queue": {"name": "a.csv", "content": b64encode(b"late").decode()}}
    bring(kari, packed(key, answers=answers))
    assert len(submissions(board)) == 1
    page = kari.get("/project/pack").text
    assert "The answers to shorter-queue were not taken; the rest of the pack was" in page


def test_fields_that_are_empty_or_not_asked_for_are_left_out(board, kari, key):
    said = filled.payload(key)["fields"] | {"ai_model": "Somebody's", "how_to_try": ""}
    bring(kari, packed(key, fields=said))
    (made,) = submissions(board)
    assert not {"ai_model", "how_to_try"} & set(made.content["fields"])


def test_what_was_withdrawn_does_not_come_back_by_the_same_file(board, kari, key):
    content = packed(key)
    bring(kari, content)
    with board.extensions["state"].write() as writer:
        project = writer.query(Project).one()
        made = submitting.counting(writer, project.id)
        made.withdrawn_at = clock.now()
    bring(kari, content)
    assert "which was withdrawn" in kari.get("/project/pack").text
    assert [one.withdrawn_at is None for one in submissions(board)] == [False]


# --- refused --------------------------------------------------------------------------------------


def refused(client, content, *told, to="/project/pack"):
    page = bring(client, content, status=422, to=to)
    assert "This pack is not submitted" in page.text
    for one in ("Found", "Expected", "What to do", *told):
        assert one in page.text, one
    return page


def test_a_pack_of_another_event_team_or_key_is_refused_and_kept(board, kari, key):
    other = packing.key_of(packing.team(board, "Badgers", "ola@example.org"))
    refused(kari, packed(key, event="f" * 64), "another event", "ffffffffffff…")
    refused(kari, packed(other), "another team’s", "badgers")
    own = packed(key)
    packing.key_of(kari)
    refused(kari, own, "another key than the team’s newest")
    forged = packed(other, team="otters")
    assert files.read(forged).digest == files.read(own).digest, "what is said is the same"
    refused(kari, forged, "another key than the team’s newest")
    assert states(board) == ["refused"] * 3
    assert not submissions(board)
    with board.app_context():
        kept = {uploads.path(row.file).read_bytes() for row in rows(board, Pack)}
    assert own in kept


def test_a_forged_pack_that_came_first_is_not_taken_for_the_real_one(board, kari, key, organiser):
    close(board, clock.now() - HOUR)
    refused(kari, packed(packing.other_key(key)), "another key than the team’s newest")
    bring(kari, packed(key))
    (row,) = rows(board, Pack)
    decide(organiser, row.id, "accept")
    assert (states(board), len(submissions(board))) == (["accepted"], 1)
    assert organiser.raw(f"/organiser/packs/{row.id}/file").data == packed(key)


def test_a_team_without_a_key_is_told_to_make_one(board, kari, key):
    with board.extensions["state"].write() as writer:
        writer.query(Team).one().public_key = None
    refused(kari, packed(key), "The team has no key")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[" * 9999, b'{"\\ud800": "\\u0000"}', b"\xff" * 99]
)
def test_a_file_that_is_no_pack_is_refused_and_kept(content, board, kari):
    page = refused(kari, content)
    (row,) = rows(board, Pack)
    assert row.file[:12] in page.text
    assert (row.state, row.made_at) == ("refused", None)
    kari.get("/project/pack")


def test_everything_that_is_wrong_with_its_words_is_told_at_once(board, kari, key):
    said = filled.payload(key)["fields"] | {
        "title": "x" * 81, "licence": "WTFPL", "outcome": "", "links": ["javascript:x"],
        "summary": 7, "colour": "teal",
    }  # fmt: skip
    content = packed(key, fields=said, challenge="shortest-queue", language="tlh")
    refused(
        kari, content, "no such challenge", "shortest-queue", "tlh", "colour", "81 characters",
        "WTFPL", "What becomes better, and for whom? This is still needed", "not a list of links",
        "This is not text",
    )  # fmt: skip


def test_a_picture_that_is_none_is_refused_with_its_number(board, kari, key):
    image = {"content": b64encode(b"<svg/>").decode(), "alt": "a", "caption": ""}
    refused(kari, packed(key, images=[image]), "Picture 1 is not taken")
    assert not rows(board, Image)


def test_a_pack_that_comes_while_too_many_pictures_do_counts_as_of_then(
    board, kari, key, monkeypatch
):
    image = {"content": b64encode(filled.picture(form="WEBP")).decode(), "alt": "a", "caption": ""}
    content = packed(key, images=[image])

    def busy(_content):
        raise carried.NotTaken("Many pictures are arriving at this moment.", for_now=True)

    with monkeypatch.context() as crowded:
        crowded.setattr(carried, "picture", busy)
        refused(kari, content, "again in a minute")
    (row,) = rows(board, Pack)
    close(board, clock.now())
    bring(kari, content)
    (made,) = submissions(board)
    assert made.at == row.arrived_at


def test_a_pack_that_is_a_submission_is_not_decoded_again(board, kari, key, monkeypatch):
    image = {"content": b64encode(filled.picture(form="WEBP")).decode(), "alt": "a", "caption": ""}
    content = packed(key, images=[image])
    bring(kari, content)
    monkeypatch.setattr(carried, "picture", None)
    bring(kari, content)
    assert (len(submissions(board)), len(rows(board, Image))) == (1, 1)


def test_a_pack_that_is_refused_and_then_put_right_elsewhere_is_taken(board, kari, key):
    """The same file: the challenge was not open yet when it came first."""
    content = packed(key)
    close(board, clock.now() + HOUR)
    with board.extensions["state"].write() as writer:
        writer.get_one(ChallengeState, "shorter-queue").opens_at = clock.now() + HOUR / 2
    refused(kari, content, "not open yet")
    with later(0.75 * HOUR):
        bring(kari, content)
    assert states(board) == ["accepted"]


def test_a_challenge_that_was_withdrawn_takes_nothing(board, kari, key):
    close(board, clock.now() + HOUR, withdrawn=clock.now())
    refused(kari, packed(key), "The challenge was withdrawn")


def test_a_file_that_is_too_large_is_told_how_large_it_may_be(board, kari, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    page = refused(kari, b"x" * 1001, "at most 1,000 bytes")
    assert "was not kept" in page.text
    assert not rows(board, Pack)


def test_what_is_far_too_large_is_not_even_read(board, kari):
    data = packing.sent(b"x" * (packs.MOST_OF_A_REQUEST + 1))
    kari.post("/project/pack", data, status=413)
    assert not rows(board, Pack)


def test_whoever_tries_without_end_has_to_wait(board, kari, monkeypatch):
    monkeypatch.setattr(packs, "TRIES", (packs.limits.Limit("pack", "account", 1, timedelta(1)),))
    refused(kari, b"1")
    assert "Wait" in bring(kari, b"2", status=429).text


# --- late -----------------------------------------------------------------------------------------


def test_a_late_pack_that_nobody_told_of_waits_and_is_not_lost(board, kari, key):
    close(board, clock.now() - HOUR)
    bring(kari, packed(key, made_at="2020-01-01T00:00:00Z"))  # claims to be early
    assert states(board) == ["waiting"]
    assert not submissions(board)
    page = kari.get("/project/pack").text
    assert "waits for an organiser" in page
    assert "2020" in page and "as the pack says" in page


def test_an_organiser_lets_a_late_pack_count_and_the_reason_stands_everywhere(
    board, kari, key, organiser
):
    close(board, clock.now() - HOUR)
    content = packed(key)
    bring(kari, content)
    (row,) = rows(board, Pack)
    decide(organiser, row.id, "accept")
    (made,) = submissions(board)
    assert made.at == row.arrived_at
    (grace,) = rows(board, Grace)
    assert grace.why == "The bus was late." and grace.until > row.arrived_at
    acts = [one.act for one in rows(board, Audit)]
    assert acts[-2:] == ["team.grace", "pack.accepted"]
    assert "The bus was late." not in str([one.detail for one in rows(board, Audit)])
    assert "The bus was late." in kari.get("/project/pack").text
    bring(kari, content)
    assert len(submissions(board)) == 1


def test_an_organiser_refuses_a_late_pack_and_bringing_it_again_changes_nothing(
    board, kari, key, organiser
):
    close(board, clock.now() - HOUR)
    content = packed(key)
    bring(kari, content)
    (row,) = rows(board, Pack)
    decide(organiser, row.id, "refuse", "You had been told.")
    bring(kari, content)
    assert "You had been told." in kari.get("/project/pack").text
    assert (states(board), submissions(board)) == (["refused"], [])
    assert [one.act for one in rows(board, Audit)][-1] == "pack.refused"
    decide(organiser, row.id, "accept")  # somebody else has the page open still
    assert (states(board), submissions(board)) == (["refused"], [])


def test_a_decision_that_was_broken_off_is_finished_by_the_next_press(
    board, kari, key, organiser, monkeypatch
):
    close(board, clock.now() - HOUR)
    bring(kari, packed(key))
    (row,) = rows(board, Pack)

    def killed(*_):
        raise SystemExit

    with monkeypatch.context() as broken:
        broken.setattr(receiving, "again", killed)
        with pytest.raises(SystemExit):
            decide(organiser, row.id, "accept")
    decide(organiser, row.id, "refuse")
    assert states(board) == ["waiting"], "it was let in: nobody can take that back"
    decide(organiser, row.id, "accept", "another reason")
    assert (states(board), len(submissions(board))) == (["accepted"], 1)
    assert [grace.why for grace in rows(board, Grace)] == ["The bus was late."]


def test_a_submission_that_was_broken_off_before_its_answers_is_finished(
    board, kari, key, handed_in, monkeypatch
):
    answers = {"shorter-queue": {"name": "a.csv", "content": b64encode(b"1,2").decode()}}
    content = packed(key, answers=answers)

    def killed(*_):
        raise SystemExit

    with monkeypatch.context() as broken:
        broken.setattr(carried, "hand_in", killed)
        with pytest.raises(SystemExit):
            bring(kari, content)
    bring(kari, content)
    assert (len(submissions(board)), len(handed_in)) == (1, 1)


def test_a_decision_needs_a_reason(board, kari, key, organiser):
    close(board, clock.now() - HOUR)
    bring(kari, packed(key))
    (row,) = rows(board, Pack)
    page = organiser.post(f"/organiser/packs/{row.id}", {f"pack{row.id}-accept": "1"},
                          form="/organiser/packs/", status=422)  # fmt: skip
    assert "Say why" in page.text
    assert states(board) == ["waiting"]


def test_more_time_that_the_team_was_given_meanwhile_lets_the_same_file_in(board, kari, key):
    now = clock.now()
    close(board, now - HOUR)
    bring(kari, packed(key))
    with board.extensions["state"].write() as writer:
        writer.add(Grace(team_id=packing.team_id(board), challenge="shorter-queue",
                         until=now + HOUR, why="Fire drill", given_at=now))  # fmt: skip
    bring(kari, packed(key))
    assert (states(board), len(submissions(board))) == (["accepted"], 1)


# --- told ahead -----------------------------------------------------------------------------------


def test_a_pack_whose_code_was_told_in_time_counts_from_then_on(board, kari, key):
    content = packed(key)
    note(kari, content)
    (told,) = rows(board, Noted)
    close(board, clock.now() + HOUR)
    assert ", not brought yet" in kari.get("/project/pack").text
    with later(2 * HOUR):
        bring(kari, content)
    (made,) = submissions(board)
    assert made.at == told.at < made.received_at
    assert ", not brought yet" not in kari.get("/project/pack").text


def test_a_code_told_too_late_helps_nobody(board, kari, key):
    content = packed(key)
    close(board, clock.now() - HOUR)
    note(kari, content)
    bring(kari, content)
    assert states(board) == ["waiting"]


def test_a_code_stands_for_one_pack_alone(board, kari, key):
    note(kari, packed(key))
    close(board, clock.now() + HOUR)
    with later(2 * HOUR):
        bring(kari, packed(key, made_at="2027-03-06T13:00:01Z"))
    assert states(board) == ["waiting"]


def test_a_code_that_another_team_told_is_not_ours(board, kari, key):
    content = packed(key)
    note(packing.team(board, "Badgers", "ola@example.org"), content)
    close(board, clock.now() + HOUR)
    with later(2 * HOUR):
        bring(kari, content)
    assert states(board) == ["waiting"]


def test_what_the_team_submitted_after_its_note_goes_before_the_pack(board, kari, key):
    content = packed(key)
    note(kari, content)
    close(board, clock.now() + HOUR)
    with later(0.5 * HOUR), board.extensions["state"].write() as writer:
        project = writer.query(Project).one()
        submitting.submit(writer, project, {"challenge": "shorter-queue"}, nonce="web",
                          at=clock.now(), by=None)  # fmt: skip
    with later(2 * HOUR):
        bring(kari, content)
    assert (states(board), [one.through for one in submissions(board)]) == (["superseded"], ["web"])
    assert "a later submission counts" in kari.get("/project/pack").text


def test_codes_are_read_as_people_type_them(board, kari, key):
    found = files.read(packed(key))
    for typed in (grouped(found.code).lower(), f" {found.code} ", found.digest.upper()):
        assert receiving.code_of(typed) == found.code
    for typed in ("", "ABCDE", "ABCDE-FGHJK-MNPQ0", "x" * 64, "æ" * 15):
        assert receiving.code_of(typed) is None
        page = kari.post("/project/pack/note", {"code": typed}, form="/project/pack", status=422)
        assert "code" in page.text
    assert not rows(board, Noted)


def test_nobody_can_tell_thousands_of_codes(board, kari, monkeypatch):
    monkeypatch.setattr(receiving, "MOST_NOTES", 1)
    for code, status in (("A" * 15, 302), ("B" * 15, 422), ("A" * 15, 302)):
        kari.post("/project/pack/note", {"code": code}, form="/project/pack", status=status)
    assert len(rows(board, Noted)) == 1


# --- the key --------------------------------------------------------------------------------------


def test_a_key_is_handed_out_once_and_the_board_keeps_its_public_half(board, kari, key):
    (team,) = rows(board, Team)
    assert team.public_key == key.public_key
    assert key.private_key not in str(vars(team))
    assert key.challenges["shorter-queue"] and key.team == "otters"
    assert "by Kari" in kari.get("/project/pack").text


def test_a_key_needs_the_forms_token(board, kari):
    assert kari.flask.post("/project/key").status_code == 400


# --- at the desk ----------------------------------------------------------------------------------


def test_an_organiser_takes_a_pack_in_for_the_team_that_signed_it(board, kari, key, organiser):
    bring(organiser, packed(key), to="/organiser/packs/")
    (made,) = submissions(board)
    assert made.through == "pack"
    assert [one.act for one in rows(board, Audit)] == ["pack.brought"]
    assert "Otters" in organiser.get("/organiser/packs/").text
    (row,) = rows(board, Pack)
    answer = organiser.raw(f"/organiser/packs/{row.id}/file")
    assert answer.data == packed(key)
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_what_nobody_signed_is_told_at_the_desk_and_kept(board, kari, key, organiser):
    desk, brought = "/organiser/packs/", [b"{"]
    refused(organiser, b"{", "is not a pack", to=desk)
    for team in ("nobody", "\x00", "../x"):
        brought.append(packed(key, team=team))
        refused(organiser, brought[-1], "another team’s", to=desk)
        refused(organiser, brought[-1], "another team’s", to=desk)
    found = rows(board, Pack)
    assert [row.team_id for row in found] == [None] * 4
    assert "Nobody’s" in organiser.get(desk).text
    for row, content in zip(found, brought, strict=True):
        assert organiser.raw(f"{desk}{row.id}/file").data == content
    assert "No pack has come yet" in kari.get("/project/pack").text


def test_an_organiser_notes_a_code_for_a_team(board, kari, key, organiser):
    content = packed(key)
    data = {"team": str(packing.team_id(board)), "code": files.read(content).code}
    organiser.post("/organiser/packs/note", data, form="/organiser/packs/")
    assert [one.act for one in rows(board, Audit)] == ["pack.noted"]
    assert "Noted, and not brought yet" in organiser.get("/organiser/packs/").text
    data["team"] = "999"
    organiser.post("/organiser/packs/note", data, form="/organiser/packs/", status=422)
    close(board, clock.now() + HOUR)
    with later(2 * HOUR):
        bring(kari, content)
    assert states(board) == ["accepted"]


def test_only_members_of_a_team_bring_packs(board):
    answer = visitor(board, "ola@example.org").raw("/project/pack")
    assert answer.headers["Location"] == "/teams/"


def test_files_come_whole_or_not_at_all(board, kari):
    page = kari.post("/project/pack", {"file": (io.BytesIO(b""), "")}, status=422)
    assert "Choose the file" in page.text
