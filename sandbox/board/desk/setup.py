"""The event's settings in the browser: what event.toml says, and how mail is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    SubmitField,
)
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice as Choice
from wtforms.validators import NumberRange, Optional, Regexp, StopValidation, ValidationError

from sandbox import clock
from sandbox.board import mail, moments
from sandbox.board.access import only
from sandbox.board.desk import settings
from sandbox.board.forms import (
    N_,
    CheckboxesField,
    Form,
    address,
    at_most,
    required,
    tidy,
)
from sandbox.board.jobs import GiveUp
from sandbox.board.people.visitor import myself
from sandbox.board.served import event, served
from sandbox.board.site import page
from sandbox.board.store import db, state
from sandbox.board.words import gettext
from sandbox.descriptors import LANGUAGES
from sandbox.errors import EventError, Problem
from sandbox.state import audit
from sandbox.state.people import Role
from sandbox.state.records import Setting
from sandbox.ui.languages import NAMES
from sandbox.workspace import ACCENTS, Event, Mail

pages = Blueprint("setup", __name__, url_prefix="/organiser/event")
Answer = str | tuple[str, int] | Response
TESTED = "mail.tested"  # the Setting that holds how the last test of mail went

COUNTRIES = [Choice("NO", N_("Norway")), Choice("SE", N_("Sweden")), Choice("DK", N_("Denmark")),
             Choice("FI", N_("Finland")), Choice("IS", N_("Iceland"))]  # fmt: skip
COLOURS = {"teal": N_("Teal"), "blue": N_("Blue"), "green": N_("Green"), "plum": N_("Plum"),
           "rust": N_("Rust")}  # fmt: skip


class Unchanged(Enum):
    """What stays as it is."""

    IT = "it"


UNCHANGED = Unchanged.IT
Change = str | None | Unchanged


def writable() -> bool:
    """Whether this event has settings of its own: the demo's are the kit's."""
    return not served().workspace.is_demo


# --- forms ----------------------------------------------------------------------------------------


def _zone(_form: PlainForm, field: Field) -> None:
    if field.data not in available_timezones():
        raise StopValidation(gettext("Choose a time zone from the list, such as Europe/Oslo."))


def _in_zone(form: PlainForm, field: Field) -> None:
    """A date and time on the event's clocks; told only where the zone itself is known."""
    if not field.data:
        raise StopValidation()
    if form.timezone.data in available_timezones():
        try:
            moments.parse(field.data, ZoneInfo(form.timezone.data))
        except moments.NoSuchMoment as error:
            raise ValidationError(str(error)) from None


def _text(label: str, most: int, *checks: Any, **attributes: str) -> StringField:
    return StringField(label, [Optional(), at_most(most), *checks], [tidy], render_kw=attributes)


def _words(tag: str, most: int) -> StringField:
    return StringField(NAMES[tag], [at_most(most)], [tidy], render_kw={"lang": tag})


class WordsForm(Form):
    """Name and tagline in each language of the kit."""

    seen = HiddenField()
    name_en, tagline_en = _words("en", 80), _words("en", 200)
    name_nb, tagline_nb = _words("nb", 80), _words("nb", 200)
    name_nn, tagline_nn = _words("nn", 80), _words("nn", 200)
    name_sv, tagline_sv = _words("sv", 80), _words("sv", 200)
    name_da, tagline_da = _words("da", 80), _words("da", 200)

    def validate_name_en(self, _field: Field) -> None:
        if not self.words("name"):
            raise ValidationError(gettext("Write the event’s name in at least one language."))

    def words(self, name: str) -> dict[str, str]:
        """The texts of `name_<language>` that say something."""
        return {tag: text for tag in LANGUAGES if (text := self[f"{name}_{tag}"].data)}


