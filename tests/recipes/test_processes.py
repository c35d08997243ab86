"""Histories, grammars, exact quotas and keys in no order."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

STATES = """state,next,share,days_low,days_high
received,checked,1,1,3
checked,decided,.7,2,10
checked,returned,.3,1,1
returned,checked,.8,10,40
returned,withdrawn,.2,30,60
"""
CASES = {"cases": {"case_id": "integer", "kind": "string"},
         "steps": {"step_id": "integer", "case_id": "integer > cases", "status": "string",
                   "after": "number", "number": "integer"}}  # fmt: skip


def _steps(cook, text=STATES, per="cases * walk('states.csv', 'received')", **more):
    steps = {"per": per, "step_id": "row", "case_id": "parent", "status": "state",
             "after": "elapsed", "number": "position"}  # fmt: skip
    tables = {
        "cases": {"rows": 2000, "case_id": "row", "kind": "choice(['a', 'b'])"},
        "steps": steps,
    }
    return cook(CASES, {"tables": tables}, files={"states.csv": text},
                assumptions=["ways (states.csv)"], **more)  # fmt: skip


def _walks(table):
    walks = {}
    for row in table.to_pylist():
        walks.setdefault(row["case_id"], []).append(row)
    return walks


def test_a_walk_follows_the_ways_of_the_file_to_a_final_state(cook):
    walks = _walks(_steps(cook).draw().full["steps"])
    assert len(walks) == 2000
    ways, returned = Counter(), []
    for walk in walks.values():
        assert (walk[0]["status"], walk[0]["after"]) == ("received", 0)
        assert walk[-1]["status"] in ("decided", "withdrawn")
        assert [row["number"] for row in walk] == list(range(1, len(walk) + 1))
        for before, after in pairwise(walk):
            ways[before["status"], after["status"]] += 1
            if before["status"] == "returned" and after["status"] == "checked":
                returned.append(after["after"] - before["after"])
    assert set(ways) == {("received", "checked"), ("checked", "decided"), ("checked", "returned"),
                         ("returned", "checked"), ("returned", "withdrawn")}  # fmt: skip
    left = ways["checked", "decided"] + ways["checked", "returned"]
    assert abs(ways["checked", "decided"] / left - 0.7) < 5 * (0.21 / left) ** 0.5
    assert 10 <= min(returned) < 12 and 38 < max(returned) <= 40


def test_a_walk_is_the_same_in_pieces_and_with_more_rows(cook):
    kitchen = _steps(cook)
    whole, pieces, twice = kitchen.draw(), kitchen.draw(rows_per_piece=99), kitchen.draw(scale=2)
    assert whole.full["steps"].equals(pieces.full["steps"])
    steps = whole.full["steps"]
    assert twice.full["steps"].slice(0, steps.num_rows).equals(steps)


def test_ways_may_hold_for_some_rows_only(cook):
    text = ("state,next,share,days_low,days_high,given\n"
            "received,decided,1,1,1,a\nreceived,refused,1,1,1,\n")  # fmt: skip
    kitchen = _steps(cook, text, "cases * walk('states.csv', 'received', given=kind)")
    drawn = kitchen.draw().full
    kinds = dict(
        zip(*(drawn["cases"].column(c).to_pylist() for c in ("case_id", "kind")), strict=True)
    )
    for case, walk in _walks(drawn["steps"]).items():
        assert walk[-1]["status"] == ("decided" if kinds[case] == "a" else "refused")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (".7,2,10", ".6,2,10", "states.csv:3: the shares of those who leave 'checked' do not add"),
        (".7,2,10", "many,2,10", "states.csv:3: share is no number of 0 or more"),
        (".7,2,10", ".7,12,10", "states.csv:3: days_high is below days_low"),
        ("state,next", "state,to", "states.csv:1: other columns are needed"),
        ("received,checked,1", "in,checked,1", "states.csv has no state 'received'"),
        ("decided,.7", "received,.7", "CANNOT"),
    ],
)
def test_a_machine_that_cannot_run_is_refused(cook, old, new, said):
    text = STATES.replace(old, new)
    if said == "CANNOT":
        text, said = text.replace("withdrawn", "checked"), "there is no way to an end from"
    assert any(said in str(p) for p in _steps(cook, text).check())


GRAMMAR = """symbol,text,weight
message,Hello! {problem} {ending},3
message,{problem},1
problem,The {thing} in {place} is broken.,2
problem,"I cannot use the {thing}, sorry.",1
thing,swing,1
thing,lamp at the {thing},1
ending,Regards,1
ending,,1
"""


def _text(column, text=GRAMMAR, expression="grammar('m.csv', 'message', place=place)", **more):
    return column("string", expression, files={"m.csv": text}, assumptions=["words (m.csv)"],
                  also={"_place": "1", "place": "choice(['Oslo', 'Bærum'])", "hidden": ["place"]},
                  **more)  # fmt: skip


def test_a_grammar_makes_sentences_and_fills_them(column):
    texts = _text(column, rows=2000)
    assert {"The swing in Oslo is broken.", "I cannot use the swing, sorry."} <= set(texts)
    assert any(text.startswith("Hello! The lamp at the swing in Bærum") for text in texts)
    assert not any("{" in text for text in texts)
    long = sum(text.startswith("Hello!") for text in texts)
    assert abs(long / 2000 - 0.75) < 5 * (0.75 * 0.25 / 2000) ** 0.5


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("swing,1", "swing,none", "m.csv:6: a weight is a number above 0"),
        ("{ending}", "{end}", "m.csv:2: nothing says what {end} is"),
        ("thing,swing,1\n", "", "thing can never become a text"),
        ("symbol,", "name,", "m.csv:1: this is no grammar"),
        ("message,", "text,", "m.csv has no symbol 'message'"),
    ],
)
def test_a_grammar_that_cannot_end_is_refused(column, old, new, said):
    with pytest.raises(Exception, match=said.replace("{", r"\{").replace(".", r"\.")):
        _text(column, GRAMMAR.replace(old, new))


def test_exact_quotas_meet_their_shares_in_every_group(cook):
    tables = {"people": {"id": "integer", "place": "string", "age": "string"}}
    recipe = {"tables": {"people": {"rows": 1003, "id": "row", "place": "choice(N=.7, S=.3)",
                                    "age": "allot('ages.csv', given=place)"}}}  # fmt: skip
    files = {"ages.csv": "age,N,S\nyoung,.25,.5\nold,.75,.5\n"}
    kitchen = cook(tables, recipe, files=files, assumptions=["ages.csv"])
    people = kitchen.draw().full["people"].to_pylist()
    sizes = Counter(p["place"] for p in people)
    counts = Counter((p["place"], p["age"]) for p in people)
    for (place, age), share in {("N", "young"): 0.25, ("S", "old"): 0.5}.items():
        assert abs(counts[place, age] - share * sizes[place]) < 1
    assert len({p["age"] for p in people[:10]}) == 2  # in no order
    pieces = kitchen.draw(rows_per_piece=100).full["people"].to_pylist()
    assert pieces == people


@settings(max_examples=30, deadline=None)
@given(digits=st.integers(1, 5), seed=st.binary(min_size=1, max_size=8))
def test_shuffled_is_one_to_one(digits, seed):
    import numpy as np

    from sandbox.recipes import keyed
    from sandbox.recipes.functions.keys import shuffled

    class Place:
        def spread(self, values):
            return values

        def words_for(self, count, purpose):
            return keyed.words(seed, "t.c", purpose, 0, count)

    numbers = shuffled(Place(), np.arange(10**digits), digits)
    assert sorted(numbers.tolist()) == list(range(10**digits))
    assert digits == 1 or numbers.tolist() != list(range(10**digits))


def test_a_shuffled_key_stays_the_same_in_pieces_and_says_nothing_of_the_order(cook):
    tables = {"things": {"id": "string", "first": "integer"}}
    recipe = {"tables": {"things": {"rows": 500, "id": "code('R-', shuffled(row, 6), 6)",
                                    "first": "row"}}}  # fmt: skip
    kitchen = cook(tables, recipe)
    things = kitchen.draw().full["things"]
    assert things.column("first").to_pylist() != list(range(1, 501))
    assert things.column("id").to_pylist() == sorted(things.column("id").to_pylist())
    assert kitchen.draw(rows_per_piece=77).full["things"].equals(things)


def test_a_number_beyond_its_digits_is_refused(column):
    with pytest.raises(Exception, match="there is no room for the number in 2 digits"):
        column("integer", "shuffled(row, 2)", rows=100)
