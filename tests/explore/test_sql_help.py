"""SQLite's own messages, from real mistakes, in words that show the way out."""

import sqlite3

import pytest

from sandbox.catalog.sql import empty_database
from sandbox.explore.sql_help import explain
from sandbox.ui import languages

MISTAKES = {
    "select nmae from municipalities": ("nmae", "Did you mean name?"),
    "select m.nmae from municipalities m": ("called nmae", "municipalities"),
    "select zzzqqq from municipalities": ("zzzqqq", "listed below"),
    "select * from municipality": ("municipality", "Did you mean municipalities?"),
    "select * from zzzqqq": ("zzzqqq", "The tables are: "),
    "select concat_all(name) from counties": ("concat_all", "count, sum"),
    "select name form counties": ("form", ""),
    "select name,, county_code from counties": ("“,”", "comma"),
    "select name from counties where": ("complete", "quote or bracket"),
    "select 'name from counties": ("complete", "quote"),
    "select name from counties c join municipalities m on m.county_code = c.county_code": (
        "Several", "counties.name",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def database(small_catalog):
    return empty_database({n: t for n, (_, t) in small_catalog.tables.items()})


def said(database, sql):
    with pytest.raises(sqlite3.Error) as raised:
        database.execute(sql)
    return str(raised.value)


@pytest.mark.parametrize("sql", [s for s in MISTAKES if " form " not in s])
def test_a_mistake_is_explained(database, small_catalog, sql):
    what, fix = MISTAKES[sql]
    mistake = explain(said(database, sql), small_catalog, str)
    assert what in mistake.what
    assert fix in mistake.fix


@pytest.mark.parametrize(
    "message",
    [
        "interrupted: the query took too long",
        "not authorized to use function: printf",
        "Statement must be a SELECT",
        "You can only execute one statement at a time.",
        "string or blob too big",
        "LIKE or GLOB pattern too complex",
        "parameter age is not of type integer",
    ],
)
@pytest.mark.parametrize("language", ["en", "nb"])
def test_every_known_message_has_a_way_out_in_each_language(small_catalog, message, language):
    gettext = languages.translator(language).gettext
    mistake = explain(message, small_catalog, gettext)
    assert mistake.fix
    assert "{" not in mistake.what + mistake.fix
    if language == "nb":
        assert mistake.what != explain(message, small_catalog, str).what


def test_an_unknown_message_is_passed_on(small_catalog):
    assert explain("something new", small_catalog, str).said == "something new"
