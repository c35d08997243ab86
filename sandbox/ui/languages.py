"""Which language a reader gets, the interface's words in it, and its numbers and dates."""

from __future__ import annotations

import gettext
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from babel.messages.pofile import read_po

from sandbox.descriptors import FALLBACK

TRANSLATIONS = Path(__file__).parent / "translations"
NAMES = {"en": "English", "nb": "Bokmål", "nn": "Nynorsk", "sv": "Svenska", "da": "Dansk"}
Number = int | float | Decimal
DAY = 86_400
# CLDR's own order of words; "kl." and the sign between hours and minutes as the language councils
# have it (Språkrådet, Isof, Dansk Sprognævn), and with the weekday.
MOMENTS = {
    "en": "EEEE d MMMM y, HH:mm",
    "nb": "EEEE d. MMMM y 'kl.' HH:mm",
    "nn": "EEEE d. MMMM y 'kl.' HH:mm",
    "sv": "EEEE d MMMM y 'kl.' HH:mm",
    "da": "EEEE 'den' d. MMMM y 'kl.' HH.mm",
}
BRIEF = {"en": "EEE d MMM, HH:mm", "nb": "EEE d. MMM HH:mm", "nn": "EEE d. MMM HH:mm",
         "sv": "EEE d MMM HH:mm", "da": "EEE d. MMM HH.mm"}  # fmt: skip
# Babel takes 50 microseconds for a number, and a leaderboard says the same hundred over and over.
MOST_SAID = 4096


def N_(message: str) -> str:  # noqa: N802 (gettext's own name for "translate this later")
    """Mark a message for translation; whoever shows it translates it then."""
    return message


def choose(
    query: str | None, cookie: str | None, accept_language: str | None, offered: Sequence[str]
) -> str:
    """The tag of the language for this page: asked for, remembered, preferred, else the first.

    `accept_language` is the raw header (RFC 9110, 12.5.4). A Norwegian who prefers a written form
    that is not offered gets the other one before anything else; "no" means Norwegian in any form.
    """
    for wanted in (query, cookie, *_preferred(accept_language or "")):
        for tag in _acceptable(wanted or ""):
            if tag in offered:
                return tag
    return offered[0]


def _preferred(header: str) -> Iterator[str]:
    ranked = []
    for position, item in enumerate(header.split(",")[:20]):
        tag, _, quality = item.strip().partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            continue
        if weight > 0:
            ranked.append((-weight, position, tag))
    yield from (tag for *_, tag in sorted(ranked))


def _acceptable(tag: str) -> tuple[str, ...]:
    language = tag.strip().lower().partition("-")[0]
    return {"no": ("nb", "nn"), "nb": ("nb", "nn"), "nn": ("nn", "nb")}.get(language, (language,))


@cache
def translated() -> tuple[str, ...]:
    """The languages that the interface speaks: English, and each with a file of translations."""
    return ("en", *sorted(file.stem for file in TRANSLATIONS.glob("*.po")))


def interface(language: str) -> str:
    """The language of the interface's own words for a reader of `language`."""
    chain = (*FALLBACK.get(language, (language,)), "en")
    return next(tag for tag in chain if tag in translated())


@cache
def translator(language: str) -> gettext.NullTranslations:
    """The interface's words in `interface(language)`; words without a translation stay English."""
    tag = interface(language)
    translations = _Catalogue()
    if tag != "en":
        with (TRANSLATIONS / f"{tag}.po").open("rb") as file:
            translations.fill(read_po(file, locale=tag))
    return translations


class _Catalogue(gettext.GNUTranslations):
    """Translations read from a .po file, so that no compiled file has to be kept beside it."""

    def __init__(self) -> None:
        super().__init__()
        self._catalog: dict[str | tuple[str, int], str] = {}
        self.plural = lambda n: int(n != 1)  # all languages of the kit: one, and the rest

    def fill(self, messages: object) -> None:
        for message in messages:  # type: ignore[attr-defined]
            if isinstance(message.id, str):
                self._catalog[message.id] = message.string or message.id
            else:
                for index, (form, words) in enumerate(zip(message.id, message.string, strict=True)):
                    self._catalog[(message.id[0], index)] = words or form


