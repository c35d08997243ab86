"""The endpoints that read: the event, its content, and what is said during it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from flask import request
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from sandbox import catalog
from sandbox.board.access import members
from sandbox.board.api import shapes, showing
from sandbox.board.api.problems import Refused
from sandbox.board.api.registry import PagedByName, PagedByTime, endpoint, known
from sandbox.board.api.shapes import Texts, texts
from sandbox.board.people import tokens
from sandbox.board.people.visitor import myself
from sandbox.board.served import address, event, generation
from sandbox.board.standing import Standing
from sandbox.board.store import db
from sandbox.board.teams import rosters, sizes
from sandbox.descriptors import Text
from sandbox.state import teams, topics

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Item = TypeVar("Item")


def said(found: Text) -> Texts:
    return texts(found) or {}


@endpoint("GET", "/event", shapes.Event)
def get_event() -> shapes.Event:
    """The event: name, dates, languages, and how to reach its organisers."""
    here = event()
    return shapes.Event(
        name=said(here.name),
        tagline=texts(here.tagline),
        place=texts(here.place),
        starts=utc(here.starts_at),
        ends=utc(here.ends_at),
        timezone=here.timezone,
        languages=here.languages,  # type: ignore[arg-type]  # checked when event.toml was read
        url=address("/"),
        contact=here.contact,
        conduct_contact=here.conduct_contact,
        data_digest=generation().bundle.digest,
    )


def utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


# --- challenges, datasets, starters ---------------------------------------------------------------


@endpoint(
    "GET", "/challenges", shapes.Challenges, query=shapes.ChallengeQuery,
    example="/challenges?stage=open&limit=10",
)  # fmt: skip
def list_challenges(query: shapes.ChallengeQuery) -> shapes.Challenges:
    """Challenges that everybody may see, by name.

    Drafts and withdrawn challenges are not among them, whoever asks.
    """
    stands, described = showing.challenges(), generation().catalog.challenges
    wanted = [
        _summary(slug, described[slug], one)
        for slug, one in stands.items()
        if query.stage in (None, one.stage)
        and query.level in (None, described[slug].level)
        and (query.dataset is None or query.dataset in described[slug].datasets)
    ]
    items, following = _by_name(wanted, query)
    return shapes.Challenges(items=items, next=following)


@endpoint("GET", "/challenges/{slug}", shapes.Challenge)
def get_challenge(slug: str) -> shapes.Challenge:
    """One challenge, with its brief, what it decides and how it is scored."""
    one = known(slug, showing.challenges(), "challenge")
    here = generation()
    found = here.catalog.challenges[slug]
    return shapes.Challenge(
        **dict(_summary(slug, found, one)),
        brief=_brief(slug),
        owner=said(found.owner.name),
        decision=shapes.Decision(
            **{name: said(getattr(found.decision, name)) for name in shapes.Decision.model_fields}
        ),
        baseline=shapes.Baseline(
            what=said(found.baseline.what),
            value=found.baseline.value,
            unit=said(found.baseline.unit),
            source=said(found.baseline.source),
            date=found.baseline.date,
        ),
        to_beat=here.to_beat(slug),
        score=said(found.score.title),
        score_unit=said(found.score.unit),
        higher_is_better=found.score.higher_is_better,
        rubric=tuple(
            shapes.Criterion(title=said(c.title), weight=c.weight, description=said(c.description))
            for c in found.rubric
        ),
        guardrails=tuple(map(said, found.guardrails)),
        lawful_purpose=said(found.lawful_purpose),
        time_needed=said(found.time_needed),
    )


def _summary(slug: str, found: catalog.Challenge, one: Standing) -> shapes.ChallengeSummary:
    return shapes.ChallengeSummary(
        slug=slug,
        title=said(found.title),
        summary=said(found.summary),
        outcome=said(found.outcome),
        level=found.level,
        datasets=found.datasets,
        starter=found.starter,
        stage=cast("showing.Stage", one.stage.value),
        opens=one.opens_at,
        closes=one.closes_at,
        url=address(f"/challenges/{slug}/"),
    )


def _brief(slug: str) -> Texts:
    """The text participants read, in every language in which there is one."""
    bundle, found = generation().bundle, {}
    for tag in ("en", "nb", "nn", "sv", "da"):
        name = "brief.md" if tag == "en" else f"brief.{tag}.md"
        if bundle.has(file := f"challenges/{slug}/{name}"):
            found[tag] = bundle.file(file).read_text(encoding="utf-8")
    return found  # type: ignore[return-value]  # the tags above are those of Language


@endpoint(
    "GET", "/datasets", shapes.Datasets, query=shapes.DatasetQuery,
    example="/datasets?origin=synthetic",
)  # fmt: skip
def list_datasets(query: shapes.DatasetQuery) -> shapes.Datasets:
    """Datasets, by name."""
    wanted = [
        _dataset(slug, found)
        for slug, found in generation().catalog.datasets.items()
        if query.origin in (None, found.origin)
    ]
    items, following = _by_name(wanted, query)
    return shapes.Datasets(items=items, next=following)


@endpoint("GET", "/datasets/{slug}", shapes.Dataset)
def get_dataset(slug: str) -> shapes.Dataset:
    """One dataset with its tables and columns, and where to download or query them.

    The rows themselves are read at the address in `query` of each table, with .json or .csv added.
    """
    found: catalog.Dataset = known(slug, generation().catalog.datasets, "dataset")
    return shapes.Dataset(
        **dict(_dataset(slug, found)),
        publisher=found.publisher,
        attribution=texts(found.attribution),
        caveats=tuple(map(said, found.caveats)),
        realistic=tuple(map(said, found.realistic)),
        not_realistic=tuple(map(said, found.not_realistic)),
        tables=tuple(_table(slug, name, table) for name, table in found.tables.items()),
        datapackage=address(f"/datasets/{slug}/datapackage.json"),
    )


def _dataset(slug: str, found: catalog.Dataset) -> shapes.DatasetSummary:
    return shapes.DatasetSummary(
        slug=slug,
        title=said(found.title),
        summary=said(found.summary),
        origin=found.origin,
        licence=found.licence,
        version=found.version,
        reference_date=found.reference_date,
        rows=generation().rows(slug),
        url=address(f"/datasets/{slug}/"),
    )


def _table(slug: str, name: str, table: catalog.Table) -> shapes.Table:
    files = f"/datasets/{slug}/files/{name}"
    return shapes.Table(
        name=name,
        title=said(table.title),
        row=said(table.row),
        key=table.key,
        rows=generation().bundle.manifest.datasets[slug].tables[name].rows,
        columns=tuple(_column(column, found) for column, found in table.columns.items()),
        csv=address(f"{files}.csv"),
        parquet=address(f"{files}.parquet"),
        query=address(f"/data/sandbox/{name}"),
    )


def _column(name: str, found: catalog.Column) -> shapes.Column:
    codes = None if found.codes is None else {c: said(words) for c, words in found.codes.items()}
    return shapes.Column(
        name=name,
        type=found.type,
        title=said(found.title),
        description=texts(found.description),
        unit=texts(found.unit),
        required=found.required,
        codes=codes,
        references=found.references,
    )


@endpoint("GET", "/starters", shapes.Starters, query=PagedByName)
def list_starters(query: PagedByName) -> shapes.Starters:
    """Projects to begin with, by name."""
    shown = showing.challenges()
    wanted = [
        shapes.Starter(
            slug=slug,
            title=said(found.title),
            summary=said(found.summary),
            audience=said(found.audience),
            needs=said(found.needs),
            minutes=found.minutes,
            challenges=tuple(c for c in found.challenges if c in shown),
            url=address(f"/starters/{slug}/"),
            zip=address(f"/starters/{slug}.zip"),
        )
        for slug, found in generation().catalog.starters.items()
    ]
    items, following = _by_name(wanted, query)
    return shapes.Starters(items=items, next=following)


# --- what is said ---------------------------------------------------------------------------------


@endpoint("GET", "/announcements", shapes.Announcements, query=PagedByTime)
def list_announcements(query: PagedByTime) -> shapes.Announcements:
    """What organisers have told everybody, the newest first."""
    kind = topics.Announcement
    found, following = _by_time(
        select(kind).where(showing.announcements()), query, kind.published_at, kind.id
    )
    return shapes.Announcements(items=tuple(map(announcement, found)), next=following)


def announcement(row: topics.Announcement) -> shapes.Announcement:
    words = {
        tag: shapes.Words.model_construct(title=title, text=row.texts.get(tag, ""))
        for tag, title in row.titles.items()
    }
    return shapes.Announcement.model_construct(
        number=row.id,
        words=words,
        urgent=row.urgent,
        published=row.published_at,
        url=address("/announcements/"),
    )


@endpoint(
    "GET", "/questions", shapes.Questions, query=shapes.QuestionQuery,
    example="/questions?about=challenge&answered=no",
)  # fmt: skip
def list_questions(query: shapes.QuestionQuery) -> shapes.Questions:
    """Questions that everybody may see, the newest first."""
    kind = topics.Question
    wanted = select(kind).where(showing.questions()).options(selectinload(kind.answers))
    if query.about:
        wanted = wanted.where(kind.about == query.about)
    if query.slug:
        wanted = wanted.where(kind.slug == query.slug)
    if query.answered == "yes":
        wanted = wanted.where(kind.answered_at.is_not(None))
    if query.answered == "no":
        wanted = wanted.where(kind.answered_at.is_(None))
    found, following = _by_time(wanted, query, kind.asked_at, kind.id)
    return shapes.Questions(items=tuple(map(question, found)), next=following)


@endpoint("GET", "/questions/{number}", shapes.QuestionAndAnswers, example="/questions/1")
def get_question(number: int) -> shapes.QuestionAndAnswers:
    """One question with its answers."""
    return with_answers(shown_question(number))


def shown_question(number: int) -> topics.Question:
    """The question, or a refusal, also when it is hidden."""
    kind = topics.Question
    found = db().scalar(select(kind).where(kind.id == number, showing.questions()))
    if found is None:
        raise Refused(404, f"There is no question {number}.")
    return found


def with_answers(row: topics.Question) -> shapes.QuestionAndAnswers:
    shown = [answer for answer in row.answers if answer.hidden_at is None]
    return shapes.QuestionAndAnswers(question=question(row), answers=tuple(map(_answer, shown)))


def question(row: topics.Question) -> shapes.Question:
    return shapes.Question(
        number=row.id,
        about=_about(row),
        text=row.text,
        language=row.language,  # type: ignore[arg-type]  # only these are kept
        asked=row.asked_at,
        pinned=row.pinned_at is not None,
        answered=row.answered_at,
        answers=sum(answer.hidden_at is None for answer in row.answers),
        url=address(f"/questions/{row.id}/"),
    )


def _about(row: topics.Question) -> shapes.AboutEvent | shapes.AboutChallenge | shapes.AboutDataset:
    if row.about == "challenge":
        return shapes.AboutChallenge(kind="challenge", slug=row.slug)
    if row.about == "dataset":
        return shapes.AboutDataset(kind="dataset", slug=row.slug, place=row.place)
    return shapes.AboutEvent(kind="event")


def _answer(row: topics.Answer) -> shapes.Answer:
    return shapes.Answer(
        number=row.id,
        text=row.text,
        language=row.language,  # type: ignore[arg-type]  # only these are kept
        at=row.at,
        as_role=row.as_role or None,  # type: ignore[arg-type]
    )


# --- people ---------------------------------------------------------------------------------------


@endpoint("GET", "/me", shapes.Me, members, scope="read")
def get_me() -> shapes.Me:
    """The account that asks: to see whether a token holds, and what it may do."""
    person, token = myself(), tokens.current()
    return shapes.Me(
        number=person.id,
        name=person.shown_name,
        language=person.language,
        joined=person.joined_at,
        roles=tuple(shapes.RoleHeld(role=r.role, scope=r.scope or None) for r in person.roles),
        scopes=None if token is None else tuple(token.scopes),
    )


@endpoint("GET", "/teams", shapes.Teams, members, scope="read", query=PagedByName)
def list_teams(query: PagedByName) -> shapes.Teams:
    """The teams, by name, for those who take part."""
    kind = teams.Team
    wanted = select(kind).where(kind.ended_at.is_(None)).order_by(kind.slug).limit(query.limit + 1)
    if query.after:
        wanted = wanted.where(kind.slug > query.after)
    found = list(db().scalars(wanted))
    counted, held = _sizes([row.id for row in found]), sizes.of(db())
    items, following = _by_name([_team(row, counted, held) for row in found], query)
    return shapes.Teams(items=items, next=following)


@endpoint("GET", "/teams/{slug}", shapes.Team, members, scope="read", example="/teams/night-owls")
def get_team(slug: str) -> shapes.Team:
    """One team."""
    kind = teams.Team
    asked = select(kind).where(kind.slug == slug.replace("\0", ""), kind.ended_at.is_(None))
    found = db().scalar(asked)
    if found is None:
        raise Refused(404, "There is no team of this name.")
    return _team(found, _sizes([found.id]), sizes.of(db()))


def _team(row: teams.Team, counted: Mapping[int, int], held: sizes.Sizes) -> shapes.Team:
    return shapes.Team(
        slug=row.slug,
        name=row.name,
        challenge=row.challenge or None,
        pitch=row.pitch,
        skills=tuple(rosters.ordered(row.skills)),  # type: ignore[arg-type]  # of our own forms
        open_to_requests=row.open_to_requests,
        members=counted.get(row.id, 0),
        sizes=shapes.TeamSizes(**held._asdict()),
        made=row.made_at,
    )


def _sizes(numbers: Sequence[int]) -> dict[int, int]:
    """Team → how many belong to it now."""
    kind = teams.Membership
    counted = (
        select(kind.team_id, func.count())
        .where(kind.team_id.in_(numbers), kind.left_at.is_(None))
        .group_by(kind.team_id)
    )
    return {row[0]: row[1] for row in db().execute(counted)}


# --- pages of lists -------------------------------------------------------------------------------


def _by_name(wanted: Iterable[Item], query: PagedByName) -> tuple[tuple[Item, ...], str | None]:
    """Those of `wanted` that belong on this page, and the address of the next."""
    slug: Callable[[Any], str] = lambda item: item.slug  # noqa: E731
    ahead = sorted((i for i in wanted if slug(i) > (query.after or "")), key=slug)
    items = tuple(ahead[: query.limit])
    return items, _next(after=slug(items[-1])) if len(ahead) > len(items) else None


def _by_time(
    wanted: Select[Item],
    query: PagedByTime,
    when: InstrumentedAttribute[datetime],
    number: InstrumentedAttribute[int],
) -> tuple[list[Item], str | None]:
    """The same for rows, the newest first; of equal moments the higher number is the newer."""
    if query.before:
        micros, _, last = query.before.partition("-")
        moment = EPOCH + timedelta(microseconds=int(micros))
        wanted = wanted.where(_older(when, number, moment, int(last)))
    found = list(db().scalars(wanted.order_by(when.desc(), number.desc()).limit(query.limit + 1)))
    items = found[: query.limit]
    if len(found) == len(items):
        return items, None
    moment, last_number = getattr(items[-1], when.key), getattr(items[-1], number.key)
    return items, _next(before=f"{(moment - EPOCH) // timedelta(microseconds=1)}-{last_number}")


def _older(
    when: InstrumentedAttribute[datetime],
    number: InstrumentedAttribute[int],
    moment: datetime,
    last: int,
) -> ColumnElement[bool]:
    return or_(when < moment, and_(when == moment, number < last))


def _next(**place: str) -> str:
    """This address, further on in the list."""
    return f"{request.path}?{urlencode({**request.args.to_dict(), **place})}"
