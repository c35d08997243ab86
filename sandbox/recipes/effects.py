"""True effects: the same rows drawn once more with a treatment forced off, and once forced on.

Every cell is addressed by column and row, so a column that does not depend on the treatment stays
as it was, and one that does draws from the same random words: both potential outcomes of each row
are known (Neyman 1923, Rubin 1974), and so is the true effect, without an estimate.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from sandbox.errors import Problem, did_you_mean
from sandbox.recipes.drawing import Drawing, Place, Spoilt, storable
from sandbox.recipes.hold_out import chain
from sandbox.recipes.operators import Unfit, shown
from sandbox.recipes.recipe import Expression
from sandbox.recipes.staged import Forced, World
from sandbox.recipes.tables import OwnTable, Table

SUMMARY = "effects"
COUNTED = ("integer", "number", "boolean")  # the kinds an outcome may be of
GROUP, UNTREATED, TREATED = "group", "outcome_untreated", "outcome_treated"
TITLES = ("table", "effect", "group", "rows", "mean_untreated", "mean_treated", "effect_size")


@dataclass(frozen=True)
class Effect:
    """effect(outcome, treatment, [off, on], by=column), as it stands under `truth:` of a table.

    outcome: a column of the table. treatment: a column of it, or of a table that a walk up foreign
    keys leads to (`clinic.invited`), which is how whole clusters are assigned. off, on: its values
    for the two worlds; without them, no and yes. by: a column by whose values the effect is told,
    too. Where a whole-table function such as queue() lies between, or a walk to another row of the
    same table, the worlds are those in which nobody and everybody is treated.

    Example: effect(on_time, reader.reminded, by=kind)
    """

    table: str
    name: str
    outcome: str
    treatment: Place
    off: Forced = False
    on: Forced = True
    by: str | None = None

    def world(self, value: Forced) -> World:
        return ((*self.treatment, value),)


def effects_of(table: OwnTable) -> list[Effect]:
    """The effects that a table's truth names; Spoilt where one cannot be read."""
    return [_effect(table, name) for name in table.recipe.truth]


def _effect(table: OwnTable, name: str) -> Effect:
    expression = table.recipe.truth[name]
    with table.drawing.making(table.name, f"truth.{name}", line=expression.line):
        return _read(table, name, expression)


def _read(table: OwnTable, name: str, expression: Expression) -> Effect:
    node = expression.node
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id
    if not isinstance(node, ast.Call) or called != "effect" or len(node.args) not in (2, 3):
        fix = "effect(outcome, treatment), effect(outcome, arm, ['none', 'letter'], by=region)"
        raise Unfit("only effects stand under truth", shown(node), "effect(…)", fix)
    by = next((k.value for k in node.keywords if k.arg == "by"), None)
    if extra := [k.arg for k in node.keywords if k.arg != "by"]:
        raise Unfit(f"effect has no argument {extra[0]!r}", fix="by=column")
    outcome = _column(table, node.args[0])
    treatment = _treatment(table, node.args[1])
    off, on = _arms(node.args[2]) if len(node.args) == 3 else (False, True)
    grouped = None if by is None else _column(table, by)
    return Effect(table.name, name, outcome, treatment, off, on, grouped)


def _column(table: Table, node: ast.expr) -> str:
    column = table.resolve(node.id) if isinstance(node, ast.Name) else None
    if column is None:
        what = f"{shown(node)} is no column of {table.name}"
        unfit = Unfit(what, fix=did_you_mean(shown(node), list(table.columns)))
        unfit.node = node
        raise unfit
    return column


def _treatment(table: Table, node: ast.expr) -> Place:
    """The place of a column of this table, or of one that a walk leads to."""
    if isinstance(node, ast.Attribute):
        owner = _led_to(table, node.value)
        return owner.name, _column(owner, ast.copy_location(ast.Name(node.attr), node))
    return table.name, _column(table, node)


def _led_to(table: Table, node: ast.expr) -> Table:
    """The table at the end of a walk such as `clinic.region`."""
    if isinstance(node, ast.Attribute):
        table, name = _led_to(table, node.value), node.attr
    else:
        name = shown(node)
    column = table.resolve(name)
    target = table.column(column).table if column else None
    if target is None:
        known = did_you_mean(name, list(table.references))
        raise Unfit(f"{name} is no foreign key of {table.name}", fix=known)
    return target


def _arms(node: ast.expr) -> tuple[Forced, Forced]:
    try:
        arms = ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        arms = None
    kinds = [type(arm) for arm in arms] if isinstance(arms, list) else []
    if kinds not in ([bool, bool], [int, int], [str, str]):
        raise Unfit("two values of the treatment are compared", shown(node), "['no', 'yes']")
    return arms[0], arms[1]


