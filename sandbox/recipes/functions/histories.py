"""Histories: a state machine over time, for tables with a row per state entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sandbox.recipes import declared, keyed
from sandbox.recipes.files import rows_of
from sandbox.recipes.here import Here
from sandbox.recipes.operators import Unfit
from sandbox.recipes.registry import Anything, Constant, FileName, Many, ManyRows, function
from sandbox.recipes.vectors import Array, Vector, coded, same_codes

BITS = 16
LONGEST = 200  # steps; who walks on has no way to an end that is likely enough
LINE = "line of the file"
COLUMNS = ("state", "next", "share", "days_low", "days_high")


@dataclass(frozen=True)
class Machine:
    """States by number; of each (state, condition) the ways on: a guide table, and their days.

    conditions: the values of the column `given`, if the file has one. ways[condition][state] is
    (guide over the next states' positions, next states, low, high, shares); a final state has none.
    """

    states: tuple[str, ...]
    conditions: tuple[str, ...]
    ways: tuple[Mapping[int, tuple[Array, Array, Array, Array, Array]], ...]


@function(declared=declared.walk)
def walk(here: Here, file: FileName, start: Constant, given: Anything | None = None) -> ManyRows:
    """For `per`: a history of each row as a walk from state to state, one new row per state.

    The new table's words: `state`, the state that is entered, and `elapsed`, the days since the
    first one was. file: `state,next,share,days_low,days_high`, a line for each way from a state to
    the next, with its share of those who leave and after how many days (any number between the two
    is equally likely). A state without a line is final. start: the first state, written out. given:
    where the file has a column of that name, lines count for rows whose value is the same; lines
    with an empty one count for all others. After Synthea's state machines (Walonoski 2018).

    Example: wishes * walk('wish_steps.csv', 'read')
    """
    machine = _machine(here, file, str(start), given is not None)
    chosen = _conditions(machine, given, here)
    here.kept.update(machine=machine, chosen=chosen)
    state = np.full(here.count, machine.states.index(str(start)))
    elapsed = np.zeros(here.count)
    alive = np.arange(here.count)
    owners, states, times = [alive], [state.copy()], [elapsed.copy()]
    for step in range(LONGEST):
        words = here.words(f"step{step}")
        gone = np.zeros(len(alive), bool)
        now, under = state[alive], chosen[alive]
        for condition, ways in enumerate(machine.ways):
            for number in range(len(machine.states)):
                leaving = (now == number) & (under == condition)
                if number not in ways:
                    gone |= leaving
                    continue
                rows = alive[leaving]
                guide, following, low, high, _ = ways[number]
                taken = keyed.guided(words[rows], guide)
                within = keyed.uniform(keyed.words_within(words[rows]))
                elapsed[rows] += low[taken] + within * (high[taken] - low[taken])
                state[rows] = following[taken]
        alive = alive[~gone]
        if not len(alive):
            break
        owners.append(alive)
        states.append(state[alive])
        times.append(elapsed[alive])
    else:
        what = f"a walk through {file} had not ended after {LONGEST} steps"
        raise Unfit(what, fix="give the way to a final state a larger share")
    order = np.argsort(np.concatenate(owners), kind="stable")
    entered = coded(np.concatenate(states)[order], machine.states)
    spent = Vector("number", np.concatenate(times)[order])
    return Many(np.concatenate(owners)[order], {"state": entered, "elapsed": spent})


def _conditions(machine: Machine, given: Vector | None, here: Here) -> Array:
    """Which set of ways counts for each row; the last one is for all others."""
    if given is None:
        return np.full(here.count, len(machine.ways) - 1)
    words = given.keys()
    if words.kind == "boolean":
        words = coded(words.values.astype(np.int64), ("false", "true"))
    if words.kind != "string":
        raise Unfit("given is a text or a condition", words.kind)
    known = coded(np.arange(len(machine.conditions)), machine.conditions)
    theirs, ours = same_codes(known, words.spread(here.count))
    number = np.full(max(theirs.max(initial=-1), ours.max(initial=-1)) + 1, len(machine.conditions))
    number[theirs] = np.arange(len(machine.conditions))
    return np.asarray(number[ours])


def _machine(here: Here, file: str, start: str, conditional: bool) -> Machine:
    folder = here.table.drawing.recipe.folder
    header, rows = rows_of(folder, file)
    wanted = (*COLUMNS, "given") if conditional else COLUMNS
    if sorted(header) != sorted(wanted):
        raise Unfit("other columns are needed", ", ".join(header), ", ".join(wanted), at=(file, 1))
    lines = [{**dict(zip(header, row, strict=True)), LINE: str(row.line)} for row in rows]
    states = tuple(dict.fromkeys(line[c] for line in lines for c in ("state", "next")))
    if start not in states:
        raise Unfit(f"{file} has no state {start!r}", expected=", ".join(states))
    conditions = tuple(dict.fromkeys(line["given"] for line in lines if line.get("given")))
    general = [line for line in lines if not line.get("given")]
    sets = [
        [*(line for line in lines if line.get("given") == condition),
         *(line for line in general if not any(
             other["state"] == line["state"] and other.get("given") == condition
             for other in lines))]
        for condition in conditions
    ]  # fmt: skip
    ways = tuple(_ways(file, chosen, states, start) for chosen in (*sets, general))
    here.table.drawing.notes_file(file)
    return Machine(states, conditions, ways)


def _ways(
    file: str, chosen: list[dict[str, str]], states: tuple[str, ...], start: str
) -> dict[int, tuple[Array, Array, Array, Array, Array]]:  # fmt: skip
    ways = {}
    for number, state in enumerate(states):
        on = [line for line in chosen if line["state"] == state]
        if not on:
            continue
        figures = np.array([[_figure(file, line, c) for c in COLUMNS[2:]] for line in on])
        share, low, high = figures.T
        if abs(share.sum() - 1) > 1e-6:
            what = f"the shares of those who leave {state!r} do not add up"
            at = (file, int(on[0][LINE]))
            raise Unfit(what, f"{share.sum():.12g}", "1", "correct them", at=at)
        if (high < low).any():
            at = (file, int(on[int(np.argmax(high < low))][LINE]))
            raise Unfit("days_high is below days_low", at=at, fix="the smaller one first")
        following = np.array([states.index(line["next"]) for line in on])
        ways[number] = (keyed.guide(share, BITS), following, low, high, share)
    _must_end(file, ways, states, states.index(start))
    return ways


def _figure(file: str, line: dict[str, str], column: str) -> float:
    try:
        figure = float(line[column])
    except ValueError:
        figure = -1.0
    if not 0 <= figure < float("inf"):
        at = (file, int(line[LINE]))
        raise Unfit(f"{column} is no number of 0 or more", line[column], at=at)
    return figure


def _must_end(
    file: str, ways: Mapping[int, tuple[Array, Array, Array, Array, Array]],
    states: tuple[str, ...], start: int,
) -> None:  # fmt: skip
    """Every state that can be reached must have a way to a final one."""
    reached, ending = {start}, {n for n in range(len(states)) if n not in ways}
    for _ in states:
        reached |= {int(n) for at in reached if at in ways for n in ways[at][1]}
        ending |= {at for at, way in ways.items() if ending.intersection(map(int, way[1]))}
    if lost := sorted(states[n] for n in reached - ending):
        fix = "add a way to a state that has no line of its own"
        raise Unfit(f"there is no way to an end from {', '.join(lost)}", fix=fix, at=(file, 1))
