"""What hostile SQL meets on a guarded connection, on a table of 20,000 rows."""

import sqlite3

import pytest

from sandbox.explore import guard

BOMB = "with c0 as (select 1 a union select 2), " + ", ".join(
    f"c{n} as (select x.a from c{n - 1} x, c{n - 1} y)" for n in range(1, 25)
)
# Stopped by the time limit or the memory ceiling, which takes them a while.
SLOW = {"bombs in preparing", "an endless recursion", "a cross join", "a sort of a cross join"}
HOSTILE = {
    "a cell of half a gigabyte": "select hex(zeroblob(490000000))",
    "random bytes": "select length(randomblob(1000000000))",
    "a format of nearly a gigabyte": "select printf('%.*c', 900000000, 'x')",
    "the same by its other name": "select format('%.*c', 900000000, 'x')",
    "replace that multiplies": "with a(x) as (select hex(hex(hex(hex('aaaaaaaaaaaaaaaa'))))) "
    "select length(replace(replace(replace(x, '3', x), '1', x), '6', x)) from a",
    "concatenation that multiplies": "with recursive r(x) as "
    "(select 'aaaaaaaa' union all select x || x from r) select max(length(x)) from r",
    "a long list in one cell": "select length(group_concat(name)) from t",
    "a long list as JSON": "select length(json_group_array(name)) from t",
    "an endless recursion": "with recursive r(n) as (select 1 union all select n + 1 from r) "
    "select max(n) from r",
    "a cross join": "select count(*) from t a, t b, t c",
    "a sort of a cross join": "select a.name from t a, t b order by a.name || b.name",
    "bombs in preparing": f"{BOMB} select count(*) from c24",
    "a deep expression": f"select {'(' * 300}1{')' * 300}",
    "a pattern without end": f"select 'a' like '{'%a' * 300}'",
    "too many columns": f"select {', '.join('1' for _ in range(500))}",
    "attach": "attach '/etc/passwd' as p",
    "vacuum into": "vacuum into 'copy.db'",
    "load an extension": "select load_extension('x')",
    "read a file": "select readfile('/etc/passwd')",
    "where the file lies": "select file from pragma_database_list",
    "a pragma": "pragma database_list",
    "undoing the guard": "pragma query_only = 0",
    "writing": "insert into t values (1, 'x')",
    "a temporary table": "create temp table x (y)",
    "compile options": "select sqlite_compileoption_get(1)",
}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("guard") / "t.db"
    with sqlite3.connect(path) as db:
        db.execute("create table t (id integer primary key, name text)")
        db.executemany("insert into t values (?, ?)", ((n, f"name {n}") for n in range(20_000)))
        db.execute('create virtual table t_fts using fts5(name, content="t")')
        db.execute("insert into t_fts(rowid, name) select id, name from t")
    return path


@pytest.fixture
def guarded(file):
    connection = sqlite3.connect(f"file:{file}?immutable=1", uri=True)
    guard.protect(connection)
    yield connection
    connection.close()


def ask(connection, sql, milliseconds=300):
    with guard.time_limit(connection, milliseconds):
        return guard.fetch(connection.execute(sql), 1000)


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(sql, id=name, marks=pytest.mark.heavy if name in SLOW else ())
        for name, sql in HOSTILE.items()
    ],
)
def test_it_is_refused_or_stopped(guarded, sql):
    with pytest.raises((sqlite3.Error, MemoryError)):
        ask(guarded, sql)
    assert ask(guarded, "select count(*) from t") == ([(20_000,)], False), "the next one is served"


def test_searching_a_long_text_takes_no_longer_than_its_length(guarded):
    haystack = f"replace(hex(hex(hex('{'a' * 2000}'))), '3', 'aaa')"
    ask(guarded, f"select instr({haystack}, substr({haystack}, 9) || 'b') from t limit 200", 2000)


@pytest.mark.parametrize(
    ("text", "sought", "at"),
    [("'abc'", "'c'", 3), ("'abc'", "'x'", 0), ("'abc'", "''", 1), ("null", "'a'", None),
     ("12345", "34", 3), ("'blåbær'", "'bær'", 4), ("x'0102'", "x'02'", 2)],
)  # fmt: skip
def test_instr_says_what_sqlite_says(guarded, text, sought, at):
    sql = f"select instr({text}, {sought})"
    assert ask(guarded, sql)[0][0][0] == at
    assert sqlite3.connect(":memory:").execute(sql).fetchone()[0] == at


@pytest.mark.parametrize(
    "sql",
    [
        "select name from t where id = 7",
        "select name from t where rowid in (select rowid from t_fts where t_fts match '77')",
        "select substr(name, 1, 4), count(*), round(avg(id), 1) from t group by 1",
        "with recursive r(n) as (select 1 union all select n + 1 from r where n < 9) "
        "select * from r",
        "select value from json_each('[1, 2]')",
        "select sum(id) over (order by id) from t limit 3",
        "select strftime('%Y', '2024-02-29'), date('2024-02-29', '+1 year')",
        "select name from sqlite_master",
    ],
)
def test_an_honest_question_is_answered(guarded, sql):
    assert ask(guarded, sql)[0]


def test_an_answer_of_too_many_bytes_is_an_error_of_the_query(guarded):
    wide = "hex(hex(hex(hex('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'))))"
    columns = ", ".join(f"{wide} || {n}" for n in range(20))
    with pytest.raises(guard.AnswerTooLarge):
        ask(guarded, f"select {columns} from t")


def test_more_rows_than_asked_for_are_said_to_be_there(guarded):
    rows, more = guard.fetch(guarded.execute("select id from t limit 11"), 10)
    assert (len(rows), more) == (10, True)
    rows, more = guard.fetch(guarded.execute("select id from t limit 10"), 10)
    assert (len(rows), more) == (10, False)
