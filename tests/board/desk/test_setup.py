"""The event's settings in the browser: written whole or not at all, and taken up at once."""

import stat
import tomllib
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from sandbox import clock
from sandbox.board import create_app
from sandbox.board.desk import settings as settings_file
from sandbox.state import open_state
from tests.board.client import Client
from tests.board.desk.conftest import SETTINGS
from tests.board.desk.forms import filled
from tests.board.visitors import visitor

PAGE, MAIL = "/organiser/event/", "/organiser/event/mail/"
OSLO = ZoneInfo("Europe/Oslo")


# What a browser sends of the form as it is shown; that it does is a test of its own.
UNTOUCHED = {
    "name_en": "Spring event", "languages": ["en", "nb"], "timezone": "Europe/Oslo",
    "country": "NO", "registration": "invited", "accent": "teal",
}  # fmt: skip


@pytest.fixture
def save(organiser, own):
    """Send the form, with these fields changed."""

    def send(status=302, **changed):
        sent = UNTOUCHED | {"seen": settings_file.digest(own)} | changed
        return organiser.post(PAGE, sent, form="/account/", status=status)

    return send


def test_an_untouched_form_sends_what_is_so(organiser, own):
    sent = filled(organiser.get(PAGE))
    assert sent["seen"] == settings_file.digest(own)
    said = {name: value for name, value in sent.items() if value}
    assert said.pop("csrf_token") and said.pop("seen")
    one = {name: v[0] if isinstance(v, list) and len(v) == 1 else v for name, v in said.items()}
    assert one == UNTOUCHED


def test_what_is_saved_stands_in_the_file_and_on_the_pages_at_once(save, settings, event_board):
    save(
        name_nb="Vårarrangementet", tagline_en="Better services", starts="2027-03-05T09:00",
        ends="2027-03-06T15:00", contact="at the desk", conduct_contact="kari@example.org",
        registration="open", ask=["diet", "access"], accent="plum", country="DK",
        public_url="https://sandbox.example.org/",
    )  # fmt: skip
    said = tomllib.loads(settings())
    assert said["name"] == {"en": "Spring event", "nb": "Vårarrangementet"}
    assert (said["starts"].isoformat(), said["ends"].isoformat()) == (
        "2027-03-05T09:00:00", "2027-03-06T15:00:00",
    )  # fmt: skip
    assert said["tagline"] == "Better services"
    assert (said["registration"], said["ask"]) == ("open", ["diet", "access"])
    assert (said["accent"], said["country"]) == ("plum", "DK")
    assert said["public_url"] == "https://sandbox.example.org"
    home = Client(event_board).get("/?lang=nb")
    assert home.root.get("data-accent") == "plum"
    assert "Vårarrangementet" in home.text


def test_an_untouched_form_changes_not_one_byte_and_nothing_is_audited(save, settings, audited):
    save()
    assert settings() == SETTINGS
    assert audited() == []


def test_comments_order_and_what_no_form_knows_are_kept(save, settings):
    save(contact="at the desk")
    kept = [line for line in settings().splitlines() if line and not line.startswith("contact")]
    assert kept == [line for line in SETTINGS.splitlines() if line]


@pytest.mark.parametrize(
    "text",
    [
        'name.en = "Spring event"\nname.nb = "Vår"\nlanguages = ["en", "nb"]\n',
        '[mail]\nhost = "m"\nsender = "a@example.org"\n[name]\nen = "Spring event"\nnb = "Vår"\n',
        'name = {en = "Spring event", nb = "Vår"}\nmail = {host = "m", sender = "a@example.org"}\n'
        'contact = "here"\n',
    ],
    ids=["dotted keys", "tables", "inline tables"],
)
def test_any_way_of_writing_toml_can_be_changed(save, own, text, organiser, settings):
    (own.folder / "event.toml").write_text(text, encoding="utf-8")
    save(name_en="Autumn", accent="rust")
    said = tomllib.loads(settings())
    assert (said["name"], said["accent"]) == ("Autumn", "rust")
    save(name_en="Autumn", name_da="Efterår", accent="blue", contact="there")
    said = tomllib.loads(settings())
    assert (said["name"], said["contact"]) == ({"en": "Autumn", "da": "Efterår"}, "there")
    organiser.post(MAIL, SERVER | {"seen": settings_file.digest(own)}, form="/account/")
    said = tomllib.loads(settings())
    assert (said["mail"]["host"], said["accent"]) == ("smtp.example.org", "blue")


