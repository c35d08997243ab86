"""challenge.yml and a brief as a form in one language, and the form as challenge.yml again.

The first language's form has everything; that of another has the words alone, with the first
language's beside them. What the form has no field for stands as YAML in a box of its own.
"""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from wtforms import Field, HiddenField, SelectField, StringField, SubmitField, TextAreaField
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from sandbox.board.challenges import brief_name
from sandbox.board.drafts import DESCRIPTOR, source
from sandbox.board.forms import N_, Form, at_most, tidy, tidy_lines
from sandbox.board.words import gettext
from sandbox.catalog import Challenge
from sandbox.descriptors import LANGUAGES, Path_, Source, dump_yaml, load_yaml
from sandbox.errors import Problem

FIRST = "en"  # a brief in English is what every challenge has
BOX = ("datasets", "starter", "questions", "picture", "answers", "score")
CHECK_INS = (30, 90, 180)
MOST_ITEMS = 30
SPARE = 2  # empty places at the end of each list
LONGEST_LINE, LONGEST_TEXT, LONGEST_BRIEF = 300, 3_000, 30_000
Kind = Literal["line", "text", "number", "whole", "date", "email", "level"]
LEVEL_WORDS = {"first": N_("Good first challenge"), "intermediate": N_("Some experience"),
               "advanced": N_("Advanced")}  # fmt: skip


@dataclass(frozen=True)
class Spot:
    """A place in challenge.yml that has a field; `words` are told in each language."""

    path: Path_
    label: str
    hint: str = ""
    kind: Kind = "line"
    words: bool = True

    @property
    def name(self) -> str:
        return "_".join(map(str, self.path))


@dataclass(frozen=True)
class Section:
    """Fields that belong together."""

    title: str
    spots: tuple[Spot, ...]
    hint: str = ""
    id: str = ""


def sections(
    data: Mapping[str, Any], language: str, sent: Collection[str] = ()
) -> list[Section]:  # fmt: skip
    """The form's parts for a challenge as it is; other languages have places for words alone.

    `sent`: names of fields that a browser sends, for which there shall be places, too, since
    somebody else may have taken out a criterion meanwhile.
    """
    first = language == FIRST
    spare = SPARE if first else 0
    places = {
        key: max(len(_list(data, key)) + spare, *(_places_for(key, name) for name in sent), 0)
        for key in ("rubric", "guardrails")
    }
    found = [_about(), _owner(), _decision(), _today(), _rubric(places["rubric"]),
             _limits(places["guardrails"]), _afterwards()]  # fmt: skip
    if first:
        return found
    return [
        Section(s.title, tuple(spot for spot in s.spots if spot.words), s.hint, s.id) for s in found
    ]


def _places_for(key: str, field: str) -> int:
    """How many items a list has if a field of this name stands for one of them."""
    found = re.match(rf"{key}_(\d{{1,2}})(_|$)", field)
    return min(int(found[1]) + 1, MOST_ITEMS) if found else 0


def _about() -> Section:
    return Section(
        gettext("What it is about"),
        (
            Spot(("title",), gettext("Title")),
            Spot(
                ("outcome",),
                gettext("Outcome"),
                gettext("Who is better off when it is solved, and how: about people, no product."),
                "text",
            ),
            Spot(
                ("summary",),
                gettext("Summary"),
                gettext("What a team does, in a sentence or two."),
                "text",
            ),
            Spot(("level",), gettext("Level"), kind="level", words=False),
            Spot(("time_needed",), gettext("Time it takes"), gettext("For example: half a day")),
        ),
        id="about",
    )  # fmt: skip


def _owner() -> Section:
    return Section(
        gettext("Whose problem it is"),
        (
            Spot(("owner", "name"), gettext("Challenge owner")),
            Spot(
                ("owner", "contact"),
                gettext("E-mail address for questions"),
                gettext("Everybody can read it."),
                "email",
                words=False,
            ),
        ),
        id="owner",
    )