class EventForm(WordsForm):
    """What an organiser decides about the event."""

    languages = CheckboxesField(
        N_("Languages of the pages"),
        [required(N_("Choose at least one language."))],
        choices=[Choice(tag, NAMES[tag]) for tag in LANGUAGES],
    )
    timezone = StringField(
        N_("Time zone"),
        [required(N_("Choose a time zone.")), _zone],
        [tidy],
        render_kw={"list": "zones", "autocomplete": "off", "spellcheck": "false"},
    )
    starts = StringField(N_("It starts"), [_in_zone], [tidy], render_kw={"type": "datetime-local"})
    ends = StringField(N_("It ends"), [_in_zone], [tidy], render_kw={"type": "datetime-local"})
    country = SelectField(N_("Country"), [required(N_("Choose a country."))], choices=COUNTRIES)
    contact = _text(N_("How to reach the organisers"), 200)
    conduct_contact = _text(N_("Whom to tell when somebody is not treated well"), 200)
    registration = RadioField(
        N_("Who can register"),
        choices=[
            Choice("invited", N_("Those who have an invitation")),
            Choice("open", N_("Everybody who finds the page")),
        ],
    )
    ask = CheckboxesField(
        N_("What people are asked for besides their name"),
        choices=[
            Choice("phone", N_("A telephone number")),
            Choice("diet", N_("What they cannot or do not eat")),
            Choice("access", N_("What they need to take part: a ramp, captions, a quiet room")),
        ],
    )
    accent = RadioField(N_("Colour"), choices=[Choice(name, COLOURS[name]) for name in ACCENTS])
    public_url = _text(
        N_("Address that participants type"),
        300,
        Regexp(
            r"https?://[^\s/?#]+(/[^\s?#]*)?$",
            message=N_("Write an address such as https://sandbox.example.org."),
        ),
        type="url",
        autocomplete="url",
    )
    submit = SubmitField(N_("Save"))

    def validate_ends(self, field: Field) -> None:
        starts = self.moment(self.starts)
        if starts is None and not self.starts.errors:
            raise ValidationError(gettext("Say when it starts, too."))
        ends = self.moment(field)
        if starts and ends and ends <= starts:
            raise ValidationError(gettext("The end must be later than the start."))

    def moment(self, field: Field) -> Any:
        """What a field of date and time holds, None for nothing or for what is wrong."""
        try:
            return moments.parse(field.data or "", ZoneInfo(self.timezone.data))
        except (ValueError, OSError):
            return None


def _sender(form: PlainForm, field: Field) -> None:
    """Needed where there is a server."""
    if not field.data:
        told = gettext("Write the address that the mails come from.")
        raise StopValidation(told if form.host.data else None)


class MailForm(Form):
    """The mail server; the password is written down where no page reads it."""

    seen = HiddenField()
    host = _text(
        N_("Mail server"),
        200,
        Regexp(r"[A-Za-z0-9.:_-]+$", message=N_("Write a name such as smtp.example.org.")),
        spellcheck="false",
    )
    port = IntegerField(
        N_("Port"),
        [Optional(), NumberRange(1, 65535, N_("A port is a number from 1 to 65535."))],
        render_kw={"inputmode": "numeric"},
    )
    security = RadioField(
        N_("How the connection is kept private"),
        choices=[
            Choice("starttls", N_("STARTTLS, mostly at port 587")),
            Choice("tls", N_("TLS from the start, mostly at port 465")),
            Choice("none", N_("Not at all: only for a server on this machine")),
        ],
    )
    sender = StringField(
        N_("Address the mails come from"), [_sender, address], [tidy], render_kw={"type": "email"}
    )
    username = _text(N_("User name at the mail server"), 200, autocomplete="off")
    password = PasswordField(
        N_("Password at the mail server"),
        [Optional(), at_most(200)],
        render_kw={"autocomplete": "new-password"},
    )
    forget = BooleanField(N_("Forget the password that is kept"))
    submit = SubmitField(N_("Save"))

    def wanted(self) -> dict[str, Any] | None:
        """The table [mail], or None for no mail."""
        if not self.host.data:
            return None
        usual = {"starttls": 587, "tls": 465, "none": 25}
        return {
            "host": self.host.data,
            "sender": self.sender.data,
            "port": self.port.data or usual[self.security.data],
            "security": self.security.data,
            "username": self.username.data or None,
        }


class TestForm(Form):
    """One button."""

    submit = SubmitField(N_("Send a test mail to me"))


# --- the event ------------------------------------------------------------------------------------