def test_the_former_file_is_kept_beside_it(save, own):
    save(contact="at the desk")
    assert (own.folder / "event.toml.before").read_text() == SETTINGS
    assert sorted(p.name for p in own.folder.iterdir() if p.name.startswith(".")) == [".gitignore"]


def test_an_emptied_field_is_taken_out(save, settings):
    save(contact="at the desk", starts="2027-03-05T09:00")
    save(contact="", starts="")
    assert {"contact", "starts"}.isdisjoint(tomllib.loads(settings()))


ALL_WRONG = [
    {
        "name_en": (" ", "name in at least one language"),
        "timezone": ("Europe/Atlantis", "time zone from the list"),
        "public_url": ("sandbox.example.org", "such as https://sandbox.example.org"),
        "languages": ([], "at least one language"),
        "accent": ("pink", "choice"),
        "country": ("XX", "choice"),
    },
    {
        "name_en": ("x" * 81, "at most 80 characters"),
        "starts": ("2027-03-28T02:30", "go forward over that hour"),
        "public_url": ("javascript:alert(1)", "such as https://sandbox.example.org"),
        "languages": (["fi"], "choice"),
        "registration": ("closed", "choice"),
    },
    {"starts": ("next week", "such as 2027-03-05 09:00"), "contact": ("x" * 201, "at most 200")},
    {"ends": ("2027-03-06T15:00", "Say when it starts")},
]


@pytest.mark.parametrize("wrong", ALL_WRONG, ids=[" ".join(wrong) for wrong in ALL_WRONG])
def test_all_that_cannot_be_is_told_at_its_field_and_nothing_is_written(save, settings, wrong):
    page = save(422, **{field: value for field, (value, _) in wrong.items()})
    for field, (value, told) in wrong.items():
        problem = page.one(f"*[@id='{field}-error']")
        assert told in "".join(problem.itertext())
        assert f"#{field}" in page.links
        if isinstance(value, str) and (shown := page.all(f"input[@name='{field}'][@type='text']")):
            assert shown[0].get("value") == value.strip()
    assert settings() == SETTINGS


def test_a_browser_is_not_told_that_each_language_must_be_ticked(organiser):
    boxes = [f for f in organiser.get(PAGE).all("input") if f.get("name") == "languages"]
    assert len(boxes) == 5
    assert not [box for box in boxes if box.get("required") is not None]


def test_an_end_before_its_start_is_refused(save):
    page = save(422, starts="2027-03-05T09:00", ends="2027-03-05T09:00")
    assert "The end must be later than the start." in page.text


def test_dates_are_on_the_clocks_of_the_zone_that_is_chosen_with_them(save, organiser, settings):
    save(timezone="Asia/Tokyo", starts="2027-03-28T02:30")  # an hour that Oslo leaves out
    assert tomllib.loads(settings())["starts"].isoformat() == "2027-03-28T02:30:00"
    assert "Japan Standard Time" in organiser.get("/").text


def test_a_relative_date_stays_as_it_is_written(save, own, settings):
    text = SETTINGS.replace("timezone", 'starts = "today 09:00"\ntimezone')
    (own.folder / "event.toml").write_text(text, encoding="utf-8")
    save(contact="at the desk", starts=f"{clock.now().astimezone(OSLO):%Y-%m-%d}T09:00")
    assert 'starts = "today 09:00"' in settings()


def test_a_file_that_was_edited_meanwhile_is_not_overwritten(save, own, settings):
    seen = settings_file.digest(own)
    edited = SETTINGS + '\n[mail]\nhost = "x"\nsender = "a@example.org"\n'
    (own.folder / "event.toml").write_text(edited, encoding="utf-8")
    page = save(422, contact="mine", seen=seen)
    assert "Somebody has changed event.toml meanwhile. Nothing was overwritten." in page.text
    assert settings() == edited


def test_a_broken_edit_by_hand_is_told_with_its_line_and_the_settings_before_stay(
    organiser, save, own, settings
):
    broken = SETTINGS.replace('"Europe/Oslo"', '"Europe/Oslö"')
    (own.folder / "event.toml").write_text(broken, encoding="utf-8")
    page = organiser.get(PAGE)
    assert "event.toml is not in use as it stands" in page.text
    assert "event.toml:3" in page.text
    assert "Spring event" in page.text
    refused = save(422, contact="x")
    assert "cannot be read as it stands" in refused.text
    assert settings() == broken
    (own.folder / "event.toml").write_text(SETTINGS.replace("Spring", "Mended"), encoding="utf-8")
    assert "Mended event" in organiser.get("/").text


