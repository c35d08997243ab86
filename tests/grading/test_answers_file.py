from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from sandbox.errors import AnswersRejected
from sandbox.grading.answers_file import SHOWN, SHOWN_OF_A_KIND, read_answers
from tests.grading.making import ANSWERS, form_of

CODED = form_of(answer={"type": "string", "title": "Answer", "codes": ANSWERS})
KEYS = [f"BP-{i:05}" for i in range(1, 9)]
GOOD = "id,answer\n" + "".join(f"{key},approve\n" for key in KEYS)


@pytest.fixture
def problems(answers_file):
    """What is wrong with a file, or the empty list."""

    def read(content, form=CODED, keys=KEYS):
        try:
            read_answers(answers_file(content), form, keys, "answers.csv")
        except AnswersRejected as rejected:
            return list(rejected.problems)
        return []

    return read


def only(found):
    assert len(found) == 1, "\n\n".join(map(str, found))
    return found[0]


def test_a_right_file_gives_every_key_its_typed_values(answers_file):
    form = form_of(
        n={"type": "integer", "title": "n"},
        x={"type": "number", "title": "x", "required": False},
        yes={"type": "boolean", "title": "yes"},
    )
    text = 'x,n,id,yes\n,-3,b,true\n"1.5", 4 ,a,0\n'
    assert read_answers(answers_file(text), form, ["a", "b"], "a.csv") == {
        "a": {"n": 4, "x": 1.5, "yes": False},
        "b": {"n": -3, "x": None, "yes": True},
    }


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode("utf-8-sig"),
        GOOD.replace("\n", "\r\n"),
        GOOD.rstrip("\n"),
        GOOD.replace("\n", "\n\n"),
        GOOD.replace("approve", '"approve"'),
    ],
    ids=["BOM", "CRLF", "no last line end", "blank lines", "quotes"],
)
def test_the_usual_ways_of_writing_csv_are_read(content, problems):
    assert problems(content) == []


def test_a_missing_column_is_named_with_the_one_that_was_meant(problems):
    found = only(problems(GOOD.replace("id,answer", "id, Answers")))
    assert found.line == 1
    assert found.what == "the column answer is missing"
    assert "' Answers'" in found.fix


def test_an_extra_column_is_refused_with_those_that_belong(problems):
    found = only(problems(GOOD.replace("\n", ",1\n").replace("answer,1", "answer,colour")))
    assert "'colour' does not belong" in found.what
    assert found.expected == "id,answer"


def test_semicolons_are_told(problems):
    found = only(problems(GOOD.replace(",", ";")))
    assert "separated by semicolons" in found.what
    assert "CSV UTF-8" in found.fix


def test_a_missing_header_is_told(problems):
    found = only(problems(GOOD.split("\n", 1)[1]))
    assert "first line holds an answer" in found.what


def test_a_key_answered_twice_is_told_with_both_lines(problems):
    found = only(problems(GOOD + f"{KEYS[1]},approve\n"))
    assert found.line == 10
    assert "on line 3" in found.what


def test_an_unknown_key_is_told(problems):
    found = only(problems(GOOD + "BP-99999,approve\n"))
    assert found.line == 10
    assert "BP-99999" in found.what


def test_a_key_that_lost_its_zeros_in_a_spreadsheet_is_explained(problems):
    found = problems("id,answer\n301,approve\n", keys=["0301"])
    assert "leading zeros" in found[-1].fix or "leading zeros" in found[0].fix


def test_left_out_keys_are_counted_and_the_first_five_named(problems):
    found = only(problems("id,answer\n" + f"{KEYS[0]},approve\n"))
    assert found.what == "7 of 8 rows are not answered"
    assert all(key in found.found for key in KEYS[1:6])
    assert KEYS[6] not in found.found


def test_keys_that_may_be_left_out_are_blank_and_all_else_is_told_as_ever(answers_file, problems):
    answer = {"type": "string", "title": "Answer", "codes": ANSWERS, "required": False}
    form = form_of(answer=answer).model_copy(update={"may_leave_out": True})
    some = read_answers(answers_file(f"id,answer\n{KEYS[3]},approve\n"), form, KEYS, "a.csv")
    assert some == {key: {"answer": "approve" if key == KEYS[3] else None} for key in KEYS}
    assert read_answers(answers_file("id,answer\n"), form, KEYS, "a.csv").keys() == set(KEYS)
    assert only(problems("id,answer\nBP-99999,approve\n", form)).what.startswith("no answer was")
    twice = f"id,answer\n{KEYS[0]},approve\n{KEYS[0]},approve\n"
    assert "was answered before" in only(problems(twice, form)).what
    assert "the column id is missing" in {p.what for p in problems("key,answer\n", form)}


def test_a_wrong_code_is_told_with_the_allowed_ones(problems):
    found = only(problems(GOOD.replace(f"{KEYS[2]},approve", f"{KEYS[2]},Approved")))
    assert (found.line, found.found) == (4, "Approved")
    assert found.expected == ", ".join(ANSWERS)
    assert found.fix == "did you mean approve?"