@pages.route("/", methods=["GET", "POST"])
@only(Role.ORGANISER)
def form() -> Answer:
    asked, now = EventForm(), event()
    if request.method == "GET":
        fill(asked, now)
    elif writable() and asked.validate() and _event_kept(asked, now):
        return redirect(url_for("setup.form"))
    return _shown("board/desk/event.html", asked, zones=sorted(available_timezones()))


# Where a key of event.toml has more than one field, the one that tells what is wrong with it.
FIELDS = {"name": "name_en", "tagline": "tagline_en"}


def fill(asked: EventForm, now: Event) -> None:
    """Put what is so now into the fields."""
    asked.seen.data = settings.digest(served().workspace)
    for tag in LANGUAGES:
        asked[f"name_{tag}"].data = now.name.root.get(tag, "")
        asked[f"tagline_{tag}"].data = now.tagline.root.get(tag, "") if now.tagline else ""
    for name in ("starts", "ends"):
        asked[name].data = moments.as_typed(getattr(now, f"{name}_at"), now.zone)
    for name in ("timezone", "country", "contact", "conduct_contact", "registration", "accent",
                 "public_url"):  # fmt: skip
        asked[name].data = getattr(now, name)
    asked.languages.data, asked.ask.data = list(now.languages), list(now.ask)


def _event_kept(asked: EventForm, now: Event) -> bool:
    return kept(asked, "event.settings", changes(asked, now), FIELDS)


def changes(asked: EventForm, now: Event) -> dict[str, Any]:
    """Key → new value, for those alone that differ: what is untouched stays as it is written."""
    found = dict(_changed_words(asked, now))
    for name in ("starts", "ends"):
        moment = asked.moment(asked[name])
        if moment != getattr(now, f"{name}_at"):
            zone = ZoneInfo(asked.timezone.data)
            found[name] = moment and moment.astimezone(zone).replace(tzinfo=None)
    for name in ("timezone", "country", "contact", "conduct_contact", "registration", "accent",
                 "public_url"):  # fmt: skip
        wanted = (asked[name].data or "").rstrip("/" if name == "public_url" else "") or None
        if wanted != getattr(now, name):
            found[name] = wanted
    if set(asked.languages.data) != set(now.languages):
        first = [tag for tag in now.languages if tag in asked.languages.data]
        found["languages"] = [*first, *(t for t in asked.languages.data if t not in first)]
    if set(asked.ask.data) != set(now.ask):
        found["ask"] = asked.ask.data
    return found


def _changed_words(asked: EventForm, now: Event) -> Iterator[tuple[str, Any]]:
    for name in ("name", "tagline"):
        words, before = asked.words(name), getattr(now, name)
        if words != (before.root if before else {}):
            yield name, (words["en"] if [*words] == ["en"] else words) or None


def kept(
    asked: Any,
    act: str,
    wanted: Mapping[str, Any],
    fields: Mapping[str, str],
    password: Change = UNCHANGED,
    done: str = "",
) -> bool:
    """Write what differs and commit, or say on the form why not; `done` is told in place of that.

    This request is the one writer of the database, so no other can write the file meanwhile. A kept
    password goes before the server changes, and a new one comes after: it is never another's.
    """
    workspace = served().workspace
    differing = sorted(wanted) + (["password"] if password is not UNCHANGED else [])
    try:
        made = settings.prepare(workspace, asked.seen.data or "", wanted)
        if differing:
            audit.record(db(), act, settings.FILE, actor_id=myself().id, fields=differing)
        if password is not UNCHANGED:
            settings.put_secret(workspace, "mail_password", None)
        made.write()
        if isinstance(password, str):
            settings.put_secret(workspace, "mail_password", password)
    except settings.Refused as refused:
        _tell(asked, refused.problems, fields)
    except (settings.Edited, EventError, OSError) as error:
        asked.form_errors.append(_why_not(error))
    else:
        db().commit()
        same = gettext("Nothing was different, so nothing changed.")
        flash(done or (gettext("Saved.") if differing else same))
    return not asked.errors


