"""What the API answers and takes: exact, frozen, described once for checks and for readers.

Texts are maps from language tag to words, moments are ISO 8601 in UTC, and what is not there is
null. A shape may gain a key; none is ever renamed, removed or given another meaning in version 1.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from sandbox.board.api.registry import LARGEST, Paged, PagedByName, PagedByTime, Slug, YesNo
from sandbox.board.api.showing import Stage
from sandbox.descriptors import Descriptor

Language = Literal["en", "nb", "nn", "sv", "da"]
Texts = dict[Language, str]
Number = Annotated[int, Field(ge=1, le=LARGEST)]
# Something to read, not only spaces or invisible signs: the languages above are all Latin.
VISIBLE = "[!-~\u00a1-\u00ac\u00ae-\u024f]"
Line = Annotated[str, Field(min_length=1, max_length=120, pattern=VISIBLE)]
Prose = Annotated[str, Field(min_length=1, max_length=4_000, pattern=VISIBLE)]


class Event(Descriptor):
    """The event: what it is called, when it is, and where it is told about."""

    name: Texts
    tagline: Texts | None
    place: Texts | None = Field(description="where people meet; null if on the board alone")
    starts: datetime | None = Field(description="null in an open lab, which has no dates")
    ends: datetime | None
    timezone: str = Field(description="IANA name of the zone in which times are shown")
    languages: tuple[Language, ...]
    url: str
    contact: str | None = Field(description="how to reach the organisers")
    conduct_contact: str | None = Field(description="whom to tell when somebody is treated badly")
    data_digest: str = Field(description="names the data that is served: it changes with a rebuild")


# --- challenges -----------------------------------------------------------------------------------


class Baseline(Descriptor):
    """Today's practice as a number to beat."""

    what: Texts
    value: float | int
    unit: Texts
    source: Texts
    date: date


class ChallengeSummary(Descriptor):
    """A challenge in a list."""

    slug: Slug
    title: Texts
    summary: Texts
    outcome: Texts = Field(description="what becomes better for whom")
    level: Literal["first", "intermediate", "advanced"]
    datasets: tuple[Slug, ...]
    starter: Slug
    stage: Stage
    opens: datetime | None = Field(description="null: open as long as it is shown")
    closes: datetime | None
    url: str


class Criterion(Descriptor):
    """One line of the rubric; weights add up to 100."""

    title: Texts
    weight: int
    description: Texts


class Decision(Descriptor):
    """What the answer is for."""

    what: Texts
    who: Texts
    when: Texts
    if_yes: Texts
    if_no: Texts
    if_unclear: Texts


class Challenge(ChallengeSummary):
    """A challenge, with all that its page says."""

    brief: Texts = Field(description="Markdown")
    owner: Texts
    decision: Decision
    baseline: Baseline
    to_beat: float | None = Field(description="what today's practice scored on the data served")
    score: Texts
    score_unit: Texts
    higher_is_better: bool
    rubric: tuple[Criterion, ...]
    guardrails: tuple[Texts, ...]
    lawful_purpose: Texts
    time_needed: Texts


class Challenges(Descriptor):
    """A page of challenges, by name; `next` is the address of what follows."""

    items: tuple[ChallengeSummary, ...]
    next: str | None


class ChallengeQuery(PagedByName):
    """Which challenges."""

    stage: Stage | None = Field(None, description="Only those that are at this stage.")
    dataset: Slug | None = Field(None, description="Only those that use this dataset.")
    level: Literal["first", "intermediate", "advanced"] | None = Field(
        None, description="Only those of this level."
    )


# --- datasets -------------------------------------------------------------------------------------


class DatasetSummary(Descriptor):
    """A dataset in a list."""

    slug: Slug
    title: Texts
    summary: Texts
    origin: Literal["open", "synthetic"]
    licence: str
    version: str
    reference_date: date
    rows: int
    url: str


class Column(Descriptor):
    """One column, as the dictionary has it."""

    name: str
    type: Literal["integer", "number", "string", "boolean", "date", "datetime"]
    title: Texts
    description: Texts | None
    unit: Texts | None
    required: bool
    codes: dict[str, Texts] | None
    references: str | None = Field(description="the table whose key it holds")


class Table(Descriptor):
    """One table: what a row is, its key, its columns, and where it is to be had."""

    name: str
    title: Texts
    row: Texts
    key: str
    rows: int
    columns: tuple[Column, ...]
    csv: str
    parquet: str
    query: str = Field(description="where it can be filtered and queried; add .json there")


