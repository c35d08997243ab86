"""What a question can be about: the event, a challenge, a dataset, one of its tables or columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.board.served import generation
from sandbox.board.standing import seen
from sandbox.catalog import Challenge
from sandbox.descriptors import Text
from sandbox.state.topics import Question


@dataclass(frozen=True)
class Place:
    """`about` is event, challenge or dataset, `slug` says which, `place` is table or table.column.

    `title` is None for the event itself, and for what the bundle does not hold any more.
    """

    about: str
    slug: str = ""
    place: str = ""
    title: Text | None = None

    @property
    def key(self) -> str:
        """One word for it in addresses and forms, such as dataset:visits:visits.minutes."""
        return ":".join(part for part in (self.about, self.slug, self.place) if part)

    @property
    def href(self) -> str:
        """Where it is described."""
        if self.title is None:
            return "/"
        part = f"#table-{self.place.partition('.')[0]}" if self.place else ""
        return f"/{self.about}s/{self.slug}/{part}"


EVENT = Place("event")


def challenges() -> Mapping[str, Challenge]:
    """The challenges that this visitor may see."""
    return seen().catalog.challenges


def of(question: Question) -> Place:
    """What `question` is about; without a title if that is gone."""
    named = Place(question.about, question.slug, question.place)
    return found(named.key) or named


def found(key: str | None) -> Place | None:
    """The place of that key, if there is one and this visitor may see it."""
    about, _, rest = (key or "").partition(":")
    slug, _, place = rest.partition(":")
    if about == "event":
        return None if rest else EVENT
    if about == "challenge":
        challenge = None if place else challenges().get(slug)
        return Place(about, slug, title=challenge.title) if challenge else None
    dataset = generation().catalog.datasets.get(slug) if about == "dataset" else None
    if dataset is None:
        return None
    table, _, column = place.partition(".")
    if place and (table not in dataset.tables or place.endswith(".")):
        return None
    if column and column not in dataset.tables[table].columns:
        return None
    return Place(about, slug, place, dataset.title)


def named(arguments: Mapping[str, str]) -> Place | None:
    """The place that an address names: ?challenge=SLUG, or ?dataset=SLUG&place=table.column.

    The event when it names none; None when it names one that does not exist.
    """
    if slug := arguments.get("challenge"):
        return found(f"challenge:{slug}")
    if slug := arguments.get("dataset"):
        return found(Place("dataset", slug, arguments.get("place", "")).key)
    return EVENT


def offered() -> list[Place]:
    """Every place but tables and columns, which are reached from where they are described."""
    datasets = generation().catalog.datasets.items()
    return [
        EVENT,
        *(Place("challenge", slug, title=each.title) for slug, each in challenges().items()),
        *(Place("dataset", slug, title=each.title) for slug, each in datasets),
    ]