@pytest.mark.parametrize("formula", ["=A1", "+A1", "-A1", "@SUM(1)", '=HYPERLINK("x")'])
def test_a_formula_is_refused_where_a_value_belongs(formula, problems):
    cell = '"' + formula.replace('"', '""') + '"'
    assert "formula" in only(problems(GOOD.replace("approve", cell, 1))).what
    plain = form_of(answer={"type": "string", "title": "Answer"})
    assert "formula" in only(problems(GOOD.replace("approve", cell, 1), plain)).what
    number = form_of(answer={"type": "number", "title": "Answer"})
    text = GOOD.replace("approve", cell, 1).replace("approve", "-1.5")
    assert "formula" in only(problems(text, number)).what


@pytest.mark.parametrize(
    ("kind", "text", "hint"),
    [
        ("number", "17,5", "decimal point"),
        ("number", "nan", None),
        ("number", "1e999", None),
        ("integer", "3.5", None),
        ("boolean", "maybe", None),
        ("date", "31.01.2026", "year first"),
        ("datetime", "2026-01-31T12:00:00", None),
    ],
)
def test_a_wrong_type_is_told_with_an_example(kind, text, hint, problems):
    form = form_of(answer={"type": kind, "title": "Answer"})
    found = only(problems(f'id,answer\na,"{text}"\n', form, ["a"]))
    assert (found.line, found.found) == (2, text)
    assert found.what.startswith("answer: this is not ")
    assert hint is None or hint in found.fix


def test_a_blank_answer_is_told(problems):
    assert "missing" in only(problems(GOOD.replace("approve", " ", 1))).what


def test_a_line_with_too_many_values_is_told_and_not_told_again_as_left_out(problems):
    found = only(problems(GOOD.replace("approve", "approve,now", 1)))
    assert (found.line, found.found, found.expected) == (2, "3 values", "2")


def test_semicolons_below_a_header_with_commas_are_told(problems):
    found = problems(GOOD.replace(",approve", ";approve"))
    assert len(found) == SHOWN_OF_A_KIND
    assert all("not by semicolons" in problem.fix for problem in found)


def test_a_quote_that_never_closes_is_told(problems):
    assert "CSV" in problems(GOOD.replace("approve", '"approve', 1))[-1].what


def workbook() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n", "empty"),
        (workbook(), "spreadsheet"),
        (b"SQLite format 3\0", "SQLite"),
        (b"\x89PNG\r\n\x1a\n\0\0", "binary"),
        (GOOD.encode("utf-16"), "UTF-16"),
        (b"id,answer\nBP-00001,godkj\xf8nt\n", "Windows-1252"),
        (b"id,answer\n" + b"x" * 1_000_000, "longer than"),
    ],
    ids=["empty", "blank", "xlsx", "sqlite", "png", "utf-16", "cp1252", "one endless line"],
)
def test_what_is_no_csv_in_utf8_is_told(content, said, problems):
    assert said in only(problems(content)).what


def test_a_byte_that_is_not_utf8_is_found_on_its_line(problems):
    assert only(problems(GOOD.encode() + b"\xe6,approve\n")).line == 10


def test_a_folder_and_a_missing_file_are_told(tmp_path):
    for path, said in ((tmp_path, "folder"), (tmp_path / "no.csv", "No such file")):
        with pytest.raises(AnswersRejected, match=said):
            read_answers(path, CODED, KEYS, str(path))


def test_a_letter_of_several_lines_is_one_answer(answers_file):
    form = form_of(letter={"type": "string", "title": "Letter", "required": False})
    text = 'Hei.\n\nDu får støtte, se «§ 2»; ring "oss".' + " Hei." * 5_000
    content = 'id,letter\r\nA,"' + text.replace('"', '""') + '"\r\nB,\r\n'
    rows = read_answers(answers_file(content), form, ["A", "B"], "answers.csv")
    assert rows == {"A": {"letter": text}, "B": {"letter": None}}


def test_many_mistakes_are_told_at_once_but_no_more_than_can_be_read(problems, answers_file):
    text = "id,answer\n" + "".join(
        f"{key},{'yes' if i % 2 else '=A1'}\nX{i},approve\n{key},approve\n"
        for i, key in enumerate(KEYS)
    )
    found = problems(text)
    assert len(found) <= SHOWN
    kinds = [p.what.split("BP-")[0] for p in found]
    assert all(kinds.count(kind) <= SHOWN_OF_A_KIND for kind in kinds)
    assert {p.line for p in found} >= {2, 3, 4, 5}
    with pytest.raises(AnswersRejected, match="24 mistakes"):
        read_answers(answers_file(text), CODED, KEYS, "answers.csv")


def test_reading_stops_soon_after_the_rows_that_were_asked_for(tmp_path):
    class Endless:
        """A file of ten million rows, of which few are ever made."""

        read_lines = 0

        def __init__(self):
            self.first = True

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def read(self, size):
            return b"id,answer\n"

        def seek(self, place):
            pass

        def readline(self, size):
            type(self).read_lines += 1
            if self.read_lines > 10_000_000:
                return b""
            return b"id,answer\n" if self.read_lines == 1 else b"X%d,approve\n" % self.read_lines

    class Path:
        def open(self, mode):
            return Endless()

    with pytest.raises(AnswersRejected, match="far more rows"):
        read_answers(Path(), CODED, KEYS, "answers.csv")
    assert Endless.read_lines < 1000