class Dataset(DatasetSummary):
    """A dataset with its tables."""

    publisher: str
    attribution: Texts | None
    caveats: tuple[Texts, ...]
    realistic: tuple[Texts, ...]
    not_realistic: tuple[Texts, ...]
    tables: tuple[Table, ...]
    datapackage: str


class Datasets(Descriptor):
    """A page of datasets, by name; `next` is the address of what follows."""

    items: tuple[DatasetSummary, ...]
    next: str | None


class DatasetQuery(PagedByName):
    """Which datasets."""

    origin: Literal["open", "synthetic"] | None = Field(None, description="Only these.")


class Starter(Descriptor):
    """A project to begin with, to be downloaded as a zip."""

    slug: Slug
    title: Texts
    summary: Texts
    audience: Texts
    needs: Texts
    minutes: int
    challenges: tuple[Slug, ...]
    url: str
    zip: str


class Starters(Descriptor):
    """A page of starters, by name; `next` is the address of what follows."""

    items: tuple[Starter, ...]
    next: str | None


# --- what is said during the event ----------------------------------------------------------------


class Words(Descriptor):
    """A title and a text (Markdown) in one language."""

    title: Line
    text: Prose


class Announcement(Descriptor):
    """What organisers tell everybody."""

    number: Number
    words: dict[Language, Words]
    urgent: bool
    published: datetime
    url: str


class Announcements(Descriptor):
    """A page of announcements, the newest first; `next` is the address of what follows."""

    items: tuple[Announcement, ...]
    next: str | None


class NewAnnouncement(Descriptor):
    """An announcement to be published now."""

    words: dict[Language, Words] = Field(min_length=1)
    urgent: bool = False


class AboutEvent(Descriptor):
    """About the event as a whole."""

    kind: Literal["event"]


class AboutChallenge(Descriptor):
    """About a challenge."""

    kind: Literal["challenge"]
    slug: Slug


class AboutDataset(Descriptor):
    """About a dataset, one of its tables ("table") or columns ("table.column")."""

    kind: Literal["dataset"]
    slug: Slug
    place: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?)?$")] = ""


About = Annotated[AboutEvent | AboutChallenge | AboutDataset, Field(discriminator="kind")]


class Answer(Descriptor):
    """A reply; `as_role` says whose it is by right: null for anybody's."""

    number: Number
    text: str
    language: Language
    at: datetime
    as_role: Literal["organiser", "owner", "steward"] | None


class Question(Descriptor):
    """A question. Who asked is not told."""

    number: Number
    about: About
    text: str
    language: Language
    asked: datetime
    pinned: bool
    answered: datetime | None = Field(description="when somebody responsible first answered")
    answers: int = Field(description="how many replies it has")
    url: str


class QuestionAndAnswers(Descriptor):
    """A question with its replies, the oldest first."""

    question: Question
    answers: tuple[Answer, ...]


class Questions(Descriptor):
    """A page of questions, the newest first; `next` is the address of what follows."""

    items: tuple[Question, ...]
    next: str | None


class QuestionQuery(PagedByTime):
    """Which questions."""

    about: Literal["event", "challenge", "dataset"] | None = Field(
        None, description="Only those about this kind of thing."
    )
    slug: Slug | None = Field(None, description="Only those about what is named so.")
    answered: YesNo | None = Field(None, description="Only those that are, or are not, answered.")


class NewQuestion(Descriptor):
    """A question to be asked in one's own name."""

    about: About
    text: Prose
    language: Language = "en"


class NewAnswer(Descriptor):
    """A reply in one's own name."""

    text: Prose
    language: Language = "en"


# --- people ---------------------------------------------------------------------------------------


class RoleHeld(Descriptor):
    """A role, and what it is for: null for everything."""

    role: str
    scope: str | None


class Me(Descriptor):
    """The account that asks. `scopes` are those of the token, null for a browser."""

    number: Number
    name: str
    language: str | None
    joined: datetime | None
    roles: tuple[RoleHeld, ...]
    scopes: tuple[str, ...] | None


class TeamSizes(Descriptor):
    """From `least` members on a team is whole; at `most` nobody more gets in."""

    least: int
    most: int


class Team(Descriptor):
    """A team; who belongs to it is for its own page.

    `pitch` says what it is about; `skills` are those it looks for. With `open_to_requests` others
    may ask to join. `sizes` hold for all teams.
    """

    slug: str
    name: str
    challenge: Slug | None
    pitch: str
    skills: tuple[Literal["developer", "domain_expert", "user", "decision_maker"], ...]
    open_to_requests: bool
    members: int
    sizes: TeamSizes
    made: datetime


