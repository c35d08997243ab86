"""Where an event's folders lie, what its settings mean, and how a new one is made."""

import os
import re
import stat
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sandbox import clock
from sandbox.errors import BundleError, EventError, SandboxError
from sandbox.workspace import KIT, Event, new_event, open_workspace
from tests.events import valid_event

OSLO = ZoneInfo("Europe/Oslo")


@pytest.fixture
def event(tmp_path):
    return valid_event(tmp_path / "event")


# --- a new event ----------------------------------------------------------------------------------


def test_a_new_event_opens_as_it_is_and_is_an_open_lab(tmp_path):
    workspace = open_workspace(new_event(tmp_path / "spring-event"))
    assert str(workspace.event.name) == "Spring event"
    assert (workspace.event.starts_at, workspace.event.ends_at) == (None, None)
    assert workspace.state == workspace.folder == tmp_path / "spring-event"
    assert not workspace.is_demo


def test_each_new_event_has_secrets_of_its_own_of_128_bits_or_more(tmp_path):
    texts = [(new_event(tmp_path / name) / "secret.toml").read_text() for name in ("a", "b")]
    secrets = [secret for text in texts for secret in tomllib.loads(text).values()]
    assert len(set(secrets)) == len(secrets) == 2 * 3
    assert all(len(bytes.fromhex(secret)) * 8 >= 128 for secret in secrets)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_the_secrets_are_for_their_owner_alone_before_a_byte_is_in_them(tmp_path, monkeypatch):
    modes = []
    opened = os.fdopen

    def watched(descriptor, *rest, **more):
        status = os.fstat(descriptor)
        modes.append((stat.S_IMODE(status.st_mode), status.st_size))
        return opened(descriptor, *rest, **more)

    monkeypatch.setattr(os, "fdopen", watched)
    before = os.umask(0)
    try:
        made = new_event(tmp_path / "event")
    finally:
        os.umask(before)
    assert modes == [(0o600, 0)]
    assert stat.S_IMODE((made / "secret.toml").stat().st_mode) == 0o600


def test_an_event_inside_the_kit_is_refused(tmp_path):
    for folder in (KIT / "my-event", KIT / "datasets" / ".." / "my-event", KIT):
        with pytest.raises(SandboxError, match="inside the kit"):
            new_event(folder)
    assert not (KIT / "my-event").exists()


def test_an_existing_event_is_left_as_it_is(tmp_path):
    folder = new_event(tmp_path / "event")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(SandboxError, match="an event already"):
        new_event(folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_folder_with_other_files_keeps_them(tmp_path):
    (tmp_path / ".gitignore").write_text("mine\n")
    new_event(tmp_path)
    assert (tmp_path / ".gitignore").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("NAV-hack_2027", "NAV hack 2027"),
        ('say "hei"', 'Say "hei"'),
        ("a\\b", "A\\b"),
        ("æresrunde", "Æresrunde"),
        ("--", "My event"),
    ],
)
def test_any_folder_name_gives_an_event_that_opens(tmp_path, folder, name):
    assert str(open_workspace(new_event(tmp_path / folder)).event.name) == name


def test_secrets_and_builds_stay_out_of_git(tmp_path):
    ignored = (new_event(tmp_path / "event") / ".gitignore").read_text().splitlines()
    assert {"secret.toml", "generations/", "current", "uploads/"} <= set(ignored)


# --- secrets --------------------------------------------------------------------------------------


def test_no_message_and_no_picture_of_the_workspace_shows_a_secret(event):
    secret = tomllib.loads((event / "secret.toml").read_text())["seed"]
    assert secret not in repr(open_workspace(event))
    assert secret not in str(open_workspace(event).secrets)
    for broken in (f'seed = "{secret}0"\n', f"seed = '{secret}\n", f'{secret} = "x"x\n'):
        (event / "secret.toml").write_text(broken)
        with pytest.raises(EventError) as caught:
            open_workspace(event)
        assert secret not in str(caught.value)


def test_seed_salt_and_session_key_are_the_events_own(event):
    workspace = open_workspace(event)
    told = tomllib.loads((event / "secret.toml").read_text())
    assert workspace.seed.hex() == told["seed"]
    assert workspace.salt.hex() == told["salt"]
    assert workspace.session_key.hex() == told["session_key"]


# --- content --------------------------------------------------------------------------------------


def test_the_events_own_content_adds_to_the_kits_and_replaces_it_by_slug(event, tmp_path):
    kit = valid_event(tmp_path / "kit")
    (kit / "datasets" / "parks").rename(kit / "datasets" / "lakes")
    (kit / "datasets" / "README.md").write_text("files beside the folders are passed over")
    (kit / "datasets" / ".hidden").mkdir()
    (kit / "datasets" / "_shared").mkdir()
    folders = replace(open_workspace(event), kit=kit).folders("datasets")
    assert folders == {
        "lakes": kit / "datasets" / "lakes",
        "parks": event / "datasets" / "parks",
        "visits": event / "datasets" / "visits",
    }
    assert list(folders) == sorted(folders)