def _decision() -> Section:
    def spot(name: str, label: str, hint: str = "", kind: Kind = "text") -> Spot:
        return Spot(("decision", name), label, hint, kind, words=kind != "whole")

    return Section(
        gettext("The decision"),
        (
            spot("what", gettext("What is decided")),
            spot("who", gettext("Who decides"), kind="line"),
            spot("when", gettext("When"), kind="line"),
            spot(
                "within_days",
                gettext("Days after the event"),
                gettext("By when it is decided at the latest; 0 is at the event."),
                "whole",
            ),
            spot("if_yes", gettext("If the answer is yes")),
            spot("if_no", gettext("If the answer is no")),
            spot("if_unclear", gettext("If it is unclear")),
        ),
        gettext("If nothing follows from the answer, choose another challenge."),
        id="decision",
    )


def _today() -> Section:
    return Section(
        gettext("Today’s practice"),
        (
            Spot(("baseline", "what"), gettext("What is counted"), kind="text"),
            Spot(("baseline", "value"), gettext("The number"), kind="number", words=False),
            Spot(("baseline", "unit"), gettext("Its unit")),
            Spot(("baseline", "source"), gettext("Who counted it, and how"), kind="text"),
            Spot(("baseline", "date"), gettext("The day it is of"), kind="date", words=False),
        ),
        gettext("One number to beat, with its source."),
        id="baseline",
    )


def _rubric(count: int) -> Section:
    spots: list[Spot] = []
    for i in range(count):
        number = {"number": i + 1}
        spots += [
            Spot(("rubric", i, "title"), gettext("Criterion %(number)s") % number),
            Spot(("rubric", i, "weight"), gettext("Points for criterion %(number)s") % number,
                 kind="whole", words=False),
            Spot(("rubric", i, "description"), gettext("What is asked by it (%(number)s)") % number,
                 kind="text"),
        ]  # fmt: skip
    return Section(
        gettext("What judges look at"),
        tuple(spots),
        gettext("The points add up to 100. Empty a criterion to take it out."),
        id="rubric",
    )


def _limits(count: int) -> Section:
    guardrails = (
        Spot(("guardrails", i), gettext("Guardrail %(number)s") % {"number": i + 1}, kind="text")
        for i in range(count)
    )
    return Section(
        gettext("Guardrails"),
        (
            *guardrails,
            Spot(
                ("lawful_purpose",),
                gettext("Lawful purpose"),
                gettext("What the data may be used for, and what not."),
                "text",
            ),
        ),
        gettext("What an answer must never do, and to whom. Empty one to take it out."),
        id="guardrails",
    )


def _afterwards() -> Section:
    checks: list[Spot] = []
    for i, days in enumerate(CHECK_INS):
        told = {"days": days}
        checks += [
            Spot(("afterwards", "check_ins", i, "who"),
                 gettext("After %(days)s days: who asks") % told),
            Spot(("afterwards", "check_ins", i, "what"),
                 gettext("After %(days)s days: what is asked") % told, kind="text"),
        ]  # fmt: skip
    return Section(
        gettext("Afterwards"),
        (
            Spot(("afterwards", "budget_line"), gettext("Whose budget"), kind="text"),
            Spot(
                ("afterwards", "route"),
                gettext("The lawful way from prototype to contract"),
                kind="text",
            ),
            *checks,
        ),
        id="afterwards",
    )


# --- the form -------------------------------------------------------------------------------------


class _Needed:
    """Needed in the end, but not by a draft: so it is not marked as optional, and not asked for."""

    field_flags = {"input_required": True}  # noqa: RUF012 (WTForms' own form)

    def __call__(self, form: PlainForm, field: Field) -> None:
        """Whatever stands there can be kept."""


class EditForm(Form):
    """What every editing form has; its other fields follow from the challenge."""

    based_on = HiddenField()
    brief = TextAreaField(N_("The brief"), [_Needed(), at_most(LONGEST_BRIEF)], [tidy_lines])
    submit = SubmitField(N_("Save the draft"))


