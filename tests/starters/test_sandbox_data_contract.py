"""The data client's contract: the same question means the same, live and on the sample."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytestmark = pytest.mark.heavy

QUESTIONS: dict[str, dict[str, Any]] = {
    "everything": {"limit": None},
    "the first page": {},
    "exactly one page's limit": {"limit": 1000},
    "just over a page": {"limit": 1001},
    "one row": {"limit": 1},
    "no row allowed": {"limit": 0},
    "a code stays text": {"where": {"code": "0301"}},
    "a code is not a number": {"where": {"code": "301"}},
    "a number as text": {"where": {"floors": "3"}},
    "a number": {"where": {"area": 12.5}},
    "a whole number in a column of numbers": {"where": {"area": 100}},
    "not": {"where": {"code__not": "0301"}},
    "greater": {"where": {"area__gt": 200}},
    "at least, with decimals": {"where": {"area__gte": 200.25}},
    "less than nothing": {"where": {"area__lt": -5}},
    "at most": {"where": {"floors__lte": 1}},
    "between": {"where": {"area__gte": 50, "area__lt": 60}},
    "dates in order": {"where": {"received__gte": date(2026, 6, 1), "received__lt": "2026-07"}},
    "contains, whatever the case of ASCII": {"where": {"note__contains": "PLAIN"}},
    "contains, where å and Å differ": {"where": {"note__contains": "åse"}},
    "contains a per cent sign": {"where": {"note__contains": "50 %"}},
    "an underscore stands for any character": {"where": {"note__contains": "n_u"}},
    "contains quotes and brackets": {"where": {"note__contains": '"quoted", [listed]'}},
    "contains an apostrophe": {"where": {"note__contains": "Åse's"}},
    "an attempt at SQL": {"where": {"note": "x' OR '1'='1"}},
    "starts with": {"where": {"id__startswith": "A-0001"}},
    "ends with": {"where": {"id__endswith": "99"}},
    "in": {"where": {"code__in": ["0301", "5001"]}},
    "in numbers": {"where": {"floors__in": [1, 4]}},
    "in with a comma": {"where": {"note__in": ['a "quoted", [listed] note', "åse"]}},
    "in nothing": {"where": {"code__in": []}},
    "not in": {"where": {"floors__notin": [1, 4]}},
    "missing": {"where": {"area__isnull": True}},
    "missing, negated": {"where": {"area__isnull": False}},
    "not missing": {"where": {"floors__notnull": True}},
    "an empty text is not missing": {"where": {"note": ""}},
    "a boolean": {"where": {"heritage": True}},
    "a boolean in words of the file": {"where": {"heritage": "0"}},
    "no match": {"where": {"code": "9999"}},
    "sorted": {"sort": "area", "where": {"area__gt": 240}},
    "sorted downwards with missing values": {"sort": "-id", "where": {"area__isnull": True}},
    "text as a number is never found": {"where": {"floors": "three"}},
}
MISTAKES: dict[str, dict[str, Any]] = {
    "a misspelled column": {"where": {"aera": 1}},
    "a misspelled column with an operator": {"where": {"aera__gt": 1}},
    "an unknown operator": {"where": {"area__above": 1}},
    "a column to sort by": {"sort": "aera"},
    "no value": {"where": {"area": None}},
    "a text where a list belongs": {"where": {"code__in": "0301"}},
    "a code in a range": {"where": {"code__gte": "0301"}},
    "a number too great": {"where": {"area__gt": 10**30}},
    "a sorted answer longer than a page": {"sort": "area", "limit": None},
    "a list where a value belongs": {"where": {"code": ["0301"]}},
}


@pytest.fixture(scope="module")
def live(sandbox_data: ModuleType, permits_address: str, permits_sample: Path) -> Any:
    return sandbox_data.SandboxData(permits_address, permits_sample)


@pytest.fixture(scope="module")
def sampled(sandbox_data: ModuleType, permits_sample: Path) -> Any:
    return sandbox_data.SandboxData("http://127.0.0.1:9/", permits_sample)


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_question_has_one_answer(question: dict[str, Any], live: Any, sampled: Any) -> None:
    there, here = live.rows("permits", **question), sampled.rows("permits", **question)
    assert (there.source, here.source) == ("live", "sample")
    assert there.items == here.items
    assert (there.columns, there.total, there.truncated) == (
        here.columns,
        here.total,
        here.truncated,
    )


@pytest.mark.parametrize("question", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_everywhere(
    question: dict[str, Any], live: Any, sampled: Any, sandbox_data: ModuleType
) -> None:
    for data in (live, sampled):
        with pytest.raises(sandbox_data.QueryError):
            data.rows("permits", **question)


def test_the_questions_tell_answers_apart(sampled: Any) -> None:
    """Guards the list above: if every question gave all rows, equality would prove nothing."""
    counts = {name: sampled.rows("permits", **q).total for name, q in QUESTIONS.items()}
    assert counts["everything"] == 2300
    assert 0 < counts["contains, where å and Å differ"] < counts["everything"]
    assert counts["a code stays text"] == counts["a code is not a number"] == 575
    assert len(set(counts.values())) > 15


def test_all_pages_are_fetched_and_a_limit_is_told(live: Any) -> None:
    everything = live.rows("permits", limit=None)
    assert len(everything) == everything.total == 2300
    assert not everything.truncated
    assert len({row["id"] for row in everything}) == 2300
    some = live.rows("permits", limit=1500)
    assert (len(some), some.total, some.truncated) == (1500, 2300, True)


def test_a_misspelled_name_is_refused_with_the_nearest_one(
    live: Any, sandbox_data: ModuleType
) -> None:
    with pytest.raises(sandbox_data.QueryError, match=r"Did you mean 'area'\?.*received"):
        live.rows("permits", {"aera__gt": 1})
    with pytest.raises(sandbox_data.QueryError, match=r"Did you mean 'contains'\?"):
        live.rows("permits", {"note__contain": "x"})
    with pytest.raises(sandbox_data.QueryError, match=r"Did you mean 'permits'\?"):
        live.rows("permit")
