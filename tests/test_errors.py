"""A message says what, where, found, expected and the way out, and a list is in order."""

from sandbox.errors import MOST_NAMES, Problem, ProblemsFound, did_you_mean, nearest


def test_a_problem_is_told_with_everything_that_is_known():
    problem = Problem("it is wrong", "a.yml", 3, "this", "that", "change it")
    assert str(problem) == (
        "a.yml:3: it is wrong\n    found: this\n    expected: that\n    way out: change it"
    )
    assert str(Problem("it is wrong", "a.yml")) == "a.yml: it is wrong"
    assert str(Problem("it is wrong")) == "it is wrong"


def test_problems_are_listed_by_file_and_line():
    found = ProblemsFound(
        [Problem("c", "b.yml", 1), Problem("b", "a.yml", 10), Problem("a", "a.yml", 9)]
    )
    assert [p.what for p in found.problems] == ["a", "b", "c"]
    assert str(found).startswith("These problems were found (3 problems):\n\na.yml:9: a\n\n")


def test_the_nearest_name_is_found_whatever_its_case():
    assert nearest("Populaton", ["population", "norway"]) == "population"
    assert nearest("zebra", ["population", "norway"]) is None


def test_of_names_that_differ_in_case_alone_the_same_case_is_nearest():
    for words in (["Title", "title"], ["title", "Title"]):
        assert nearest("titel", words) == "title"
        assert nearest("Titel", words) == "Title"


def test_names_may_come_from_a_generator():
    assert nearest("nam", (name for name in ["name"])) == "name"


def test_a_long_list_of_names_is_cut():
    told = did_you_mean("x", [f"name{number}" for number in range(MOST_NAMES + 5)])
    assert told.endswith(f"name{MOST_NAMES - 1} and 5 more")
    assert did_you_mean("x", []) == "known: none"