class BoxForm(EditForm):
    """With what concerns data and scoring, as YAML."""

    box = TextAreaField(
        N_("Data and scoring, as YAML"), [_Needed(), at_most(LONGEST_BRIEF)], [tidy_lines],
        render_kw={"spellcheck": "false", "autocapitalize": "off", "class": "code"},
    )  # fmt: skip

    def validate_box(self, field: Field) -> None:
        """It must be YAML, with keys of its own alone: else it could not be kept."""
        found = boxed(field.data or "")
        if isinstance(found, Problem):
            raise ValidationError(line_told(found))


def form_class(parts: list[Section], *, has_box: bool) -> type[EditForm]:
    """A form with a field for each spot."""
    fields = {spot.name: _field(spot) for part in parts for spot in part.spots}
    made: type[EditForm] = type("ChallengeForm", (BoxForm if has_box else EditForm,), fields)
    return made


def _field(spot: Spot) -> Any:
    if spot.kind == "text":
        return TextAreaField(spot.label, [_Needed(), at_most(LONGEST_TEXT)], [tidy_lines])
    if spot.kind == "level":
        choices = [SelectChoice(level, gettext(words)) for level, words in LEVEL_WORDS.items()]
        choices.insert(0, SelectChoice("", ""))
        return SelectField(spot.label, [_Needed()], choices=choices)
    checks = {"number": _number, "whole": _whole, "date": _day}
    keys = {
        "number": {"inputmode": "decimal"},
        "whole": {"inputmode": "numeric"},
        "date": {"type": "date"},
        "email": {"type": "email"},
    }.get(spot.kind, {})
    more = [checks[spot.kind]] if spot.kind in checks else []
    checked = [_Needed(), at_most(LONGEST_LINE), *more]
    return StringField(spot.label, checked, [tidy], render_kw=keys)


def _number(_form: PlainForm, field: Field) -> None:
    if field.data and _as_number(field.data) is None:
        raise ValidationError(gettext("Write a number such as 41.5."))


def _whole(_form: PlainForm, field: Field) -> None:
    if field.data and not re.fullmatch(r"\d{1,6}", field.data):
        raise ValidationError(gettext("Write a whole number such as 30."))


def _day(_form: PlainForm, field: Field) -> None:
    if field.data and _as_day(field.data) is None:
        raise ValidationError(gettext("Write a day such as 2027-03-05."))


def _as_number(text: str) -> int | float | None:
    written = text.replace("\N{MINUS SIGN}", "-").replace(" ", "").replace(",", ".")
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,10})?", written):
        return None
    return float(written) if "." in written else int(written)


def _as_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None


# --- from the draft to the form -------------------------------------------------------------------


def data_of(files: Mapping[str, str]) -> dict[str, Any]:
    """What challenge.yml says, as plain values; nothing while it cannot be read."""
    parsed = source(files)
    return parsed.value if isinstance(parsed, Source) and isinstance(parsed.value, dict) else {}


def values(files: Mapping[str, str], parts: list[Section], language: str) -> dict[str, str]:
    """Field → what it holds."""
    data = data_of(files)
    found = {
        spot.name: words_in(_at(data, spot.path), language)
        if spot.words
        else _written(_at(data, spot.path))
        for part in parts
        for spot in part.spots
    }
    found["brief"] = files.get(brief_name(language), "").strip("\n")
    found["box"] = box_text(data)
    return found


def box_text(data: Mapping[str, Any]) -> str:
    kept = {key: data[key] for key in BOX if key in data}
    return dump_yaml(kept) if kept else ""


def boxed(text: str) -> dict[str, Any] | Problem:
    """The keys of the box, or the first thing that keeps it from being kept."""
    if not text.strip():
        return {}
    parsed = load_yaml(text, DESCRIPTOR)
    if isinstance(parsed, Problem):
        return parsed
    if parsed.problems:
        return parsed.problems[0]
    if not isinstance(parsed.value, dict):
        return Problem("keys with values are expected", DESCRIPTOR, 1, fix="datasets: [norway]")
    for key in parsed.value:
        if key not in BOX:
            what = f"{str(key)[:40]!r} does not belong here"
            line = parsed.line((str(key),))
            return Problem(what, DESCRIPTOR, line, expected=", ".join(BOX))
    return parsed.value


