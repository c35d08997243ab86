"""Where the folders lie: the kit's content, the event's own, its state, its secrets, its bundle."""

from __future__ import annotations

import json
import logging
import os
import re
import secrets as random_source
import shlex
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from sandbox import clock
from sandbox.descriptors import LANGUAGES, Descriptor, Expected, Source, Words, read
from sandbox.errors import BundleError, EventError, Problem, SandboxError

log = logging.getLogger(__name__)
KIT = Path(__file__).resolve().parent.parent
KINDS = ("datasets", "challenges", "starter_templates")
SLUG = re.compile(r"[a-z][a-z0-9-]*")
KEPT_GENERATIONS = 2

ACCENTS = ("teal", "blue", "green", "plum", "rust")
COUNTRIES = ("NO", "SE", "DK", "FI", "IS")

Choice = Literal["all"] | tuple[str, ...]
Moment = str | datetime


class Mail(Descriptor):
    """How the event sends e-mail; the password stands in secret.toml."""

    host: str
    sender: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None


class Provider(Descriptor):
    """Who else may say who somebody is, by OpenID Connect; its secret stands in secret.toml."""

    slug: str
    name: Words
    issuer: str
    client_id: str

    @field_validator("slug")
    @classmethod
    def _in_addresses(cls, slug: str) -> str:
        if not SLUG.fullmatch(slug):
            raise Expected("small letters, digits and hyphens, such as town")
        return slug

    @field_validator("issuer")
    @classmethod
    def _kept_private(cls, issuer: str) -> str:
        """What it says about people travels by https, but on this very machine."""
        private = r"https://[^\s/]+\S*|http://(127\.0\.0\.1|localhost|\[::1\])\S*"
        if not re.fullmatch(private, issuer):
            raise Expected("an address that begins with https://")
        return issuer


