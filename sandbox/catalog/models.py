"""The forms of dataset.yml, challenge.yml and starter.yml, as frozen typed objects."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from sandbox.descriptors import Descriptor, Expected, Words

Type = Literal["integer", "number", "string", "boolean", "date", "datetime"]


def _matching(pattern: str, said: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise Expected(said)
        return value

    return AfterValidator(check)


Slug = Annotated[str, _matching(r"[a-z][a-z0-9-]*", "small letters, digits and hyphens")]
Name = Annotated[str, _matching(r"[a-z][a-z0-9_]*", "small letters, digits and underscores")]
Version = Annotated[str, _matching(r"\d+\.\d+\.\d+", "three numbers such as 1.0.0")]
Email = Annotated[str, _matching(r"[^@\s]+@[^@\s]+", "an e-mail address")]
Url = Annotated[str, _matching(r"https?://\S+", "an address such as https://example.org/page")]

# --- datasets -------------------------------------------------------------------------------------


class Column(Descriptor):
    """One column: its type as in Table Schema, and what a reader must know to use it."""

    type: Type
    title: Words
    description: Words | None = None
    unit: Words | None = None
    required: bool = False
    codes: dict[str, Words] | None = None
    references: Name | None = None


class Table(Descriptor):
    """One table: `row` says in one sentence what a row is; `key` names the one key column."""

    title: Words
    row: Words
    key: Name
    columns: dict[Name, Column]
    search: tuple[Name, ...] = ()
    indexes: tuple[Name, ...] = ()

    @property
    def foreign_keys(self) -> dict[str, str]:
        """Column → the table whose key it holds."""
        return {n: c.references for n, c in self.columns.items() if c.references}


class Parameter(Descriptor):
    """A blank in a stored question; `options` is SQL for value and label of each choice."""

    title: Words
    type: Type = "string"
    default: str | int | float
    options: str | None = None


class Question(Descriptor):
    """A stored question: users' words, and the SQL that answers them."""

    title: Words
    description: Words | None = None
    sql: str
    parameters: dict[Name, Parameter] = Field(default_factory=dict)


class Expectation(Descriptor):
    """What must be true of the full tables: one SQL value, `equals` or `between`.

    `:scale` in the SQL is the build's, so that counts can be promised at any scale; `between` is
    for shares and means, and is tried from scale 1 on.
    """

    what: Words
    sql: str
    equals: int | float | str | None = None
    within: float = 0
    between: tuple[float | int, float | int] | None = None

    @model_validator(mode="after")
    def _one_measure(self) -> Expectation:
        if (self.equals is None) == (self.between is None):
            found = "neither" if self.equals is None else "both"
            raise Expected("either equals or between", found)
        return self


class Origin(Descriptor):
    """Where a hand-compiled fact comes from."""

    title: Words
    owner: str
    licence: str
    reference_date: date
    url: str | None = None
    note: Words | None = None


class Assumption(Descriptor):
    """A figure that a recipe uses: with its source, or marked as assumed."""

    figure: Words
    assumed: bool = False
    source: str | None = None

    @model_validator(mode="after")
    def _honest(self) -> Assumption:
        if self.assumed == (self.source is not None):
            found = "both" if self.assumed else "neither"
            raise Expected("either a source, or assumed: true", found)
        return self