def _at(data: Any, path: Path_) -> Any:
    for part in path:
        if isinstance(part, int):
            data = data[part] if isinstance(data, list) and part < len(data) else None
        else:
            data = data.get(part) if isinstance(data, dict) else None
    return data


def words_in(value: Any, language: str) -> str:
    """The words of a value in one language; a plain text is in the first."""
    if isinstance(value, str):
        return value.strip() if language == FIRST else ""
    found = value.get(language) if isinstance(value, dict) else None
    return found.strip() if isinstance(found, str) else ""


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    found = data.get(key)
    return found if isinstance(found, list) else []


def _written(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)


# --- from the form to the draft -------------------------------------------------------------------


def saved(
    files: Mapping[str, str], form: EditForm, parts: list[Section], language: str
) -> dict[str, str]:
    """The draft's files with what the form says; a file of which nothing differs stays as it is."""
    before = data_of(files)
    data = copy.deepcopy(before)
    _set_check_ins(data)
    for part in parts:
        for spot in part.spots:
            _put(data, spot, (form[spot.name].data or "").strip(), language)
    if language == FIRST:
        _drop_empty(data)
    if isinstance(form, BoxForm):
        found = boxed(form.box.data or "")
        kept = {key: value for key, value in data.items() if key not in BOX}
        data = kept | (found if isinstance(found, dict) else {})
    made = dict(files)
    if data != before:
        order = [key for key in Challenge.model_fields if key in data]
        rest = [key for key in data if key not in order]
        made[DESCRIPTOR] = dump_yaml({key: data[key] for key in (*order, *rest)})
    _set_brief(made, brief_name(language), form.brief.data or "")
    return made


def called(files: Mapping[str, str], title: str) -> dict[str, str]:
    """The files of a challenge under another title, in every language that the title is in."""
    data = data_of(files)
    before = data.get("title")
    data["title"] = dict.fromkeys(before, title) if isinstance(before, dict) else title
    return {**files, DESCRIPTOR: dump_yaml(data)}


def _set_brief(files: dict[str, str], name: str, text: str) -> None:
    if not text:
        files.pop(name, None)
    elif files.get(name, "").strip("\n") != text:
        files[name] = text + "\n"


def _set_check_ins(data: dict[str, Any]) -> None:
    """There are always three, on their days."""
    afterwards = data.get("afterwards")
    if not isinstance(afterwards, dict):
        data["afterwards"] = afterwards = {}
    checks = afterwards.get("check_ins")
    checks = [c if isinstance(c, dict) else {} for c in checks] if isinstance(checks, list) else []
    afterwards["check_ins"] = [
        {"days": days} | {k: v for k, v in check.items() if k != "days"}
        for days, check in zip(CHECK_INS, [*checks, {}, {}, {}], strict=False)
    ]


def _put(data: dict[str, Any], spot: Spot, text: str, language: str) -> None:
    holder, last = _holder(data, spot.path, make=bool(text))
    if holder is None:
        return
    before = holder[last] if isinstance(last, int) else holder.get(last)
    value = _with_words(before, text, language) if spot.words else _value(spot, text, before)
    if value is not None or isinstance(last, int):
        holder[last] = {} if value is None else value
    else:
        holder.pop(last, None)


def _holder(data: Any, path: Path_, *, make: bool) -> tuple[Any, Any]:
    """The map or list in which the path's last part stands; made on the way if `make`."""
    for part, following in itertools.pairwise(path):
        kind: type = list if isinstance(following, int) else dict
        inner = _at(data, (part,))
        if not isinstance(inner, kind):
            if not make:
                return None, None
            inner = kind()
            _place(data, part, inner)
        data = inner
    last = path[-1]
    if isinstance(last, int) and last >= len(data):
        if not make:
            return None, None
        _place(data, last, None)
    return data, last


def _place(holder: Any, part: str | int, value: Any) -> None:
    if isinstance(part, int):
        holder.extend({} for _ in range(part + 1 - len(holder)))
    holder[part] = value


