"""Text becomes values with their lines, and values objects; hostile text becomes a message."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from sandbox.descriptors import (
    Descriptor,
    Source,
    Text,
    Words,
    dump_yaml,
    load,
    load_toml,
    load_yaml,
    make,
    read,
)
from sandbox.descriptors.parsing import MOST_BYTES
from sandbox.errors import Problem


class Tree(Descriptor):
    name: Words
    height: float | int = 0


class Wood(Descriptor):
    title: Words
    trees: tuple[Tree, ...] = ()
    by_code: dict[str, Tree] = Field(default_factory=dict)
    oldest: Tree | None = None


def problems_in(text, model=Wood, parse=load_yaml):
    source = parse(text, "wood.yml")
    assert isinstance(source, Source), source
    found = []
    assert make(source, model, found) is None
    return [(p.line, p.what) for p in found]


# --- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("null", None),
        ("~", None),
        ("0301", "0301"),
        ("0o17", "0o17"),
        ("12:30", "12:30"),
        ("12", 12),
        ("-3", -3),
        ("100_000", 100_000),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.0.0", "1.0.0"),
        (".inf", ".inf"),
        ("e5", "e5"),
        ("-e5", "-e5"),
        (".e5", ".e5"),
        ("2027-03-05", date(2027, 3, 5)),
        ("2027-03-05 09:00:00", datetime(2027, 3, 5, 9)),  # noqa: DTZ001
        ("2027-3-5", "2027-3-5"),
    ],
)
def test_a_plain_value_is_what_a_person_takes_it_for(written, value):
    read_value = load_yaml(f"x: {written}", "f").value["x"]
    assert (type(read_value), read_value) == (type(value), value)


def test_the_line_of_every_value_is_known():
    source = load_yaml("a: 1\nb:\n  - x\n  - c: 2\n    'd e': 3\n301: y\n", "f")
    lines = {("a",): 1, ("b", 0): 3, ("b", 1, "c"): 4, ("b", 1, "d e"): 5, ("301",): 6}
    assert {path: source.line(path) for path in lines} == lines
    assert source.line(("b", 1, "unknown")) == 4
    assert source.line(("unknown",)) == 1


def test_the_lines_of_toml_are_known_too():
    text = 'a = 1\nb.c = 2\n\n[t]\nd = """\nd = 5\n"""\n[[t.rows]]\n"e" = 1\n'
    source = load_toml(text, "f")
    lines = {("a",): 1, ("b", "c"): 2, ("t",): 4, ("t", "d"): 5, ("t", "rows", "e"): 9}
    assert {path: source.line(path) for path in lines} == lines


def test_windows_line_ends_and_byte_order_marks_change_nothing(tmp_path):
    for name, text in {"a.yml": "a: 1\r\nb: 2\r\n", "a.toml": "a = 1\r\nb = 2\r\n"}.items():
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
        source = load(tmp_path / name)
        assert source.value == {"a": 1, "b": 2}
        assert source.line(("b",)) == 2


# --- hostile files --------------------------------------------------------------------------------


def refusal(text):
    problem = load_yaml(text, "f")
    assert isinstance(problem, Problem)
    return problem.line, problem.what


def test_a_billion_laughs_are_refused_at_the_first_alias():
    laughs = "a0: &a0 ha\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
    assert refusal(laughs) == (2, "aliases are not read here")


def test_an_alias_of_itself_is_refused():
    assert refusal("a: &a [*a]") == (1, "aliases are not read here")


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_what_would_crash_a_parser_by_its_depth_is_refused(opening):
    assert refusal(opening * 5000) == (1, "it is nested more than 40 levels deep")


@pytest.mark.parametrize("text", ["{{x}}: 1", "? [a]\n: 1", "a: 2027-01-01T99", "a: !x y", "a: 'b"])
def test_odd_yaml_is_a_problem_with_its_line(text):
    line, what = refusal(text)
    assert line == 1
    assert what.startswith("this is not YAML: ")


def test_toml_that_is_too_deep_or_broken_is_a_problem():
    for text in ("a = " + "[" * 5000, 'a = "b', "a = 1\na = 2"):
        assert isinstance(load_toml(text, "f"), Problem)


def refused_file(path, raw):
    path.write_bytes(raw)
    problem = load(path)
    assert isinstance(problem, Problem)
    return problem.line, problem.what, problem.found


def test_files_that_are_no_text_are_told_by_line_and_byte(tmp_path):
    file = tmp_path / "a.yml"
    assert refused_file(file, b"a: 1\nb: \x00\n") == (
        2,
        "a character that cannot be printed",
        "U+0000",
    )
    assert refused_file(file, b"a: 1\n\nb: \xe5\n") == (3, "the file is not UTF-8", "the byte 0xe5")
    huge = b"# " + b"x" * MOST_BYTES
    assert refused_file(file, huge) == (None, "the file is too large", "1,000,002 bytes")


def test_what_is_no_file_is_missing(tmp_path):
    assert load(tmp_path / "no.yml").what == "the file is missing"
    assert load(tmp_path).what == "the file is missing"


# --- objects --------------------------------------------------------------------------------------


def test_a_description_becomes_a_frozen_object(tmp_path):
    path = tmp_path / "wood.yml"
    path.write_text("title: Wood\ntrees: [{name: {nb: Eik}, height: 3}]\n", encoding="utf-8")
    wood, source = read(path, Wood, [], shown_as="woods/wood.yml")
    assert (wood.trees[0].height, source.file) == (3, "woods/wood.yml")
    with pytest.raises(ValueError, match="frozen"):
        wood.title = Text({"en": "x"})


def test_every_mistake_is_told_at_its_own_line_and_with_its_own_name():
    text = """\