class Dataset(Descriptor):
    """dataset.yml."""

    title: Words
    summary: Words
    version: Version
    origin: Literal["open", "synthetic"]
    licence: str
    attribution: Words | None = None
    publisher: str
    contact: Email
    reference_date: date
    keywords: tuple[Words, ...] = ()
    compiled_from: tuple[Origin, ...] = ()
    derived_from: tuple[Slug, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    realistic: tuple[Words, ...] = ()
    not_realistic: tuple[Words, ...] = ()
    caveats: tuple[Words, ...] = ()
    tables: dict[Name, Table]
    expectations: tuple[Expectation, ...] = ()
    questions: dict[Slug, Question] = Field(default_factory=dict)


# --- challenges -----------------------------------------------------------------------------------


class Owner(Descriptor):
    name: Words
    contact: Email


class Decision(Descriptor):
    """What the answer is for: who decides, when, and what follows from each outcome.

    `within_days`: how many days after the event's end it is made at the latest; 0 is at the event.
    """

    what: Words
    who: Words
    when: Words
    within_days: Annotated[int, Field(ge=0, le=365)] | None = None
    if_yes: Words
    if_no: Words
    if_unclear: Words


class Baseline(Descriptor):
    """Today's practice as a number to beat, with its source."""

    what: Words
    value: float | int
    unit: Words
    source: Words
    date: date


class Picture(Descriptor):
    """Today's practice as a picture, drawn from what a stored question answers.

    question: it is asked with the defaults of its blanks. x, y: the columns of its answer that name
    a mark and say how large it is. low, high: the columns of an interval's ends, for `intervals`
    alone. `bars` begin at 0; a `line` follows the order of the answer.
    """

    question: Slug
    kind: Literal["bars", "line", "intervals"]
    x: str
    y: str
    low: str | None = None
    high: str | None = None
    title: Words
    unit: Words

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it draws: x and y, and for intervals low and high."""
        return tuple(filter(None, (self.x, self.y, self.low, self.high)))

    @model_validator(mode="after")
    def _both_ends(self) -> Picture:
        ends = [name for name in ("low", "high") if getattr(self, name)]
        if ends != (["low", "high"] if self.kind == "intervals" else []):
            wanted = "low and high" if self.kind == "intervals" else "neither low nor high"
            raise Expected(f"{wanted}, since kind is {self.kind}", " and ".join(ends) or "neither")
        return self


class AnswerColumn(Descriptor):
    type: Type
    title: Words
    codes: dict[str, Words] | None = None
    required: bool = True


class Answers(Descriptor):
    """The file a team hands in: one row per key. `answers.sql` beside it yields the truth.

    `table` is the table whose rows are asked about, if there is one; `public_share` is the part of
    the rows that a leaderboard may show while the challenge runs. With `may_leave_out` a key that
    is not handed in counts as one with blanks, so that a team names only what it found.
    """

    key: Name
    key_type: Type = "string"
    columns: dict[Name, AnswerColumn]
    table: Name | None = None
    public_share: Annotated[float, Field(gt=0, lt=1)] = 0.3
    may_leave_out: bool = False

    @model_validator(mode="after")
    def _blanks_are_answers(self) -> Answers:
        needed = [name for name, column in self.columns.items() if column.required]
        if self.may_leave_out and needed:
            said = "required: false for each column, since keys may be left out"
            raise Expected(said, ", ".join(needed))
        return self


class Reference(Descriptor):
    """Where something is from, in words, and its address where it has one."""

    title: Words
    url: Url | None = None


class Score(Descriptor):
    """How answers are measured: a metric of the kit, and the gates that must hold.

    `explanation` says it in one plain paragraph, `formula` in signs, and `source` where the formula
    is from. `groups` says what the truth's groups are, if it has a column `group`.
    `judged_by_people` names what no file of answers can show.
    """

    metric: Slug
    title: Words
    unit: Words
    explanation: Words
    formula: Words
    source: Reference
    higher_is_better: bool = True
    gates: tuple[Words, ...] = ()
    groups: Words | None = None
    judged_by_people: tuple[Words, ...] = ()


class Criterion(Descriptor):
    title: Words
    weight: Annotated[int, Field(gt=0, le=100)]
    description: Words


class CheckIn(Descriptor):
    days: Literal[30, 90, 180]
    who: Words
    what: Words


class Afterwards(Descriptor):
    """What happens to the winner: whose money, which lawful route, and who asks when."""

    budget_line: Words
    route: Words
    check_ins: tuple[CheckIn, ...]

    @field_validator("check_ins")
    @classmethod
    def _all_three(cls, check_ins: tuple[CheckIn, ...]) -> tuple[CheckIn, ...]:
        if (days := [c.days for c in check_ins]) != [30, 90, 180]:
            found = ", ".join(map(str, days)) or "none"
            raise Expected("check-ins at 30, 90 and 180 days, in this order", found)
        return check_ins


class Challenge(Descriptor):
    """challenge.yml."""

    title: Words
    outcome: Words
    summary: Words
    owner: Owner
    decision: Decision
    baseline: Baseline
    picture: Picture | None = None
    datasets: tuple[Slug, ...]
    starter: Slug
    questions: tuple[Slug, ...] = ()
    time_needed: Words
    level: Literal["first", "intermediate", "advanced"]
    answers: Answers
    score: Score
    rubric: tuple[Criterion, ...]
    guardrails: tuple[Words, ...]
    lawful_purpose: Words
    afterwards: Afterwards

    @field_validator("rubric")
    @classmethod
    def _hundred(cls, rubric: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
        if (total := sum(c.weight for c in rubric)) != 100:
            raise Expected("weights that add up to 100", f"a sum of {total}")
        return rubric


# --- starters -------------------------------------------------------------------------------------


class Starter(Descriptor):
    """starter.yml; what it asks for stands in cookiecutter.json beside it.

    `commands` are typed in the project's folder, from nothing to a first page.
    """

    title: Words
    summary: Words
    audience: Words
    challenges: tuple[Slug, ...]
    needs: Words
    minutes: Annotated[int, Field(gt=0)]
    commands: tuple[str, ...] = ()


class Catalog(Descriptor):
    """Everything that is described, by slug."""

    datasets: dict[Slug, Dataset]
    challenges: dict[Slug, Challenge]
    starters: dict[Slug, Starter]

    @property
    def tables(self) -> dict[str, tuple[str, Table]]:
        """Table name → its dataset's slug and itself; names are unique across datasets."""
        return {n: (s, t) for s, d in self.datasets.items() for n, t in d.tables.items()}

    @property
    def questions(self) -> dict[str, tuple[str, Question]]:
        """Question name → its dataset's slug and itself."""
        return {n: (s, q) for s, d in self.datasets.items() for n, q in d.questions.items()}
