"""Draws are laid beside what they declare: honest ones pass under any seed, others are found."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import RecipeError
from sandbox.recipes import keyed
from sandbox.recipes.declared import EVERY, FIRST, Sample, sampled_before
from sandbox.recipes.fits import UNIT, Places, Shares, places, shares, yes_or_no
from sandbox.recipes.registry import FUNCTIONS

pytestmark = pytest.mark.heavy

ROWS = 4000
SHARES = "kind,a,b\n0-4,.5,.1\n5-9,.2,.1\n10-30,.3,.8\n"
WORDS = "word,share\nx,.55\ny,.4\nz,.05\n"
EXPRESSIONS = {
    "choice": ("string", "choice(F=.497, M=.503)"),
    "draw": ("integer", "draw('shares.csv', given=_kind)"),
    "allot": ("string", "allot('words.csv')"),
    "integer": ("integer", "integer(1, when(_kind == 'a', 6, 20))"),
    "uniform": ("number", "uniform(_low, 9)"),
    "normal": ("number", "normal(_low, 2)"),
    "lognormal": ("number", "lognormal(_low, .5)"),
    "bernoulli": ("boolean", "bernoulli(.02 + .1 * _low)"),
    "poisson": ("integer", "poisson(when(_kind == 'a', 2.5, 44))"),
    "binomial": ("integer", "binomial(when(_kind == 'a', 12, 200), when(_kind == 'a', .7, .4))"),
    "day": ("date", "day(2025, weekdays=[2, 2, 2, 2, 2, .2, .2])"),
    "born": ("date", "born(row % 90)"),
    "moment": ("datetime", "moment(date('2025-03-04'), 8, 8 + 1 / 6)"),
    "pick": ("string", "pick(places, by=size)"),
    "pick, all alike": ("string", "pick(places)"),
    "pick, matching": ("string", "pick(places, kind=_kind)"),
    "pick, matching by": ("string", "pick(places, by=size, kind=_kind)"),
    "given_name": ("string", "given_name(when(_kind == 'a', 'F', 'M'))"),
    "family_name": ("string", "family_name()"),
    "street_name": ("string", "street_name()"),
    "per_parent": ("string", "choice(c=.1, d=.9)"),
}  # fmt: skip
PLACES = "place_code,kind,size\n" + "".join(f"p{i},{'ab'[i % 2]},{i + 1}\n" for i in range(12))
FILES = {"shares.csv": SHARES, "words.csv": WORDS, "places.csv": PLACES}
BROKEN = {
    "guided": lambda honest: lambda words, table: (honest(words, table) + 1) % (table.max() + 1),
    "below": lambda honest: lambda words, limit: honest(words, limit) * 19 // 20,
    "uniform": lambda honest: lambda words: honest(words) ** 1.12,
    "normal": lambda honest: lambda words: honest(words) * 1.06 + 0.03,
}
GUILTY = {
    "choice": "guided", "draw": "guided", "day": "guided", "pick": "guided",
    "integer": "below", "born": "below", "moment": "below", "pick, matching": "below",
    "given_name": "below", "family_name": "below",
    "uniform": "uniform", "bernoulli": "uniform", "poisson": "uniform", "binomial": "uniform",
    "pick, matching by": "uniform", "normal": "normal", "lognormal": "normal",
}  # fmt: skip


@pytest.fixture
def recipe(cook):
    """recipe([names of EXPRESSIONS], …) → Kitchen of things with a column of each."""

    def make(names, rows=ROWS, **more):
        columns = {n.replace(", ", "_").replace(" ", "_"): EXPRESSIONS[n] for n in names}
        things = {"rows": rows, "id": "row", "_kind": "choice(a=.7, b=.3)", "_low": "uniform(0, 3)"}
        things |= {column: expression for column, (_, expression) in columns.items()}
        tables = {"places": {"file": "places.csv"}, "things": things | more.pop("also", {})}
        described = {"id": "integer"} | {column: kind for column, (kind, _) in columns.items()}
        shown = {"places": {"place_code": "string", "kind": "string", "size": "integer"},
                 "things": described}  # fmt: skip
        notes = [f"figures ({file})" for file in FILES]
        return cook(shown, {"tables": tables} | more, files=FILES, assumptions=notes)

    return make


def _guilty(kitchen, **more):
    """The problems of a draw that must fail."""
    with pytest.raises(RecipeError) as caught:
        kitchen.draw(**more)
    return caught.value.problems


def test_every_function_that_draws_is_laid_beside_what_it_declares(recipe):
    told = {name.partition(",")[0] for name in EXPRESSIONS} - {"per_parent"}
    assert told | {"walk"} == {n for n, function in FUNCTIONS.items() if function.declared}
    fits = recipe(EXPRESSIONS).draw().fits
    assert {fit.column for fit in fits} == {
        n.replace(", ", "_").replace(" ", "_") for n in EXPRESSIONS
    }
    assert all(fit.verdict.rows == ROWS for fit in fits if fit.column != "per_parent")


@pytest.mark.parametrize("seeds", [20, pytest.param(200, marks=pytest.mark.heavy)])
def test_no_seed_makes_an_honest_draw_guilty(recipe, seeds):
    kitchen, closest = recipe(EXPRESSIONS, rows=600), {}
    for seed in range(seeds):
        for fit in kitchen.draw(seed.to_bytes(2, "big")).fits:
            near = fit.verdict.distance / fit.verdict.allowed
            closest[fit.column] = max(closest.get(fit.column, 0), near)
    assert max(closest.values()) <= 1
    del closest["allot"]  # exact, whatever the seed
    assert min(closest.values()) > 0.15, "a bound that far off finds nothing"


@pytest.mark.parametrize(("name", "sampler"), GUILTY.items(), ids=list(GUILTY))
def test_a_broken_sampler_is_found(recipe, monkeypatch, name, sampler):
    kitchen = recipe([name], rows=30_000)
    kitchen.draw()
    monkeypatch.setattr(keyed, sampler, BROKEN[sampler](getattr(keyed, sampler)))
    assert any(EXPRESSIONS[name][1].split("(")[0] in problem.what for problem in _guilty(kitchen))


def test_an_exact_share_that_is_off_by_two_rows_is_found(recipe, monkeypatch):
    kitchen = recipe(["allot"])
    honest = keyed.largest_remainder
    moved = np.array([2, -2, 0])
    monkeypatch.setattr(
        keyed,
        "largest_remainder",
        lambda shares, total: honest(shares, total) + (moved if total == ROWS else 0),
    )
    (problem,) = _guilty(kitchen)
    assert problem.found.startswith("exact shares distance 0.0005 over 4,000 rows")


def test_a_miss_says_where_what_how_far_and_of_how_many(recipe, monkeypatch):
    kitchen = recipe(["choice", "integer", "normal"], rows=20_000)
    honest = keyed.normal
    monkeypatch.setattr(keyed, "normal", lambda words: honest(words) + 0.1)
    monkeypatch.setattr(keyed, "guided", lambda words, table: np.zeros(len(words), np.int64))
    problems = _guilty(kitchen)
    assert [p.what for p in problems] == [
        "things._kind is not drawn as choice(a=0.7, b=0.3) declares",
        "things.choice is not drawn as choice(F=0.497, M=0.503) declares",
        "things.normal is not drawn as normal(_low, 2) declares",
    ]
    assert problems[1].found == "total variation distance 0.5030 over 20,000 rows"
    assert problems[1].expected.startswith("at most 0.02")
    lines = (kitchen.folder / "recipe.yml").read_text(encoding="utf-8").splitlines()
    assert "choice: choice(F=" in lines[problems[1].line - 1]


def test_pieces_add_up_to_the_same_fits(recipe):
    kitchen = recipe(EXPRESSIONS, rows=3000)
    whole = kitchen.draw().fits
    assert kitchen.draw(rows_per_piece=701).fits == whole
    assert len(whole) == len(EXPRESSIONS)


def test_draws_of_parents_of_counts_and_of_a_table_cut_elsewhere_add_up_too(cook):
    tables = {
        "groups": {"rows": 900, "id": "row", "kind": "choice(a=.5, b=.5)"},
        "members": {"per": "groups * poisson(2)", "id": "row", "group_id": "parent",
                    "colour": "per_parent(choice(r=.5, g=.5))",
                    "n": "count(groups, kind=group.kind) + integer(0, 3)"},
        "others": {"per": "places * poisson(200)", "id": "row", "x": "normal()",
                   "colour": "per_parent(choice(r=.5, g=.5))"},
        "places": {"file": "places.csv"},
    }  # fmt: skip
    shown = {
        "places": {"place_code": "string", "kind": "string", "size": "integer"},
        "groups": {"id": "integer", "kind": "string"},
        "members": {"id": "integer", "group_id": "integer > groups", "colour": "string",
                    "n": "integer"},
        "others": {"id": "integer", "x": "number", "colour": "string"},
    }  # fmt: skip
    kitchen = cook(shown, {"tables": tables}, files=FILES, assumptions=["figures (places.csv)"])
    whole = kitchen.draw().fits
    assert [(f.table, f.column, f.verdict.rows) for f in whole][:3] == [
        ("groups", "kind", 900), ("members", "per", 900), ("members", "colour", 900)
    ]  # fmt: skip
    assert {(f.table, f.column) for f in whole} >= {("others", "x"), ("members", "n")}
    assert ("others", "colour") not in {(f.table, f.column) for f in whole}
    assert kitchen.draw(rows_per_piece=250).fits == whole


def test_the_ways_of_a_history_are_laid_beside_their_shares(cook, monkeypatch):
    steps = {"per": "cases * walk('states.csv', 'new', given=kind)", "id": "row", "status": "state"}
    tables = {"cases": {"rows": 6000, "id": "row", "kind": "choice(a=.5, b=.5)"}, "steps": steps}
    states = ("state,next,share,days_low,days_high,given\nnew,done,.7,1,9,a\nnew,back,.3,1,9,a\n"
              "new,done,1,1,9,\nback,new,1,1,9,\n")  # fmt: skip
    shown = {"cases": {"id": "integer", "kind": "string"},
             "steps": {"id": "integer", "status": "string"}}  # fmt: skip
    kitchen = cook(shown, {"tables": tables}, files={"states.csv": states},
                   assumptions=["ways (states.csv)"])  # fmt: skip
    *_, fit = whole = kitchen.draw().fits
    assert (fit.table, fit.column, fit.verdict.test) == ("steps", "per", "total variation")
    assert 1500 < fit.verdict.rows < 6000
    assert kitchen.draw(rows_per_piece=999).fits == whole
    honest = keyed.guided
    monkeypatch.setattr(keyed, "guided", lambda words, table: honest(words // 2, table))
    assert any("walk('states.csv'" in problem.what for problem in _guilty(kitchen))


@pytest.mark.parametrize(
    "more",
    [
        {"secrets": {"low": "secret(0, 1)"}, "also": {"value": "normal(low, 1)"}},
        {"secrets": {"low": "secret(0, 1)"},
         "also": {"_own": "low * 2", "value": "normal(_own, 1)"}},
        {"also": {"drive": "normal()", "value": "normal(drive, 1)", "hidden": ["drive"]}},
        {"also": {"value": "normal(0, 1)", "hold_out": {"rows": 10, "columns": ["value"]}}},
        {"also": {"value": "normal(0, 1)", "faults": ["missing(value, .1)"]}},
    ],
    ids=["secret", "by way of a column", "hidden", "held out", "faults"],
)  # fmt: skip
def test_nothing_is_said_that_would_give_away_what_readers_must_not_know(cook, more):
    things = {"rows": 2000, "id": "row", "open": "normal(3, 1)"} | more["also"]
    recipe = {"secrets": more.get("secrets", {}), "tables": {"things": things}}
    shown = {"things": {"id": "integer", "open": "number", "value": "number"}}
    drawn = cook(shown, recipe).draw()
    told = {fit.column for fit in drawn.fits}
    assert told == (set() if "faults" in more["also"] else {"open"})


def test_what_is_said_to_nobody_is_proved_all_the_same(cook, monkeypatch):
    things = {"rows": 9000, "id": "row", "_inner": "normal(low, 1)", "value": "round(_inner)"}
    recipe = {"secrets": {"low": "secret(0, 1)"}, "tables": {"things": things}}
    kitchen = cook({"things": {"id": "integer", "value": "integer"}}, recipe)
    honest = keyed.normal
    monkeypatch.setattr(keyed, "normal", lambda words: honest(words) + 0.2)
    assert [p.what for p in _guilty(kitchen)] == [
        "things._inner is not drawn as normal(low, 1) declares"
    ]


def test_nothing_is_proved_where_that_is_not_asked_for(recipe, monkeypatch):
    kitchen = recipe(["choice"])
    monkeypatch.setattr(keyed, "guided", lambda words, table: np.zeros(len(words), np.int64))
    assert kitchen.draw(proving=False).fits == ()


def test_shares_are_exact_also_where_some_rows_have_no_condition(column, cook):
    things = {"rows": 1000, "id": "row", "_kind": "when(row % 4 > 0, choice(a=.7, b=.3))",
              "value": "allot('shares.csv', given=_kind)"}  # fmt: skip
    kitchen = cook({"things": {"id": "integer", "value": "integer"}},
                   {"tables": {"things": things}}, files=FILES,
                   assumptions=["figures (shares.csv)"])  # fmt: skip
    (fit,) = kitchen.draw().fits
    assert (fit.verdict.test, fit.verdict.rows) == ("exact shares", 750)
    assert fit.verdict.distance <= fit.verdict.allowed == 3 / 750


# --- the arithmetic -------------------------------------------------------------------------------


def test_a_total_variation_distance_by_hand():
    told = shares(np.repeat([0, 1, 2], [50, 30, 20]), np.array([[0.4, 0.4, 0.2]]))
    verdict = told.verdict()
    assert verdict.distance == pytest.approx(0.1)
    noise = (0.4 * 0.6 / 100) ** 0.5 + (0.2 * 0.8 / 100) ** 0.5 / 2
    assert verdict.allowed == pytest.approx(noise + (np.log(1e6) / 200) ** 0.5)


def test_a_kolmogorov_smirnov_distance_by_hand():
    verdict = places(np.repeat([0.1, 0.9], [75, 25])).verdict()
    assert verdict.distance == pytest.approx(0.75 - 0.1, abs=1e-3)
    assert verdict.allowed == pytest.approx((np.log(2e6) / 200) ** 0.5)


def test_a_rare_event_has_a_tight_bound():
    told = yes_or_no(np.arange(100_000) < 1000, np.full(100_000, 0.01))
    assert told.verdict().distance < told.verdict().allowed < 0.0025


def test_one_value_that_cannot_be_is_enough():
    told = shares(np.repeat([0, 1], [9999, 1]), np.array([[1.0, 0.0]]))
    assert told.verdict().distance < told.verdict().allowed
    assert not told.verdict().is_met
    assert not yes_or_no(np.array([True, False]), np.array([1.0, 1.0])).verdict().is_met


def test_many_values_are_counted_in_groups_and_every_row_is_asked_for_once():
    chances = np.random.default_rng(1).random((7, 1000))
    under = np.arange(5000) % 7
    told = shares(np.arange(5000) % 1000, chances, under)
    assert len(told.drawn) == 512
    assert told.drawn.sum() == 5000
    assert told.asked.sum() / UNIT == pytest.approx(5000)


@given(st.lists(st.integers(0, 400_000), min_size=2, max_size=5, unique=True))
def test_the_sample_of_a_table_is_that_of_its_pieces(bounds):
    bounds = sorted(bounds)

    def rows(first, last):
        return _sample(first, last).rows + first

    together = np.concatenate([rows(*pair) for pair in pairwise(bounds)])
    assert (together == rows(bounds[0], bounds[-1])).all()
    assert ((together < FIRST) | (together % EVERY == 0)).all()
    assert len(together) == sampled_before(bounds[-1]) - sampled_before(bounds[0])


def _sample(first, last):
    class Table:
        pass

    table = Table()
    table.first = first

    class Here:
        count = last - first

        def words_between(self, purpose, start, stop):
            return np.zeros(stop - start, np.uint64)

    here = Here()
    here.table = table
    return Sample.of(here, None)


@given(st.integers(1, 400), st.integers(0, 400))
def test_summaries_of_parts_add_up_to_that_of_the_whole(count, cut):
    generator = np.random.default_rng(count)
    drawn, under = generator.integers(0, 3, count), generator.integers(0, 2, count)
    chances, p = np.array([[0.2, 0.3, 0.5], [1, 0, 1]]), generator.random(count)
    whole = shares(drawn, chances, under)
    parts = [shares(drawn[part], chances, under[part]) for part in (slice(cut), slice(cut, None))]
    assert _same(parts[0] + parts[1], whole)
    both = [yes_or_no(drawn[part] > 1, p[part]) for part in (slice(cut), slice(cut, None))]
    assert _same(both[0] + both[1], yes_or_no(drawn > 1, p))
    halves = [places(p[part]) for part in (slice(cut), slice(cut, None))]
    assert ((halves[0] + halves[1]).bins == places(p).bins).all()


def _same(one, other):
    assert isinstance(one, Shares) and not isinstance(one, Places)
    counts = ("drawn", "asked", "spread")
    same = all((getattr(one, name) == getattr(other, name)).all() for name in counts)
    return same and one.impossible == other.impossible