def test_the_demo_has_the_kits_content_and_its_state_elsewhere(monkeypatch, tmp_path):
    monkeypatch.delenv("SANDBOX_EVENT", raising=False)
    monkeypatch.delenv("SANDBOX_STATE", raising=False)
    workspace = open_workspace()
    assert workspace.is_demo
    assert workspace.content_roots == (KIT,)
    assert workspace.state == KIT / "build" / "demo"
    monkeypatch.setenv("SANDBOX_STATE", str(tmp_path))
    assert open_workspace().state == tmp_path


def test_an_event_named_by_the_environment_is_opened_and_one_that_is_named_wins(
    event, tmp_path, monkeypatch
):
    monkeypatch.setenv("SANDBOX_EVENT", str(event))
    assert open_workspace().folder == event
    assert open_workspace(new_event(tmp_path / "other")).folder == tmp_path / "other"


def test_paths_are_told_as_their_author_knows_them(event, tmp_path):
    workspace = replace(open_workspace(event), kit=tmp_path)
    assert workspace.shown(event / "datasets" / "x") == "datasets/x"
    assert workspace.shown(tmp_path / "challenges" / "y") == "challenges/y"
    assert workspace.shown(KIT / "z") == (KIT / "z").as_posix()


def test_a_folder_that_is_no_event_says_how_to_make_one(tmp_path):
    with pytest.raises(SandboxError, match=r"sandbox event new '.*no such event'"):
        open_workspace(tmp_path / "no such event")


# --- dates ----------------------------------------------------------------------------------------


def dates(**told):
    return Event.model_validate({"name": "x", **told})


def test_a_time_without_an_offset_is_the_zones_own():
    event = dates(starts=datetime(2027, 7, 1, 9), timezone="Europe/Helsinki")  # noqa: DTZ001
    assert event.starts_at.astimezone(UTC) == datetime(2027, 7, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("today", "starts", "ends"),
    [
        # the night to 28 March 2027 is an hour short in Norway, the one to 31 October an hour long
        ("2027-03-27", "2027-03-27T08:00Z", "2027-03-28T13:00Z"),
        ("2027-10-30", "2027-10-30T07:00Z", "2027-10-31T14:00Z"),
    ],
)
def test_relative_dates_keep_their_hour_when_the_clocks_change(today, starts, ends):
    event = dates(starts="today 09:00", ends="today+1 15:00")
    with clock.fixed(datetime.fromisoformat(f"{today}T12:00Z")):
        assert event.starts_at == datetime.fromisoformat(starts)
        assert event.ends_at == datetime.fromisoformat(ends)
        assert (event.ends_at.hour, event.ends_at.tzinfo) == (15, OSLO)


def test_today_is_the_day_in_the_events_zone():
    event = dates(starts="today 09:00")
    with clock.fixed(datetime(2027, 3, 5, 23, 30, tzinfo=UTC)):
        assert event.starts_at.date().isoformat() == "2027-03-06"


def test_an_end_that_is_earlier_on_the_clock_may_be_later_in_truth():
    start = datetime(2027, 3, 5, 9, tzinfo=ZoneInfo("Asia/Tokyo"))
    event = dates(starts=start, ends=datetime(2027, 3, 5, 8))  # noqa: DTZ001
    assert event.ends_at - event.starts_at == timedelta(hours=7)


# --- the current bundle ---------------------------------------------------------------------------


def test_the_current_generation_is_the_one_that_current_names(event):
    workspace = open_workspace(event)
    (workspace.generations / "0123456789abcdef").mkdir(parents=True)
    workspace.current_file.write_text("0123456789abcdef\n")
    assert workspace.current_bundle() == workspace.generations / "0123456789abcdef" / "bundle"
    assert workspace.current_truth().name == "truth"


@pytest.mark.parametrize("written", [None, "", "0123456789abcdef", "../../elsewhere", b"\xff\xfe"])
def test_without_a_bundle_the_command_that_makes_one_is_told(event, written):
    workspace = open_workspace(event)
    if written is not None:
        raw = written if isinstance(written, bytes) else written.encode()
        workspace.current_file.write_bytes(raw)
    with pytest.raises(BundleError, match=re.escape(f"sandbox build --event {event}")):
        workspace.current_bundle()


def test_two_providers_have_two_names(event):
    one = '\n[[sign_in]]\nslug = "town"\nname = "T"\nissuer = "https://t.org"\nclient_id = "x"\n'
    file = event / "event.toml"
    file.write_text(file.read_text("utf-8") + one + one, encoding="utf-8")
    with pytest.raises(EventError, match=r"(?s)found: town, town.*a slug of its own"):
        open_workspace(event)