class Event(Descriptor):
    """event.toml: what an organiser decides about the event."""

    name: Words
    tagline: Words | None = None
    place: Words | None = None  # where people meet
    timezone: str = "Europe/Oslo"
    starts: Moment | None = None
    ends: Moment | None = None
    languages: tuple[str, ...] = ("en", "nb")
    datasets: Choice = "all"
    challenges: Choice = "all"
    starters: Choice = "all"
    public_url: str | None = None
    public_seed: str | None = None
    country: Literal[*COUNTRIES] = "NO"  # type: ignore[valid-type]  # whose age of consent holds
    contact: str | None = None  # how to reach the organisers
    conduct_contact: str | None = None  # whom to tell when somebody is not treated well
    registration: Literal["invited", "open"] = "invited"
    ask: tuple[Literal["phone", "diet", "access"], ...] = ()
    accent: Literal[*ACCENTS] = "teal"  # type: ignore[valid-type]
    mail: Mail | None = None
    sign_in: tuple[Provider, ...] = ()

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise Expected("an IANA time zone such as Europe/Oslo") from None
        return name

    @field_validator("languages")
    @classmethod
    def _languages_known(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        if not tags or any(tag not in LANGUAGES for tag in tags):
            raise Expected(f"one or more of {', '.join(LANGUAGES)}", found=", ".join(tags))
        return tags

    @field_validator("starts", "ends", mode="before")
    @classmethod
    def _moment_readable(cls, value: object) -> object:
        if isinstance(value, datetime) or (isinstance(value, str) and _RELATIVE.fullmatch(value)):
            return value
        raise Expected(
            'a date and time such as 2027-03-05T09:00:00 without quotes, or "today 09:00"'
        )

    @field_validator("ends")
    @classmethod
    def _in_order(cls, value: Moment | None, info: ValidationInfo) -> Moment | None:
        if not {"starts", "timezone"} <= info.data.keys():
            return value
        starts, ends = (_moment(m, ZoneInfo(info.data["timezone"]))
                        for m in (info.data["starts"], value))  # fmt: skip
        if ends and not starts:
            raise Expected("starts as well, since ends is given")
        if starts and ends and ends <= starts:
            raise Expected(f"an end that is later than the start, {starts}", found=str(ends))
        return value

    @field_validator("datasets", "challenges", "starters", mode="before")
    @classmethod
    def _all_or_some(cls, value: object) -> object:
        if value == "all" or (isinstance(value, tuple) and all(isinstance(v, str) for v in value)):
            return value
        raise Expected('"all", or a list of names such as ["norway", "population"]')

    @field_validator("public_url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", url):
            raise Expected("an address such as https://sandbox.example.org")
        return url.rstrip("/") if url else None

    @field_validator("sign_in")
    @classmethod
    def _told_apart(cls, providers: tuple[Provider, ...]) -> tuple[Provider, ...]:
        slugs = [provider.slug for provider in providers]
        if len(set(slugs)) < len(slugs):
            raise Expected("a slug of its own for each provider", found=", ".join(slugs))
        return providers

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def starts_at(self) -> datetime | None:
        """When the event begins, aware, in the event's zone; None in an open lab."""
        return _moment(self.starts, self.zone)

    @property
    def ends_at(self) -> datetime | None:
        return _moment(self.ends, self.zone)


class Secrets(Descriptor):
    """secret.toml: what nobody but the organiser's machine may know, and no message repeats."""

    model_config = ConfigDict(hide_input_in_errors=True)

    seed: SecretStr
    salt: SecretStr
    session_key: SecretStr
    mail_password: SecretStr | None = None
    sign_in: dict[str, SecretStr] = Field(default_factory=dict)  # provider's slug → its secret

    @field_validator("seed", "salt", "session_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if not re.fullmatch(r"[0-9a-f]{32,}", text) or len(text) % 2:
            raise Expected("at least 32 hexadecimal digits (128 bits), an even number of them")
        return value


_RELATIVE = re.compile(r"today(?:\+(\d{1,3}))? ([01]\d|2[0-3]):([0-5]\d)")


def _moment(value: Moment | None, zone: ZoneInfo) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(zone) if value.tzinfo else value.replace(tzinfo=zone)
    if value is None:
        return None
    days, hour, minute = _RELATIVE.fullmatch(value).groups()  # type: ignore[union-attr]
    day = clock.now().astimezone(zone).date() + timedelta(days=int(days or 0))
    return datetime.combine(day, time(int(hour), int(minute)), zone)


@dataclass(frozen=True)
class Workspace:
    """The kit and the event on it: `folder` holds event.toml, `state` what is written.

    `settings` knows the lines of event.toml, for those who find something wrong in it later.
    """

    event: Event
    folder: Path
    state: Path
    secrets: Secrets | None = field(repr=False, default=None)
    kit: Path = KIT
    settings: Source | None = field(repr=False, compare=False, default=None)
    above: tuple[Path, ...] = ()  # folders of content that go before the kit's and the event's

    @property
    def is_demo(self) -> bool:
        return self.event.public_seed is not None

    @property
    def seed(self) -> bytes:
        """What every draw begins from."""
        if self.secrets:
            return bytes.fromhex(self.secrets.seed.get_secret_value())
        return (self.event.public_seed or "").encode()

    @property
    def salt(self) -> bytes:
        """Mixed into every published hash, so that nothing can be guessed and compared."""
        return bytes.fromhex(self.secrets.salt.get_secret_value()) if self.secrets else b"demo"

    @property
    def session_key(self) -> bytes:
        """What cookies are signed with; the demo's own is made once, so that sessions last."""
        if self.secrets:
            return bytes.fromhex(self.secrets.session_key.get_secret_value())
        return _kept_key(self.state / "session_key")

    @cached_property
    def content_roots(self) -> tuple[Path, ...]:
        below = (self.kit,) if self.folder == self.kit / "demo" else (self.kit, self.folder)
        return (*below, *self.above)

    def with_content(self, folder: Path) -> Workspace:
        """The same with the content of one more folder, which goes before all others by slug."""
        return replace(self, above=(*self.above, folder))

    def folders(self, kind: str) -> dict[str, Path]:
        """Slug → folder of every `kind` of content; the event's own replace the kit's by slug."""
        found: dict[str, Path] = {}
        for root in self.content_roots:
            if (root / kind).is_dir():
                found |= {f.name: f for f in (root / kind).iterdir() if _is_content(f)}
        return dict(sorted(found.items()))

    def shown(self, path: Path) -> str:
        """`path` as its author knows it: relative to the event's folder or to the kit."""
        for root in (*self.above, self.folder, self.kit):
            if path.is_relative_to(root):
                return path.relative_to(root).as_posix()
        return path.as_posix()

    @property
    def uploads(self) -> Path:
        """Files that people hand in, under the hash of their content."""
        return self.state / "uploads"

    @property
    def generations(self) -> Path:
        return self.state / "generations"

    @property
    def current_file(self) -> Path:
        """One line: the digest of the generation that is served."""
        return self.state / "current"

    def current_stamp(self) -> tuple[int, int] | None:
        """Changes whenever another generation becomes current; costs one look at the folder."""
        try:
            found = self.current_file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino

    def current_generation(self) -> Path:
        try:
            digest = self.current_file.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            raise BundleError(
                f"There is no bundle yet. Make one: {self.command('build')}"
            ) from None
        folder = self.generations / digest
        if not re.fullmatch(r"[0-9a-f]{16,64}", digest) or not folder.is_dir():
            make = self.command("build")
            raise BundleError(f"{self.current_file} names a bundle that is gone. Make one: {make}")
        return folder

    def current_bundle(self) -> Path:
        return self.current_generation() / "bundle"

    def current_truth(self) -> Path:
        return self.current_generation() / "truth"

    def command(self, verb: str) -> str:
        """A command as this event's organiser would type it."""
        event = "" if self.is_demo else f" --event {shlex.quote(str(self.folder))}"
        return f"sandbox {verb}{event}"


def _kept_key(file: Path) -> bytes:
    """Random bytes that the first who asks writes down, readable by nobody else."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f"{file.name}-{random_source.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as made:
        made.write(random_source.token_bytes(32))
    try:
        os.link(aside, file)  # whole or not at all, and never over another's
    except FileExistsError:
        pass
    finally:
        aside.unlink()
    return file.read_bytes()


class Live:
    """The workspace as its event.toml says now: edited while serving, it is read again.

    A file that says something impossible is told to the log, and what it said last stays.
    """

    def __init__(self, workspace: Workspace):
        self._workspace = workspace
        self._seen = self._stamp()
        self._lock = threading.Lock()

    def now(self) -> Workspace:
        if (stamp := self._stamp()) != self._seen:
            with self._lock:
                if stamp != self._seen:
                    self._read_again()
                    self._seen = stamp
        return self._workspace

    def _stamp(self) -> tuple[int, ...]:
        stamps = []
        for name in ("event.toml", "secret.toml"):
            try:
                found = (self._workspace.folder / name).stat()
            except OSError:
                continue
            stamps += [found.st_mtime_ns, found.st_ino, found.st_size]
        return tuple(stamps)

    def _read_again(self) -> None:
        before = self._workspace
        try:
            event, settings, secrets = read_settings(before.folder, is_demo=before.is_demo)
        except SandboxError as error:
            log.error("The event's settings stay as they were: %s", error)
            return
        self._workspace = replace(before, event=event, settings=settings, secrets=secrets)


def _is_content(folder: Path) -> bool:
    return folder.is_dir() and not folder.name.startswith((".", "_"))


def open_workspace(event: Path | None = None) -> Workspace:
    """The workspace of the event in folder `event`, of SANDBOX_EVENT, or of the demo.

    Raises EventError with everything that is wrong in event.toml and secret.toml.
    SANDBOX_STATE moves the demo's state elsewhere (tests use it).
    """
    named = event or (
        Path(os.environ["SANDBOX_EVENT"]) if os.environ.get("SANDBOX_EVENT") else None
    )
    folder = (named or KIT / "demo").expanduser().resolve()
    is_demo = folder == KIT / "demo"
    if not (folder / "event.toml").is_file():
        raise SandboxError(f"{folder} is not an event: it has no event.toml. "
                           f"Make one: sandbox event new {shlex.quote(str(folder))}")  # fmt: skip
    settings, source, hidden = read_settings(folder, is_demo=is_demo)
    state = Path(os.environ.get("SANDBOX_STATE") or KIT / "build" / "demo") if is_demo else folder
    return Workspace(settings, folder, state, hidden, settings=source)


def read_settings(folder: Path, *, is_demo: bool) -> tuple[Event, Source, Secrets | None]:
    """event.toml and secret.toml, or EventError with everything that is wrong in them."""
    problems: list[Problem] = []
    settings = read(folder / "event.toml", Event, problems, shown_as="event.toml")
    hidden = None
    if not is_demo:
        hidden, found = _secrets(folder / "secret.toml")
        problems += found
    if settings:
        problems += _seed_problems(*settings, is_demo=is_demo)
    if problems or not settings:
        raise EventError(problems)
    return *settings, hidden


def _seed_problems(event: Event, source: Source, *, is_demo: bool) -> list[Problem]:
    if is_demo and not event.public_seed:
        fix = 'give it one: public_seed = "…"'
        return [Problem("the demo needs a public seed", source.file, 1, fix=fix)]
    if event.public_seed and not is_demo:
        return [
            Problem(
                "a public seed would give every answer away",
                source.file,
                source.line(("public_seed",)),
                expected="a secret seed, in secret.toml",
                fix="delete this line",
            )
        ]
    return []


def _secrets(path: Path) -> tuple[Secrets | None, list[Problem]]:
    if not path.exists():
        what, fix = "the event's secrets are missing", "put back the file made with the event"
        return None, [Problem(what, path.name, fix=f"{fix}: with another seed the data is another")]
    problems = _careless(path)
    made = read(path, Secrets, problems)
    return (made[0] if made else None), problems


def _careless(path: Path) -> list[Problem]:
    """Others on the machine must not read the secrets (POSIX only: Windows has no such bits)."""
    if os.name != "posix" or not path.stat().st_mode & 0o077:
        return []
    found = f"mode {path.stat().st_mode & 0o777:o}"
    fix = f"chmod 600 {shlex.quote(str(path))}"
    return [Problem("others can read the secrets", path.name, None, found, "mode 600", fix)]


EVENT_TEMPLATE = """\
# What you decide about the event. Every command takes --event with this folder.
name = {name}
# tagline = "One sentence about the event"

# Without dates it is an open lab with no countdown. Times are those of the zone.
# starts = 2027-03-05T09:00:00
# ends = 2027-03-06T15:00:00
timezone = "Europe/Oslo"
# Which languages pages are in, the first for readers of others: en, nb, nn, sv, da
languages = ["en", "nb"]

# "all", or the names of those you want: ["norway", "population"]
datasets = "all"
challenges = "all"
starters = "all"

# The address that participants type, when it is not this machine's
# public_url = "https://sandbox.example.org"
"""

NOT_IN_GIT = """\
secret.toml
generations/
current
board*.sqlite*
uploads/
before-restore-*.zip
.revealing-*/
"""


def new_event(folder: Path) -> Path:
    """Make an event's folder with settings and fresh secrets; an existing event is left alone."""
    folder = folder.expanduser().resolve()
    if folder.is_relative_to(KIT):
        raise SandboxError(f"{folder} lies inside the kit. Choose a folder outside it, so that the "
                           "kit can be upgraded without touching your event.")  # fmt: skip
    if (folder / "event.toml").exists() or (folder / "secret.toml").exists():
        raise SandboxError(f"{folder} is an event already; nothing was changed.")
    folder.mkdir(parents=True, exist_ok=True)
    drawn = (name for name, secret in Secrets.model_fields.items() if secret.is_required())
    lines = (f'{name} = "{random_source.token_hex(32)}"' for name in drawn)
    text = "# Keep this file to yourself: whoever knows the seed knows every hidden answer.\n"
    descriptor = os.open(folder / "secret.toml", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n".join(lines) + "\n")
    name = re.sub(r"[-_\s]+", " ", folder.name).strip() or "My event"
    quoted = json.dumps(name[0].upper() + name[1:], ensure_ascii=False)
    (folder / "event.toml").write_text(EVENT_TEMPLATE.format(name=quoted), encoding="utf-8")
    if not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text(NOT_IN_GIT, encoding="utf-8")
    return folder
