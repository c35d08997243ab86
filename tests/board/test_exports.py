"""Tables that leave the board do nothing but show, wherever they are opened."""

import csv
import io
from datetime import UTC, datetime

import pytest

from sandbox.board import exports


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+47 12 34 56 78", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1", "  =1+1",
     '=HYPERLINK("https://evil.example.org","x")', "＝1+1"],
)  # fmt: skip
def test_what_a_spreadsheet_would_run_begins_with_an_apostrophe(text):
    assert exports.cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "cell"),
    [("Kari", "Kari"), ("a=b", "a=b"), (None, ""), (-3, "-3"), (2.5, "2.5"), (True, "yes"),
     (datetime(2027, 3, 5, 8, 0, 1, 5, tzinfo=UTC), "2027-03-05T08:00:01Z")],
)  # fmt: skip
def test_everything_else_stays_as_it_is(value, cell):
    assert exports.cell(value) == cell


def test_quotes_commas_and_lines_come_back_as_they_went_in():
    rows = [['a"b', "c,d", "e\nf"], ["Åse", "", "'quoted'"]]
    text = exports.csv_text(["x", "y", "z"], rows)
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["x", "y", "z"], *rows]
