"""A mistake in SQL in a beginner's words, with the way out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.catalog import Catalog
from sandbox.errors import nearest
from sandbox.explore import guard

Gettext = Callable[[str], str]


@dataclass(frozen=True)
class Mistake:
    """`what` is wrong and the `fix`, in the reader's language; `said` is what SQLite said."""

    what: str
    fix: str
    said: str


def explain(said: str, catalog: Catalog, gettext: Gettext) -> Mistake:
    """SQLite's message `said`, explained; an unknown one stands as it is."""
    for pattern, tell in _KNOWN:
        if found := re.search(pattern, said):
            what, fix = tell(found, catalog, gettext)
            return Mistake(what, fix, said)
    return Mistake(gettext("The query could not be run."), "", said)


def _no_column(found: re.Match[str], catalog: Catalog, _: Gettext) -> tuple[str, str]:
    name = found[1].rpartition(".")[2].strip('"`[]')
    columns = {c for _, table in catalog.tables.values() for c in table.columns}
    what = _("There is no column called {name} in the tables of this query.").format(name=name)
    if close := nearest(name, sorted(columns)):
        homes = [t for t, (_, table) in catalog.tables.items() if close in table.columns]
        return what, _("Did you mean {close}? It is a column of {tables}.").format(
            close=close, tables=", ".join(homes)
        )
    return what, _("The columns of every table are listed below the query.")


def _no_table(found: re.Match[str], catalog: Catalog, _: Gettext) -> tuple[str, str]:
    name = found[1].rpartition(".")[2]
    what = _("There is no table called {name}.").format(name=name)
    if close := nearest(name, list(catalog.tables)):
        return what, _("Did you mean {close}?").format(close=close)
    return what, _("The tables are: {tables}.").format(tables=", ".join(catalog.tables))


def _no_function(found: re.Match[str], catalog: Catalog, _: Gettext) -> tuple[str, str]:
    return (
        _("There is no function called {name}.").format(name=found[1]),
        _("Common ones are count, sum, avg, min, max, round, substr, lower, date and strftime."),
    )


def _syntax(found: re.Match[str], catalog: Catalog, _: Gettext) -> tuple[str, str]:
    return (
        _("The query cannot be read at “{word}”.").format(word=found[1]),
        _("Look just before it: a comma too many or too few, a missing quote or keyword?"),
    )


def _ambiguous(found: re.Match[str], catalog: Catalog, _: Gettext) -> tuple[str, str]:
    name = found[1].rpartition(".")[2]
    homes = [f"{t}.{name}" for t, (_, table) in catalog.tables.items() if name in table.columns]
    return (
        _("Several of the tables have a column called {name}.").format(name=name),
        _("Say which one you mean: {choices}.").format(choices=", ".join(homes[:4])),
    )


def _parameter(found: re.Match[str], catalog: Catalog, _: Gettext) -> tuple[str, str]:
    wanted = {
        "integer": _("a whole number, such as 42"),
        "number": _("a number, such as 1.5"),
        "boolean": _("true or false"),
        "date": _("a date, such as 2027-03-05"),
        "datetime": _("a date and time, such as 2027-03-05T09:00:00"),
    }
    return (
        _("The value of {name} cannot be used.").format(name=found[1]),
        _("Write {example}.").format(example=wanted.get(found[2], found[2])),
    )


def _fixed(what: str, fix: str) -> Callable[..., tuple[str, str]]:
    def tell(found: re.Match[str], catalog: Catalog, _: Gettext) -> tuple[str, str]:
        seconds = guard.TIME_LIMIT_MS // 1000
        return _(what).format(seconds=seconds), _(fix).format(seconds=seconds)

    return tell


def N_(message: str) -> str:  # noqa: N802, the name that extractors of messages know
    """Marks a message for translation that is looked up later."""
    return message


_KNOWN: tuple[tuple[str, Callable[..., tuple[str, str]]], ...] = (
    (r"no such column: (\S+)", _no_column),
    (r"no such table: (\S+)", _no_table),
    (r"no such function: (\S+)", _no_function),
    (r"ambiguous column name: (\S+)", _ambiguous),
    (r'near "(.*)": syntax error', _syntax),
    (r"parameter (\w+) is not of type (\w+)", _parameter),
    (
        r"incomplete input|unrecognized token",
        _fixed(
            N_("The query ends before it is complete."),
            N_("Is a closing quote or bracket missing?"),
        ),
    ),
    (
        r"interrupted",
        _fixed(
            N_("The query took longer than {seconds} seconds and was stopped."),
            N_("Look at fewer rows: add a WHERE, and join tables on their key columns."),
        ),
    ),
    (
        r"not authorized|prohibited|disallowed PRAGMA|must be a SELECT",
        _fixed(
            N_("Only questions can be asked here; nothing can be changed."),
            N_("Begin with SELECT or WITH. Some functions, printf among them, are switched off."),
        ),
    ),
    (
        r"one statement at a time",
        _fixed(N_("This is more than one query."), N_("Run one at a time, without semicolons.")),
    ),
    (
        r"too (big|large|long|many|complex)|out of memory|parser stack overflow|maximum depth",
        _fixed(
            N_("The query, or its answer, is too large."),
            N_("Ask for fewer rows or columns, or count instead of listing."),
        ),
    ),
)