def test_another_process_takes_up_what_this_one_saved(save, own, tmp_path):
    other = create_app(own, state=open_state(replace(own, state=tmp_path)))
    other.secret_key = own.session_key
    assert "Spring event" in Client(other).get("/").text
    save(name_en="Autumn event")
    assert "Autumn event" in Client(other).get("/").text
    other.extensions["state"].close()


def test_the_audit_log_names_the_fields_and_not_what_they_say(save, audited):
    save(contact="kari@example.org", accent="rust")
    assert audited() == [("event.settings", {"fields": ["accent", "contact"]})]


def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_half_done(
    save, own, settings, monkeypatch, audited
):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sandbox.board.desk.settings.os.fsync", full)
    page = save(422, contact="at the desk")
    assert "No space left on device" in page.text
    assert settings() == SETTINGS
    assert audited() == []
    assert not [p for p in own.folder.iterdir() if p.name.startswith(".event")]


def test_only_named_fields_are_taken(save, settings):
    save(public_seed="known", seed="00", datasets="none", mail="x")
    assert settings() == SETTINGS


def test_the_demo_shows_its_settings_and_the_way_out_and_takes_nothing(board):
    client = visitor(board, roles=["organiser"])
    for address in (PAGE, MAIL, "/organiser/content/", "/organiser/import/"):
        page = client.get(address)
        assert "sandbox event new" in page.text
        assert not [b for b in page.all("button") if b.get("class") == "button"]
        refused = client.post(
            address, filled(page) | {"name_en": "Mine"}, form="/account/", status=409
        )
        assert "sandbox event new" in refused.text


# --- mail -----------------------------------------------------------------------------------------

SERVER = {
    "host": "smtp.example.org", "security": "starttls", "port": "", "sender": "us@example.org",
    "username": "us", "password": "hunter2-hunter2",
}  # fmt: skip


def secrets(own):
    return tomllib.loads((own.folder / "secret.toml").read_text())


def test_the_password_goes_to_the_secrets_and_is_never_shown(organiser, own, settings, audited):
    before = secrets(own)
    organiser.post(MAIL, SERVER | {"seen": _seen(organiser)})
    assert tomllib.loads(settings())["mail"] == {
        "host": "smtp.example.org", "sender": "us@example.org", "port": 587,
        "security": "starttls", "username": "us",
    }  # fmt: skip
    assert secrets(own) == before | {"mail_password": "hunter2-hunter2"}
    assert stat.S_IMODE((own.folder / "secret.toml").stat().st_mode) == 0o600
    assert "hunter2" not in organiser.get(MAIL).html
    assert "hunter2" not in str(audited()) + settings()


def test_another_server_does_not_get_the_password_that_is_kept(organiser, own):
    organiser.post(MAIL, SERVER | {"seen": _seen(organiser)})
    moved = SERVER | {"host": "smtp.attacker.example", "password": ""}
    organiser.post(MAIL, moved | {"seen": _seen(organiser)})
    assert "mail_password" not in secrets(own)


def test_the_password_stays_where_only_the_sender_changes_and_goes_when_told(organiser, own):
    organiser.post(MAIL, SERVER | {"seen": _seen(organiser)})
    same = SERVER | {"sender": "desk@example.org", "password": "", "port": "587"}
    organiser.post(MAIL, same | {"seen": _seen(organiser)})
    assert secrets(own)["mail_password"] == "hunter2-hunter2"
    organiser.post(MAIL, same | {"seen": _seen(organiser), "forget": "y"})
    assert "mail_password" not in secrets(own)


def test_no_server_takes_mail_out_of_the_file_and_the_password_with_it(organiser, own, settings):
    organiser.post(MAIL, SERVER | {"seen": _seen(organiser)})
    organiser.post(MAIL, SERVER | {"host": "", "password": "", "seen": _seen(organiser)})
    assert "mail" not in tomllib.loads(settings())
    assert "mail_password" not in secrets(own)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("host", "smtp.example.org\r\nEHLO", "a name such as smtp.example.org"),
        ("host", "smtp example", "a name such as smtp.example.org"),
        ("port", "0", "from 1 to 65535"),
        ("port", "many", "integer"),
        ("sender", "", "the address that the mails come from"),
        ("sender", "us", "such as kari@example.org"),
    ],
)
def test_a_mail_server_that_cannot_be_is_told(organiser, settings, field, value, told):
    page = organiser.post(MAIL, SERVER | {field: value, "seen": _seen(organiser)}, status=422)
    assert told in page.text
    assert settings() == SETTINGS


def _seen(organiser):
    return filled(organiser.get(MAIL))["seen"]