def potential_outcomes(table: OwnTable, tables: dict[Forced, Mapping[str, Table]], effect: Effect
                       ) -> pa.Table:  # fmt: skip
    """key, treatment, group, outcome_untreated, outcome_treated: one line for each row.

    tables: the same rows in the world without and in the world with the treatment. The treatment is
    told where it is a column of the table itself, the group where the effect has one.
    """
    made = {table.key: table.column(table.key)}
    owner, column = effect.treatment
    if owner == table.name:
        made["treatment"] = table.column(column)
    if effect.by:
        made[GROUP] = table.column(effect.by)
    for title, value in ((UNTREATED, effect.off), (TREATED, effect.on)):
        made[title] = tables[value][table.name].column(effect.outcome)
    with table.drawing.making(table.name, f"truth.{effect.name}"):
        return pa.table({title: storable(vector) for title, vector in made.items()})


def summary(drawing: Drawing, truth: Mapping[str, ds.Dataset]) -> dict[str, ds.Dataset]:
    """The table `effects`, if there are any: table, effect, group, rows, mean_untreated,
    mean_treated, effect_size; for all rows (group empty) and for each group. Rows with an outcome
    missing in either world do not count.
    """
    lines: list[tuple[object, ...]] = []
    for name in drawing.dataset.tables:
        for effect in drawing.recipe.tables[name].truth:
            known = truth[f"{name}.{effect}"].to_table()
            seen = (known.column(title).is_valid() for title in (UNTREATED, TREATED))
            known = known.filter(pc.and_(*seen))
            lines.append((name, effect, None, *_means(known)))
            for group in _groups(known):
                told = known.filter(pc.equal(known.column(GROUP), group))
                lines.append((name, effect, str(group), *_means(told)))
    if not lines:
        return {}
    columns = map(list, zip(*lines, strict=True))
    return {SUMMARY: ds.dataset(pa.table(dict(zip(TITLES, columns, strict=True))))}


def _groups(known: pa.Table) -> list[object]:
    if GROUP not in known.column_names:
        return []
    return sorted(set(known.column(GROUP).drop_null().to_pylist()))


def _means(known: pa.Table) -> tuple[int, float, float, float]:
    """Rounded after a sum in the order of the keys, which is the same for any partitioning."""
    if not known.num_rows:
        return 0, 0.0, 0.0, 0.0
    off, on = (np.asarray(known.column(title).cast(pa.float64())) for title in (UNTREATED, TREATED))
    means = (float(off.mean()), float(on.mean()), float((on - off).mean()))
    return known.num_rows, *(round(mean, 9) for mean in means)


def effect_problems(drawing: Drawing) -> Iterator[Problem]:
    """Effects of what has none, on what is none, or that cannot be read.

    Needs a drawing in which every column has been made, since that is what tells dependencies.
    """
    for table in drawing.tables.values():
        if not isinstance(table, OwnTable) or not table.recipe.truth:
            continue
        if table.recipe.is_working:
            what = f"{table.name} is not published, so nothing of it is truth"
            yield Problem(what, drawing.recipe.file, table.recipe.line, fix="move truth: elsewhere")
            continue
        for name in table.recipe.truth:
            with suppress(Spoilt):  # and noted among the drawing's problems
                yield from _problems(drawing, table, _effect(table, name))


def _problems(drawing: Drawing, table: OwnTable, effect: Effect) -> Iterator[Problem]:
    expression = table.recipe.truth[effect.name]
    file, where = drawing.recipe.file, f"{table.name}.truth.{effect.name}"
    kind = table.column(effect.outcome).kind
    if kind not in COUNTED:
        what = f"{where}: the outcome {effect.outcome} has no mean"
        yield Problem(what, file, expression.line, kind, "a number, or yes and no")
    owner, column = effect.treatment
    treated = drawing.tables[owner].column(column).keys().kind
    for value in (effect.off, effect.on):
        wanted = {bool: ("boolean",), int: ("integer",), str: ("string",)}[type(value)]
        if treated not in wanted:
            what = f"{where}: the treatment {owner}.{column} cannot be {value!r}"
            fix = f"effect({effect.outcome}, …, [one value, another])"
            yield Problem(what, file, expression.line, treated, wanted[0], fix)
            return
    if not chain(drawing, (table.name, effect.outcome), {effect.treatment}):
        what = f"{where}: {effect.outcome} does not depend on {owner}.{column}"
        yield Problem(what, file, expression.line, fix="let the outcome's expression name it")
