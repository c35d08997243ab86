"""A challenge's picture is what its question answers on the built data, or a clear refusal."""

import sqlite3

import pytest

from sandbox.build.pictures import MOST_MARKS, marks
from sandbox.catalog.models import Picture, Question
from sandbox.errors import BuildError

pytestmark = pytest.mark.heavy

PARKS = [("Birch Park", 12.5, "city"), ("High Moor", 1040.25, "wild"), ("Lake Park", None, "city")]


@pytest.fixture
def draw():
    """The marks of a picture of `sql`, its columns named `name` and `y`."""
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    db.execute("CREATE TABLE parks (name TEXT, hectares REAL, kind TEXT)")
    db.executemany("INSERT INTO parks VALUES (?, ?, ?)", PARKS)

    def drawn(sql, *, parameters=(), **picture):
        described = {"question": "q", "kind": "bars", "x": "name", "y": "y", "title": "x"}
        blanks = {name: {"title": name, "default": value} for name, value in parameters}
        question = Question.model_validate({"title": "x", "sql": sql, "parameters": blanks})
        whole = Picture.model_validate(described | {"unit": "x"} | picture)
        return marks(db, question, whole, "challenges/x/challenge.yml")

    yield drawn
    db.close()


def test_each_row_with_a_number_is_a_mark_in_the_order_of_the_answer(draw):
    assert draw("SELECT name, hectares AS y FROM parks ORDER BY name DESC") == [
        {"x": "High Moor", "y": 1040.25},
        {"x": "Birch Park", "y": 12.5},
    ]


def test_the_question_is_asked_with_its_defaults(draw):
    sql = "SELECT name, hectares AS y FROM parks WHERE kind = :kind"
    assert [mark["x"] for mark in draw(sql, parameters=[("kind", "wild")])] == ["High Moor"]


def test_an_interval_has_its_ends_and_a_number_may_name_a_mark(draw):
    drawn = draw("SELECT 7 AS name, 2 AS y, 1 AS a, 3 AS b", kind="intervals", low="a", high="b")
    assert drawn == [{"x": "7", "y": 2, "low": 1, "high": 3}]


def test_no_row_at_all_is_an_empty_picture(draw):
    assert draw("SELECT name, hectares AS y FROM parks WHERE 1 = 0") == []


def test_what_is_no_number_cannot_be_drawn(draw):
    with pytest.raises(BuildError, match=r"challenge\.yml: picture\.y draws 'city'"):
        draw("SELECT name, kind AS y FROM parks")


def test_more_marks_than_a_phone_can_show_are_refused(draw):
    counted = "WITH RECURSIVE n(i) AS (VALUES (1) UNION SELECT i + 1 FROM n WHERE i < {}) "
    sql = counted + "SELECT i AS name, i AS y FROM n"
    assert len(draw(sql.format(MOST_MARKS))) == MOST_MARKS
    with pytest.raises(BuildError, match=f"more than {MOST_MARKS} rows"):
        draw(sql.format(MOST_MARKS + 1))