class Teams(Descriptor):
    """A page of teams, by name; `next` is the address of what follows."""

    items: tuple[Team, ...]
    next: str | None


# --- projects -------------------------------------------------------------------------------------


class ProjectPicture(Descriptor):
    """A picture of a project, as WebP."""

    url: str
    width: int = Field(description="in pixels")
    height: int
    alt: str = Field(description="what it shows, for those who do not see it")
    caption: str


class Project(Descriptor):
    """What a team made, as it says itself, in its own language."""

    team: str
    team_name: str
    challenge: str | None
    title: str
    summary: str
    language: str = Field(description="of the team's words: a BCP 47 tag")
    licence: str | None = Field(description="SPDX identifier")
    prototype: str | None = Field(description="where it runs; may be in the venue's network alone")
    pictures: tuple[ProjectPicture, ...]
    submitted: datetime | None = Field(description="when what is shown was submitted")
    digest: str | None = Field(description="SHA-256 of what was submitted, as its receipt names it")
    url: str


class ProjectLink(Descriptor):
    """A link that the team gives."""

    url: str
    words: str


class ProjectPage(Project):
    """The same with all that it says."""

    state: Literal["draft", "submitted", "public"] = Field(
        description="public for all in the open gallery; the others for the team's own tokens alone"
    )
    texts: dict[str, str] = Field(description="field → Markdown; an empty field is not there")
    links: tuple[ProjectLink, ...]


class Projects(Descriptor):
    """A page of projects, by their teams' names in addresses; `next` is the address of the rest."""

    items: tuple[Project, ...]
    next: str | None


TEAM = r"^[a-z0-9][a-z0-9-]{0,119}$"


class ProjectQuery(Paged):
    """Which projects."""

    after: Annotated[str, Field(pattern=TEAM)] | None = Field(
        None, description="The team that the page before ended with."
    )
    challenge: Slug | None = Field(None, description="Only those submitted for this challenge.")


# --- files of answers -----------------------------------------------------------------------------


class Wait(Descriptor):
    """What a file waits for."""

    ahead: int = Field(description="how many files are scored before it")
    seconds: int = Field(description="about how long it takes")
    stands: bool = Field(description="no judge is at work; it is kept until one is")


class Mistake(Descriptor):
    """Something wrong in a file, and the way out, in English."""

    what: str
    line: int | None
    found: str | None
    expected: str | None
    fix: str | None


class PublicScore(Descriptor):
    """The score of the public part, without gates, and its 95 % interval where there is one."""

    score: float
    rows: int
    low: float | None = None
    high: float | None = None


class GatePassed(Descriptor):
    """A condition on all rows, and whether it holds."""

    title: Texts
    passed: bool


class AnswerFile(Descriptor):
    """A file of answers of your own team. Nothing tells of its private part."""

    number: Number = Field(description="the team's first, second, … in this challenge")
    receipt: str
    name: str
    bytes: int
    sha256: str
    arrived: datetime = Field(description="when it began to arrive: what deadline and limit ask")
    state: Literal["received", "scoring", "scored", "refused", "failed"]
    wait: Wait | None
    problems: tuple[Mistake, ...] = Field(description="of a refused one: what to put right")
    why: Literal["time", "memory", "truth", "judge"] | None = Field(
        description="of a failed one: it took too long or too much memory, there are no hidden "
        "answers, or the judge failed"
    )
    public: PublicScore | None = Field(
        description="null until it is scored, and while the Ladder holds if it does not improve"
    )
    improves: bool | None = Field(description="better than the team's best by more than chance")
    gates: tuple[GatePassed, ...]
    final: bool
    set_aside: str | None = Field(description="why an organiser took it off all lists")
    url: str


class AnswerFiles(Descriptor):
    """All files of your own team in a challenge, the newest first, and what it may still do."""

    items: tuple[AnswerFile, ...]
    open: bool
    closes: datetime | None = Field(description="your team's deadline; null while there is none")
    attempts_daily: int
    attempts_left: int
    attempts_again: datetime = Field(description="when the next day of attempts begins")
    finals: int = Field(description="how many may be chosen")
    most_bytes: int = Field(description="how large a file may be")


def texts(found: Any) -> Texts | None:
    """The map behind words of the catalog."""
    return None if found is None else dict(found.root)
