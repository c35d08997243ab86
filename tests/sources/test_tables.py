"""Every type is written in one way, and a cell that is not is told with its file and line."""

from datetime import UTC, date, datetime

import pytest

from sandbox.catalog.models import Column, Table
from sandbox.sources.tables import MOST_PROBLEMS, from_csv, parse


def column(kind="string", **more):
    return Column(type=kind, title="x", **more)


def table(key="code", **columns):
    return Table(title="t", row="r", key=key, columns=columns or {"code": column()})


@pytest.fixture
def read(tmp_path):
    """What becomes of a CSV file's text: the rows, or the problems as (line, what)."""

    def run(text, described):
        path = tmp_path / "rows.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        problems = []
        rows = from_csv(path, described, "data/rows.csv", problems)
        assert all(p.file == "data/rows.csv" for p in problems)
        assert (rows is None) == bool(problems)
        return rows.to_pylist() if rows is not None else [(p.line, p.what) for p in problems]

    return run


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("integer", "-12", -12),
        ("integer", "9223372036854775807", 2**63 - 1),
        ("number", "0.1", 0.1),
        ("number", "-3", -3.0),
        ("number", "1e-3", 0.001),
        ("string", "0301", "0301"),
        ("string", " a\nb ", " a\nb "),
        ("boolean", "true", True),
        ("boolean", "0", False),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("datetime", "2024-01-31T12:00:00Z", datetime(2024, 1, 31, 12, tzinfo=UTC)),
        ("datetime", "2024-01-31T12:00:00+02:00", datetime(2024, 1, 31, 10, tzinfo=UTC)),
    ],
)
def test_a_cell_in_the_one_way_its_type_is_written_is_its_value(kind, written, value):
    assert parse(written, column(kind)) == value


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("integer", "1.0"),
        ("integer", "1_000"),
        ("integer", " 1"),
        ("integer", "+1"),
        ("integer", "9223372036854775808"),
        ("integer", "١"),
        ("number", "1,5"),
        ("number", "1 000"),
        ("number", "nan"),
        ("number", "inf"),
        ("number", "1e999"),
        ("number", ".5"),
        ("boolean", "True"),
        ("boolean", "ja"),
        ("date", "31.01.2024"),
        ("date", "20240131"),
        ("date", "2024-W05-3"),
        ("date", "2023-02-29"),
        ("datetime", "2024-01-31T12:00:00"),
        ("datetime", "2024-01-31 12:00:00Z"),
        ("datetime", "2024-01-31T12:00:00.5Z"),
        ("datetime", "2024-01-31"),
        ("string", "a\0b"),
    ],
)
def test_a_cell_written_otherwise_is_refused(kind, written):
    with pytest.raises(ValueError, match=r".*"):
        parse(written, column(kind))


def test_rows_are_sorted_by_key_with_columns_in_the_descriptors_order(read):
    described = table(code=column(), size=column("integer"))
    assert read("size,code\n2,b\n,a\n1,0301\n", described) == [
        {"code": "0301", "size": 1},
        {"code": "a", "size": None},
        {"code": "b", "size": 2},
    ]


def test_an_empty_file_of_a_table_is_an_empty_table(read):
    assert read("code\n", table()) == []


def test_byte_order_marks_and_windows_line_ends_change_nothing(read):
    assert read(b"\xef\xbb\xbfcode\r\na\r\n", table()) == [{"code": "a"}]


def test_every_wrong_cell_is_told_with_its_line(read):
    described = table(code=column(), size=column("integer", required=True),
                      kind=column(codes={"x": "X"}))  # fmt: skip
    text = 'code,size,kind\na,1,x\nb,many,y\nc,,x\n"d\nd",1,\n,1,x\na,1,x\n'
    assert read(text, described) == [
        (3, "size is not an integer"),
        (3, "kind is not one of its codes"),
        (4, "size is empty, and is required"),
        (7, "code is empty, and is required"),
        (8, "the key code stands twice"),
    ]


def test_a_header_is_told_name_by_name(read):
    described = table(code=column(), size=column())
    assert read("kode,code,code\n1,2,3\n", described) == [
        (1, "the column 'kode' is not described"),
        (1, "the column 'code' stands twice"),
        (1, "the column 'size' is missing"),
    ]
    assert read("", table()) == [(1, "the column 'code' is missing")]


def test_rows_of_another_length_are_told_also_blank_ones(read):
    described = table(code=column(), size=column())
    assert read("code,size\na,1,2\n\nb\nc,3\n", described) == [
        (line, "the row has another number of cells") for line in (2, 3, 4)
    ]


def test_what_is_no_csv_and_no_utf_8_is_a_problem(read):
    assert read('code\n"a"b\n', table()) == [(2, "this is not CSV: ',' expected after '\"'")]
    assert read('code\n"a\n', table())[0][1].startswith("this is not CSV: ")
    assert read(b"code\n\xe5\n", table())[0][1].startswith("the file is not UTF-8")
    huge = "code\n" + "x" * 200_000 + "\n"
    assert read(huge, table()) == [(2, "this is not CSV: field larger than field limit (131072)")]


def test_no_more_problems_than_a_person_reads_are_listed_and_it_says_so(read):
    text = "code,size\n" + "".join(f"{n},x\n" for n in range(MOST_PROBLEMS + 20))
    told = read(text, table(code=column(), size=column("integer")))
    assert len(told) == MOST_PROBLEMS + 1
    assert told[-1][1] == f"more problems follow: only the first {MOST_PROBLEMS} are listed"
    exactly = "code,size\n" + "".join(f"{n},x\n" for n in range(MOST_PROBLEMS))
    assert len(read(exactly, table(code=column(), size=column("integer")))) == MOST_PROBLEMS
