"""How ready the event is: each line from a fact, and each turns when the fact does."""

from sandbox import clock
from sandbox.board.people import texts
from sandbox.state import audit
from sandbox.state.people import Pass
from sandbox.state.records import Setting
from sandbox.state.topics import ChallengeState
from tests.board.desk.conftest import SETTINGS
from tests.board.visitors import account, everybody_accepts, visitor

DESK = "/organiser/"


def lines(client):
    """Name → whether it is in place."""
    page = client.get(DESK)
    found = {}
    for line in page.all("li"):
        if line.get("class") in ("is-so", "to-do"):
            found["".join(line.find("a").itertext())] = line.get("class") == "is-so"
    return found


def test_a_new_event_has_its_data_and_all_else_to_do(organiser):
    ready = lines(organiser)
    assert [name for name, is_so in ready.items() if is_so] == ["Data"]
    assert len(ready) == 10
    assert "1 of 10 are in place." in organiser.get(DESK).text


def test_what_is_said_in_the_settings_turns_its_lines(organiser, own):
    said = """
starts = 2027-03-05T09:00:00
ends = 2027-03-06T15:00:00
contact = "at the desk"
conduct_contact = "kari@example.org"
public_url = "https://sandbox.example.org"
"""
    text = SETTINGS.replace("\ntimezone", f"{said}timezone")
    (own.folder / "event.toml").write_text(text, encoding="utf-8")
    ready = lines(organiser)
    for name in ("Dates", "Contact", "Contact for the code of conduct", "Address"):
        assert ready[name], name


def test_mail_counts_when_it_was_tried_as_it_is_and_cards_where_there_is_none(
    organiser, own, event_board
):
    now = clock.now()
    with event_board.extensions["state"].write() as writer:
        card = Pass(kind="card", token_hash="x", made_at=now)
        writer.add(card)
    assert lines(organiser)["Mail or cards"]
    mail = '\npublic_url = "https://s.example.org"\nmail = {host = "m", sender = "a@example.org"}'
    text = SETTINGS.replace("\ntimezone", f"{mail}\ntimezone")
    (own.folder / "event.toml").write_text(text, encoding="utf-8")
    assert not lines(organiser)["Mail or cards"]
    with event_board.extensions["state"].write() as writer:
        server = "m:587 starttls  a@example.org"
        tried = {"server": server, "said": ""}
        writer.add(Setting(name="mail.tested", value=tried, changed_at=now))
        writer.delete(writer.get_one(Pass, card.id))
    assert lines(organiser)["Mail or cards"]


def test_what_organisers_decide_turns_its_lines(real):
    client = visitor(real, roles=["organiser"])
    names = ("Terms and code of conduct", "Responders", "Challenges", "Backup")
    assert not any(lines(client)[name] for name in names)
    now = clock.now()
    me = account(real, "a@example.org", roles=["responder"])
    account(real, "b@example.org", roles=["responder"])
    with real.extensions["state"].write() as writer:
        for kind in ("terms", "code_of_conduct"):
            texts.publish(writer, kind, {"en": "x"}, "Ours.", me)
        writer.add(ChallengeState(slug="shorter-queue", published_at=now))
        audit.record(writer, "backup.write")
    # What was published must be accepted first, by organisers too.
    everybody_accepts(real)
    ready = lines(client)
    assert all(ready[name] for name in names), ready