@cache
def locale(language: str) -> Locale:
    """Forms of numbers and dates; English here is European English: 24 hours, day before month."""
    return Locale.parse("en_GB" if language == "en" else language)


@lru_cache(MOST_SAID)
def number(value: Number, language: str, digits: int | None = None) -> str:
    """`value` with the language's separators; `digits` after the point, else as many as it has."""
    if digits is not None:
        pattern = "#,##0." + "0" * digits if digits else "#,##0"
        return numbers.format_decimal(value, format=pattern, locale=locale(language))
    return numbers.format_decimal(value, locale=locale(language), decimal_quantization=False)


def percent(share: Number, language: str, digits: int = 0) -> str:
    """A share (0 to 1) in per cent; what is not quite all never reads as 100 %."""
    if share < 1:
        step = 10 ** (digits + 2)
        share = min(share, (step - 1) / step)
    pattern = locale(language).percent_formats[None].pattern  # with a space, or none, before %
    pattern = pattern.replace("#,##0", "#,##0." + "0" * digits if digits else "#,##0")
    return numbers.format_percent(share, format=pattern, locale=locale(language))


def size(count: int, language: str) -> str:
    """`count` bytes in the unit a reader compares with a data plan: kB, MB, GB (powers of 1000)."""
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if count >= 10**power:
            amount = count / 10**power
            return f"{number(amount, language, 0 if amount >= 10 else 1)} {unit}"
    return f"{number(count, language)} B"


def day(value: date, language: str) -> str:
    """2024-01-01 as 1 January 2024."""
    return dates.format_date(value, format="long", locale=locale(language))


def moment(value: datetime, language: str, zone: ZoneInfo) -> str:
    """A time as people say it, in the event's zone: Monday 23 November, 09:00."""
    here = value.astimezone(zone)
    return dates.format_datetime(here, MOMENTS[language], tzinfo=zone, locale=locale(language))


@lru_cache(MOST_SAID)
def brief(value: datetime, language: str, zone: ZoneInfo) -> str:
    """The same where there are many, and no year could be meant but this: Mon 23 Nov, 09:00."""
    return dates.format_datetime(value, BRIEF[language], tzinfo=zone, locale=locale(language))


def zone_name(value: datetime, language: str, zone: ZoneInfo) -> str:
    """The zone in words, and its offset then: Central European Standard Time (GMT+01:00)."""
    here = value.astimezone(zone)
    name = dates.get_timezone_name(here, "long", locale=locale(language))
    return f"{name} ({dates.get_timezone_gmt(here, 'long', locale=locale(language))})"


def away(delta: timedelta, language: str) -> str:
    """How far ahead, rounded down so that nobody is promised time they do not have: in 2 days."""
    seconds = int(delta.total_seconds())
    units = (365 * DAY, 30 * DAY, 7 * DAY, DAY, 3_600, 60)  # Babel's own
    unit = next((unit for unit in units if seconds >= 2 * unit), 60)
    seconds -= seconds % unit
    return dates.format_timedelta(
        timedelta(seconds=max(seconds, 60)),
        granularity="minute",
        threshold=2,
        add_direction=True,
        locale=locale(language),
    )


def duration(delta: timedelta, language: str) -> str:
    """How long something took, to the unit that matters: 40 minutes, 3 hours, 2 days."""
    return dates.format_timedelta(
        max(delta, timedelta(minutes=1)), granularity="minute", threshold=2, locale=locale(language)
    )


def hour(value: datetime, language: str, zone: ZoneInfo) -> str:
    """The time of day in the event's zone, as clocks show it: 14:03."""
    return dates.format_time(value, "HH:mm", tzinfo=zone, locale=locale(language))


def to_the_second(value: datetime, language: str, zone: ZoneInfo) -> str:
    """A moment as a receipt says it: Monday 23 November 2026, 09:00:07."""
    pattern = MOMENTS[language]
    pattern += f"{pattern[-3]}ss"  # with what stands between hours and minutes
    here = value.astimezone(zone)
    return dates.format_datetime(here, pattern, tzinfo=zone, locale=locale(language))