def _why_not(error: Exception) -> str:
    if isinstance(error, settings.Edited):
        return gettext(
            "Somebody has changed event.toml meanwhile. Nothing was overwritten. Load this page "
            "again to see what it says now."
        )
    if isinstance(error, OSError):
        told = gettext("The machine refuses to write the file: %(why)s. Nothing was changed.")
        return told % {"why": error.strerror or error}
    return gettext("event.toml cannot be read as it stands. Nothing was changed.")


def _tell(asked: Any, problems: Mapping[str, list[Problem]], fields: Mapping[str, str]) -> None:
    """Say each problem at its field, and at the button where there is no such field."""
    for key, found in problems.items():
        name = fields.get(key, key)
        said = [f"{p.what}: {p.expected or p.fix or ''}" for p in found]
        if name in asked:
            asked[name].errors = [*asked[name].errors, *said]
        else:
            asked.form_errors.extend(said)


def _shown(template: str, asked: Form, **more: Any) -> Answer:
    wrong = () if not writable() else settings.mistakes(served().workspace)
    shown = render_template(template, form=asked, writable=writable(), mistakes=wrong, **more)
    if request.method == "POST" and not writable():
        return shown, 409
    return shown, 422 if asked.errors else 200


# --- mail -----------------------------------------------------------------------------------------


@pages.route("/mail/", methods=["GET", "POST"])
@only(Role.ORGANISER)
def mail_form() -> Answer:
    asked, now = MailForm(), event().mail
    if request.method == "GET":
        fill_mail(asked, now)
    elif writable() and asked.validate() and _mail_kept(asked, now):
        return redirect(url_for("setup.mail_form"))
    return _shown(
        "board/desk/mail.html",
        asked,
        test=TestForm(formdata=None),
        has_password=_has_password(),
        ready=now is not None,
        tested=_tested(now),
        me=myself().email,
    )


def fill_mail(asked: MailForm, now: Mail | None) -> None:
    asked.seen.data = settings.digest(served().workspace)
    asked.security.data = now.security if now else "starttls"
    if now:
        asked.host.data, asked.port.data = now.host, now.port
        asked.sender.data, asked.username.data = now.sender, now.username


def _mail_kept(asked: MailForm, now: Mail | None) -> bool:
    """Write server and password; a password goes to the server that it was typed for and no other.

    Whoever could point it at a server of their own could read it there.
    """
    wanted, before = asked.wanted(), now.model_dump() if now else None
    where = ("host", "port", "security", "username")
    moved = wanted is None or before is None or any(wanted[n] != before[n] for n in where)
    password: Change = UNCHANGED
    if asked.password.data and wanted:
        password = asked.password.data
    elif _has_password() and (asked.forget.data or moved):
        password = None
    found = {} if wanted == before else {"mail": wanted}
    return kept(asked, "event.mail", found, {"mail": "host"}, password)


def _has_password() -> bool:
    secrets = served().workspace.secrets
    return bool(secrets and secrets.mail_password)


@pages.post("/mail/test")
@only(Role.ORGANISER)
def mail_test() -> Answer:
    now, me = event().mail, myself()
    db().commit()  # nobody waits for a mail server with the database in hand
    if TestForm().validate_on_submit() and now and me.email:
        said = _try(now, me.email)
        kept = {"server": named(now), "said": said}
        with state().write() as writer:
            writer.merge(Setting(name=TESTED, value=kept, changed_at=clock.now()))
            audit.record(writer, "event.mail_test", now.host, actor_id=me.id, ok=not said)
    return redirect(url_for("setup.mail_form"))


def _try(now: Mail, to: str) -> str:
    """What went wrong when a mail was sent to `to`, in the server's own words; "" if nothing."""
    subject, text = mail.rendered("test", page().language)
    try:
        mail.deliver(now, to, subject, text)
    except (mail.NotSent, GiveUp) as error:
        return str(error)
    return ""


def named(now: Mail) -> str:
    """A mail server with all that a test of it depends on."""
    return f"{now.host}:{now.port} {now.security} {now.username or ''} {now.sender}"


def _tested(now: Mail | None) -> Setting | None:
    """How the last test went, if it was of the settings as they are now."""
    found = db().get(Setting, TESTED)
    return found if found and now and found.value["server"] == named(now) else None