title: {en: Wood, xx: Tre}
trees:
  - name: Oak
    height: tall
  - nam: Elm
by_code:
  301: {name: Ash}
  "302":
    name:
      en: " "
oldest: {}
"""
    assert sorted(problems_in(text), key=lambda p: p[0]) == [
        (1, "the key xx of title is not right"),
        (4, "trees item 1.height is not right"),
        (5, "trees item 2.name is missing"),
        (5, "trees item 2.nam is not a key that belongs here"),
        (7, "the key 301 of by_code is not right"),
        (10, "by_code.302.name.en is not right"),
        (11, "oldest.name is missing"),
    ]


def test_one_value_of_several_possible_types_is_one_problem():
    found = []
    make(load_yaml("name: Oak\nheight: tall", "f"), Tree, found)
    assert [(p.what, p.expected) for p in found] == [("height is not right", "a number")]


@pytest.mark.parametrize("at", ["trees: [%s]", "by_code: {x: %s}", "oldest: %s"])
def test_an_unknown_key_is_refused_with_the_nearest_name_at_any_depth(at):
    found = []
    make(load_yaml("title: x\n" + at % "{name: a, heigt: 1}", "f"), Wood, found)
    assert [p.fix for p in found] == ["did you mean height? Known: height, name"]


def test_a_key_named_as_its_own_map_is_told_by_its_whole_path():
    (problem,) = problems_in("title: x\nby_code:\n  by_code:\n    by_code: {}\n    name: a\n")
    assert problem == (4, "by_code.by_code.by_code is not a key that belongs here")


def test_a_key_that_stands_twice_hides_no_other_problem():
    assert problems_in("title: a\ntitle: b\ntrees: c\n") == [
        (2, "the key 'title' stands twice"),
        (3, "trees is not right"),
    ]


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reader", "words", "best"),
    [
        ("nn", {"en": "E", "nb": "B", "nn": "N"}, ("N", "nn")),
        ("nn", {"en": "E", "nb": "B"}, ("B", "nb")),
        ("nn", {"en": "E"}, ("E", "en")),
        ("no", {"en": "E", "nb": "B"}, ("B", "nb")),
        ("sv", {"en": "E", "nb": "B"}, ("E", "en")),
        ("en", {"nb": "B", "da": "D"}, ("B", "nb")),
    ],
)
def test_a_reader_gets_the_best_words_there_are_and_their_language(reader, words, best):
    assert Text(words).best(reader) == best


def test_a_plain_string_is_english_and_loses_its_margins():
    assert Text.model_validate(" Oak ").root == {"en": "Oak"}
    assert str(Text.model_validate({"nb": " Eik\n"})) == "Eik"


# --- written again --------------------------------------------------------------------------------

SIGNS = st.characters(exclude_categories=["Cs", "Cc", "Cn"]) | st.sampled_from("\n\t#:-'\"")
MISTAKEN = ["no", "yes", "0301", "1e5", "12:30", "~", "2024-01-01", "1_0", ".5", "a\n b"]
SINGLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.dates(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(SIGNS),
    st.sampled_from(MISTAKEN),
)
KEYS = st.text("ab_", min_size=1)
PLAIN = st.recursive(
    SINGLE, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner)
)


@pytest.mark.heavy
@given(st.dictionaries(KEYS, PLAIN, min_size=1))
def test_what_is_written_as_yaml_is_read_the_same(value):
    text = dump_yaml(value)
    assert load_yaml(text, "f").value == value
    assert dump_yaml(load_yaml(text, "f").value) == text


def test_written_yaml_is_for_people():
    value = {"title": {"en": "A", "nb": "Å"}, "rows": ["one", {"a": 1}], "text": "first\nsecond"}
    assert dump_yaml(value) == (
        "title:\n  en: A\n  nb: Å\nrows:\n  - one\n  - a: 1\ntext: |-\n  first\n  second\n"
    )
