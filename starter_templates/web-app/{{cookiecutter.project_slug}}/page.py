"""From rows to what the first page shows: the form's fields, the bars, the cells of the table."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from math import isfinite

from sandbox_data import Rows, SandboxData
from views import Filter, View
from words import WORDS, number

SHOWN = 50  # rows in the table; the chart counts all that were fetched
MOST_BARS = 15


@dataclass(frozen=True)
class Field:
    """A field of the form; `options` maps values to labels, empty for free text."""

    name: str
    label: str
    kind: str
    value: str
    options: dict[str, str]
    problem: str


@dataclass(frozen=True)
class Bar:
    label: str
    value: float
    percent: float  # of the longest bar


@dataclass(frozen=True)
class Shown:
    """Everything that index.html needs."""

    rows: Rows
    about: dict
    fields: list[Field]
    headings: list[dict]
    cells: list[list[str]]
    bars: list[Bar]
    chart_title: str
    other_bars: int

    @property
    def problems(self):
        return [field for field in self.fields if field.problem]


def build(data: SandboxData, view: View, typed, language: str) -> Shown:
    """Ask for the rows that meet the typed filters, and arrange them.

    A filter that cannot be read is left out and its field says why; nothing is guessed.
    """
    about = data.about(view.table)
    names = {column: _names(data, where) for column, where in view.names.items()}
    fields = [_field(about, chosen, names, typed, language) for chosen in view.filters]
    where = {
        field.name: _value(field.kind, field.value)
        for field in fields
        if field.value and not field.problem
    }
    rows = data.rows(view.table, where)
    bars = _bars(rows, view, lambda value: _cell(about, view.chart.by, value, names, language))
    columns = [column for column in view.columns if column in rows.columns]
    return Shown(
        rows=rows,
        about=about,
        fields=fields,
        headings=[_heading(about, column, names, language) for column in columns],
        cells=[
            [_cell(about, column, row[column], names, language) for column in columns]
            for row in rows.items[:SHOWN]
        ],
        bars=bars[:MOST_BARS],
        chart_title=_chart_title(about, view, language),
        other_bars=len(bars[MOST_BARS:]),
    )


def best(words, language: str):
    """The words in the reader's language if there are any: (text, language tag)."""
    if isinstance(words, str):
        return words, "en"
    tag = language if language in words else "en" if "en" in words else next(iter(words))
    return words[tag], tag


def _names(data: SandboxData, where) -> dict[str, str]:
    rows = data.rows(where.table)
    return {str(row[where.key]): row[where.label] for row in rows}


# --- the form -------------------------------------------------------------------------------------


def _field(about, chosen: Filter, names, typed, language) -> Field:
    column = about["columns"].get(chosen.column, {"type": "string"})
    options = names.get(chosen.column) or {
        code: best(words, language)[0] for code, words in (column.get("codes") or {}).items()
    }
    kind = column["type"]
    if kind == "boolean":
        options = {"1": WORDS[language]["yes"], "0": WORDS[language]["no"]}
    value = typed.get(chosen.name, "").strip()[:100]
    label = WORDS[language][chosen.operator].format(_title(about, chosen.column, language))
    if unit := column.get("unit"):
        label += f" ({best(unit, language)[0]})"
    try:
        _value(kind, value) if value else None
        problem = "" if not value or not options or value in options else "not_a_choice"
    except ValueError:
        problem = f"not_a_{kind}"
    options = dict(sorted(options.items(), key=lambda pair: pair[1]))
    return Field(chosen.name, label, kind, value, options, problem)


def _value(kind: str, text: str):
    """What was typed as the column's type; ValueError if it is none. 2,5 is 2.5."""
    if kind in ("integer", "number"):
        value = float(text.replace(" ", "").replace("\u00a0", "").replace(",", "."))
        if not isfinite(value):
            raise ValueError(text)
        return int(value) if value.is_integer() else value
    if kind == "date":
        return date.fromisoformat(text)
    return text


# --- the chart and the table ----------------------------------------------------------------------


def _bars(rows: Rows, view: View, label) -> list[Bar]:
    """Longest first; equal ones by label, so that the order never jumps."""
    sums: Counter = Counter()
    for row in rows:
        sums[label(row.get(view.chart.by))] += (
            1 if view.chart.sum is None else row.get(view.chart.sum) or 0
        )
    longest = max(sums.values(), default=0) or 1
    ordered = sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Bar(name, value, 100 * value / longest) for name, value in ordered]


def _chart_title(about, view: View, language) -> str:
    by = _title(about, view.chart.by, language)
    by = by[0].lower() + by[1:]  # it stands within a sentence
    if view.chart.sum is None:
        return WORDS[language]["rows_by"].format(by)
    return WORDS[language]["sum_by"].format(_title(about, view.chart.sum, language), by)


def _title(about, column: str, language) -> str:
    described = about["columns"].get(column, {})
    return best(described["title"], language)[0] if "title" in described else column


def _heading(about, column: str, names, language) -> dict:
    described = about["columns"].get(column, {})
    unit = best(described["unit"], language)[0] if described.get("unit") else ""
    is_number = described.get("type") in ("integer", "number") and column not in names
    return {"title": _title(about, column, language), "unit": unit, "is_number": is_number}


def _cell(about, column: str, value, names, language) -> str:
    """A value as people read it: the name behind a code, a number in their language, or a dash."""
    described = about["columns"].get(column, {})
    if value is None:
        return "–"
    if column in names:
        return names[column].get(str(value), str(value))
    if codes := described.get("codes"):
        return best(codes.get(str(value), str(value)), language)[0]
    kind = described.get("type")
    if kind == "boolean":
        return WORDS[language]["yes" if value else "no"]
    if kind == "datetime":
        return str(value).replace("T", " ").removesuffix("Z")[:16] + " UTC"
    if kind in ("integer", "number"):
        return number(value, language, 0 if kind == "integer" else 1)
    return str(value)