def _with_words(before: Any, text: str, language: str) -> Any:
    """Words in several languages with those in one changed; as they were where nothing differs."""
    if words_in(before, language) == text:
        return before
    if isinstance(before, str):
        before = {FIRST: before}
    told = dict(before) if isinstance(before, dict) else {}
    told.pop(language, None)
    if text:
        told[language] = text
    known = [tag for tag in LANGUAGES if tag in told]
    return {tag: told[tag] for tag in (*known, *(t for t in told if t not in known))} or None


def _value(spot: Spot, text: str, before: Any) -> Any:
    if text == _written(before):
        return before
    if not text:
        return None
    if spot.kind == "number":
        return _as_number(text)
    if spot.kind == "whole":
        return int(text)
    return _as_day(text) if spot.kind == "date" else text


def _drop_empty(data: dict[str, Any]) -> None:
    """List items without words in the first language have been emptied, or were never filled."""
    if "guardrails" in data:
        data["guardrails"] = [g for g in _list(data, "guardrails") if words_in(g, FIRST)]
    if "rubric" in data:
        data["rubric"] = [
            c
            for c in _list(data, "rubric")
            if any(words_in(_at(c, (key,)), FIRST) for key in ("title", "description"))
        ]


# --- what is wrong, beside the field that it is about ---------------------------------------------


@dataclass(frozen=True)
class Told:
    """A problem in words, and the field of this form where it is mended; "" if it is elsewhere."""

    words: str
    field: str
    where: str


def told(
    problems: list[Problem], files: Mapping[str, str], parts: list[Section], language: str,
    *, has_box: bool,
) -> Iterator[Told]:  # fmt: skip
    """Each problem with its field; lines of the box are counted within the box."""
    parsed = source(files)
    lines = _places(parsed) if isinstance(parsed, Source) else {}
    inside = load_yaml(box_text(data_of(files)) or "{}", DESCRIPTOR)
    for problem in problems:
        words = problem_words(problem)
        if problem.file == brief_name(language):
            yield Told(_on_line(problem.line, words), "brief", problem.file)
        elif problem.file != DESCRIPTOR:
            yield Told(_on_line(problem.line, words), "", problem.file)
        else:
            path = lines.get(problem.line or 0, ())
            field = _field_of(path, parts, language)
            if not field and has_box and path and path[0] in BOX and isinstance(inside, Source):
                yield Told(_on_line(inside.line(path), words), "box", DESCRIPTOR)
            else:
                yield Told(words, field, DESCRIPTOR)


def _places(parsed: Source) -> dict[int, Path_]:
    """Line → the innermost value that begins there."""
    found: dict[int, Path_] = {}
    for path, line in parsed.lines.items():
        if len(path) >= len(found.get(line, ())):
            found[line] = path
    return found


def _field_of(path: Path_, parts: list[Section], language: str) -> str:
    for part in parts:
        for spot in part.spots:
            rest = path[len(spot.path) :]
            if path[: len(spot.path)] == spot.path and rest in ((), (language,)):
                return spot.name
    if path and path[0] not in BOX:  # of a whole section, such as a sum of points
        for part in parts:
            for spot in part.spots:
                if spot.path[: len(path)] == path:
                    return spot.name
    return ""


def problem_words(problem: Problem) -> str:
    """A problem in one line."""
    said = problem.what
    if problem.found:
        said += f" (found: {problem.found})"
    if problem.expected:
        said += f"; expected: {problem.expected}"
    return f"{said}. {problem.fix[0].upper()}{problem.fix[1:]}" if problem.fix else said


def in_file(problem: Problem) -> str:
    """A problem with the file that it is in."""
    return f"{problem.where}: {problem_words(problem)}" if problem.file else problem_words(problem)


def line_told(problem: Problem) -> str:
    return _on_line(problem.line, problem_words(problem))


def _on_line(line: int | None, words: str) -> str:
    return f"{gettext('Line %(line)s') % {'line': line}}: {words}" if line else words
