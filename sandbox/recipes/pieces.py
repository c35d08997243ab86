"""Large recipes in pieces: each a pure function of recipe, seed and row range, drawn anywhere.

The topmost table of a family is cut into row ranges, and every table below goes with its parents.
What a piece must know of other pieces (where its rows begin, the values of a whole-table function)
is found in passes before the last one; see `staged`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from sandbox.errors import Problem, RecipeError
from sandbox.recipes.agreement import type_problems
from sandbox.recipes.drawing import TRIAL, Drawing, Spoilt
from sandbox.recipes.effects import summary
from sandbox.recipes.finish import (
    Drawn,
    Elsewhere,
    Finished,
    faulted,
    finish,
    in_memory,
    in_order_of,
    key_problems,
    rises,
)
from sandbox.recipes.here import Here
from sandbox.recipes.hold_out import telling_rows
from sandbox.recipes.language import Call
from sandbox.recipes.proof import fits, misses
from sandbox.recipes.proving import Observed, added, observe, observed_in
from sandbox.recipes.registry import Many
from sandbox.recipes.staged import (
    Item,
    Need,
    Told,
    TravellingCall,
    World,
    joined,
    loose,
    starts,
)
from sandbox.recipes.tables import SHAPE, OwnTable, Table
from sandbox.recipes.vectors import Array, Vector
from sandbox.recipes.workers import Job, Runner, runner

__all__ = ["ROWS", "Done", "Order", "cuts", "draw", "perform", "runner"]

ROWS = 131_072  # of the topmost table in a piece: some hundred thousand rows with those below
FORMAT = "ipc"
GROUPS = ("full", "published", "truth")


@dataclass(frozen=True)
class Order:
    """What is wanted of one piece of the family of `root`: items told, or its tables written.

    proving: what is drawn is laid beside what was declared.
    """

    root: str
    number: int
    items: tuple[Item, ...] = ()
    final: bool = False
    in_memory: bool = False
    proving: bool = False


@dataclass
class Done:
    """What came of an order. files: by group (full, published, truth) and table."""

    told: list[Any] = field(default_factory=list)
    needs: list[Item] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    files: dict[tuple[str, str], Written] = field(default_factory=dict)
    observed: Observed = field(default_factory=dict)


@dataclass(frozen=True)
class Written:
    """A file of one piece of a table: its path below the spool, and what its keys are like."""

    path: str
    rows: int
    first: Any
    last: Any
    rising: bool
    table: pa.Table | None = None  # in place of a file, where the result is kept in memory


def cuts(drawing: Drawing, rows: int) -> dict[str, Array]:
    """Where the topmost tables with more than `rows` rows are cut: bounds from 0 to their count."""
    bounds = {}
    roots = dict.fromkeys(filter(None, map(drawing.recipe.family, drawing.recipe.tables)))
    for root in roots:
        try:
            count = drawing.tables[root].count
        except Spoilt:
            continue
        if count > rows:
            number = -(-count // rows)
            bounds[root] = np.arange(number + 1) * count // number
    return bounds


# --- in the process of a piece --------------------------------------------------------------------


def perform(drawing: Drawing, order: Order, spool: Path) -> Done:
    """Do what is ordered with one piece."""
    done = Done()
    drawing.problems.clear()
    drawing.forget_spoilt()
    made: dict[World, dict[str, Table]] = {}

    def views(world: World) -> dict[str, Table]:
        if world not in made:
            proving = order.proving and not world
            made[world] = drawing.in_world(world).piece(order.root, order.number, proving=proving)
        return made[world]

    for item in order.items:
        of = drawing.in_world(item.world)
        try:
            done.told.append(_tell(of, views(item.world), item, views))
        except Need as need:
            done.needs.append(need.item)
        except Spoilt:
            continue
    if order.final:
        _write(drawing, views, order, spool, done)
    done.problems = list(drawing.problems)
    return done


def _tell(drawing: Drawing, tables: Mapping[str, Table], item: Item, elsewhere: Elsewhere) -> Any:
    """A piece's part of an item."""
    table = tables[item.table]
    assert isinstance(table, OwnTable)
    if item.kind == "rows":
        return table.count
    if item.kind == "shape":
        assert table.parent is not None
        words = {name: loose(vector) for name, vector in table.shape.words.items()}
        return table.shape.owners + table.parent.first, words
    if item.kind == "column":
        return loose(table.column(item.place).spread(table.count))
    drawing.wanted = item
    try:
        _provoke(drawing, tables, item, elsewhere)
    except Told as told:
        return told.part
    finally:
        drawing.wanted = None
    raise AssertionError(f"{item} was not met on the way to {item.place}")


def _provoke(
    drawing: Drawing, tables: Mapping[str, Table], item: Item, elsewhere: Elsewhere
) -> None:
    """Evaluate the expression in which an item's call stands."""
    name, _, what = item.place.partition(".")
    table = tables[name]
    assert isinstance(table, OwnTable)
    what = what.rstrip("^")
    if what == SHAPE:
        assert table.shape
    elif what in table.columns:
        table.column(what)
    else:
        finish(drawing, tables, elsewhere)


def _write(drawing: Drawing, elsewhere: Elsewhere, order: Order, spool: Path, done: Done) -> None:
    """The finished tables of a piece as files, or what it still needs."""
    tables = elsewhere(())
    own = {name: tables[name] for name in drawing.recipe.members(order.root)}
    for table in own.values():
        assert isinstance(table, OwnTable)
        done.needs += _needs_of(table)
    if done.needs or drawing.problems:
        return
    try:
        problems = [*type_problems(drawing, own)]
        finished = None if problems else finish(drawing, own, elsewhere)
    except Need as need:
        done.needs.append(need.item)
        return
    except Spoilt:
        return
    drawing.problems += problems
    if finished is None:
        return
    for group in GROUPS:
        for name, table in getattr(finished, group).items():
            if group == "full" and table is finished.published[name]:
                continue
            path = f"{group}/{name}/{order.number:05d}.arrow"
            done.files[group, name] = _written(
                table, drawing.order_of(name), spool, path, order.in_memory
            )
    done.observed = observed_in(own.values())


def _needs_of(table: OwnTable) -> list[Item]:
    """Make every column of a piece; returns what is needed for those that cannot be made yet."""
    needs: list[Item] = []
    for column in (SHAPE, *table.columns):
        try:
            if column == SHAPE:
                assert table.count >= 0
            else:
                table.column(column)
        except Need as need:
            needs.append(need.item)
        except Spoilt:
            continue
    return needs


def _written(
    table: pa.Table, order: tuple[str, ...], spool: Path, path: str, in_memory: bool
) -> Written:
    kept = table if in_memory else None
    if not in_memory:
        (spool / path).parent.mkdir(parents=True, exist_ok=True)
        with pa.ipc.new_file(spool / path, table.schema) as writer:
            writer.write_table(table)
    if not order or not table.num_rows:
        return Written(path, table.num_rows, None, None, True, kept)
    keys = table.column(order[0])
    return Written(path, len(keys), keys[0].as_py(), keys[-1].as_py(), rises(keys), kept)


# --- in the process that drives -------------------------------------------------------------------


def draw(
    plain: Drawing,
    bounds: Mapping[str, Array],
    spool: Path | None,
    runs: Runner,
    progress: Callable[[str], None],
) -> Drawn:
    """Draw a recipe in pieces; `plain` is the same uncut, of which only shapes are known."""
    if spool is None:
        with tempfile.TemporaryDirectory(prefix="sandbox-pieces-") as folder:
            return _draw(plain, bounds, Path(folder), runs, progress, in_memory=True)
    spool.mkdir(parents=True, exist_ok=True)
    return _draw(plain, bounds, spool, runs, progress, in_memory=False)


def _draw(
    plain: Drawing,
    bounds: Mapping[str, Array],
    spool: Path,
    runs: Runner,
    progress: Callable[[str], None],
    *,
    in_memory: bool,
) -> Drawn:
    drawing = replace(plain, cuts=bounds, staged_in=spool / "staged", problems=[], sources={})
    driver = _Driver(drawing, spool, runs, progress, in_memory)
    for root in bounds:
        table = plain.tables[root]
        if isinstance(table, OwnTable) and table.recipe.per is not None:
            drawing.staged.keep_many(Item("shape", root), table.shape)
    shapes = {f"{root}.{SHAPE}" for root in bounds}
    told = observed_in(plain.tables.values())
    driver.observed = {at: summary for at, summary in told.items() if at[0] in shapes}
    with runs.open(Job.of(drawing, spool)):
        return driver.run()


@dataclass
class _Driver:
    drawing: Drawing
    spool: Path
    runs: Runner
    progress: Callable[[str], None]
    in_memory: bool
    unordered: set[str] = field(default_factory=set)  # tables whose keys do not rise row by row
    observed: Observed = field(default_factory=dict)

    def run(self) -> Drawn:
        drawing = self.drawing
        self._settle()
        written: dict[tuple[str, str], list[Written]] = {}
        for root in drawing.cuts:
            for done in self._pass(root, final=True):
                for at, file in done.files.items():
                    written.setdefault(at, []).append(file)
                self.observed = added(self.observed, done.observed)
        whole = self._whole_tables()
        groups = {group: dict(getattr(whole, group)) for group in GROUPS}
        for (group, name), files in written.items():
            groups[group][name] = self._dataset(group, name, files)
        truth = groups["truth"] | summary(drawing, groups["truth"])
        full = groups["published"] | groups["full"]
        self.observed = added(self.observed, observed_in(drawing.tables.values()))
        self._prove(full)
        return Drawn(full, groups["published"], truth, faulted(drawing.recipe, drawing.dataset),
                     fits(drawing, self.observed))  # fmt: skip

    def _settle(self) -> None:
        """Find out, pass by pass, all that the last one must know of the whole."""
        while wanted := {*self._lacking_whole(), *self._lacking_pieces()}:
            while wanted:
                ready, more = self._sorted_out(wanted)
                if not ready and more <= wanted:
                    self._circle(wanted)
                self._find(ready)
                wanted = (wanted | more) - set(ready)

    def _lacking_pieces(self) -> Iterator[Item]:
        for root in self.drawing.cuts:
            trial = Order(root, TRIAL, final=True, in_memory=True)
            done = perform(self.drawing, trial, self.spool)
            self._no_problems([done])
            yield from done.needs

    def _lacking_whole(self) -> list[Item]:
        """What tables that are not cut must know of those that are."""
        self.drawing.forget_spoilt()
        tables = self._uncut()
        needs = [need for table in tables.values() for need in _needs_of(table)]
        if not needs and not self.drawing.problems:
            try:
                self._finished(tables)
            except Need as need:
                return [need.item]
            except Spoilt:
                pass
        if self.drawing.problems:
            raise RecipeError(self.drawing.problems)
        return needs

    def _sorted_out(self, wanted: Iterable[Item]) -> tuple[list[Item], set[Item]]:
        """What can be told now, and what else is needed for the rest; tried on the first piece."""
        ready, more = [], set()
        for item in sorted(wanted, key=repr):
            done = perform(self.drawing, Order(self._root(item), TRIAL, (item,)), self.spool)
            self._no_problems([done])
            needs = done.needs or self._needs_of_whole(item)
            more |= set(needs)
            if not needs:
                ready.append(item)
        return ready, more

    def _needs_of_whole(self, item: Item) -> list[Item]:
        """A call is made once over all rows, so it must be known how many there are."""
        if item.kind != "call":
            return []
        try:
            assert self.drawing.in_world(item.world).tables[item.table].count >= 0
        except Need as need:
            return [need.item]
        return []

    def _circle(self, wanted: Iterable[Item]) -> None:
        what = "Whole-table functions wait for each other: " + "; ".join(sorted(map(str, wanted)))
        fix = "let one of them be drawn without the next"
        raise RecipeError([Problem(what, self.drawing.recipe.file, None, fix=fix)])

    def _root(self, item: Item) -> str:
        root = self.drawing.recipe.family(item.table)
        assert root is not None
        return root

    def _find(self, ready: Sequence[Item]) -> None:
        for root in self.drawing.cuts:
            items = tuple(item for item in ready if self._root(item) == root)
            if items:
                parts = [done.told for done in self._pass(root, items)]
                for item, told in zip(items, zip(*parts, strict=True), strict=True):
                    self._keep(item, told)

    def _pass(self, root: str, items: tuple[Item, ...] = (), *, final: bool = False) -> list[Done]:
        number = len(self.drawing.cuts[root]) - 1
        proving = final and self.drawing.proving
        orders = [Order(root, n, items, final, self.in_memory, proving) for n in range(number)]
        done = []
        for n, one in enumerate(self.runs.map(orders), 1):
            self._no_problems([one])
            done.append(one)
            if final:
                self.progress(f"{root}: piece {n} of {number}")
        return done

    def _no_problems(self, all_done: Iterable[Done]) -> None:
        problems = [problem for done in all_done for problem in done.problems]
        if problems:
            raise RecipeError(problems)

    def _keep(self, item: Item, told: Sequence[Any]) -> None:
        staged, drawing = self.drawing.staged, self.drawing.in_world(item.world)
        if item.kind == "rows":
            staged.keep(item, values=starts(told))
        elif item.kind == "shape":
            owners = np.concatenate([part[0] for part in told])
            words = {name: joined([part[1][name] for part in told]) for name in told[0][1]}
            attached = {name: word.vector(drawing) for name, word in words.items()}
            staged.keep_many(item, Many(owners, attached))
        elif item.kind == "column":
            staged.keep(item, values=joined(told))
        elif item.kind == "numbers":
            staged.keep(item, **_running(told))
        else:
            staged.keep(item, values=loose(self._called(drawing, item, told)))

    def _called(self, drawing: Drawing, item: Item, told: Sequence[TravellingCall]) -> Vector:
        """The values of a whole-table function, from the arguments of all pieces."""
        travelled = TravellingCall.joined(told)
        table = drawing.tables[item.table]
        name, _, column = item.place.partition(".")
        function = drawing.functions[travelled.name]
        positional, named = travelled.arguments(drawing)
        call = Call(positional, named, travelled.missing)
        try:
            with drawing.making(name, column.rstrip("^")):
                here = Here(table, item.place, item.site)
                made: Vector = call.result(function, here)
                observe(function, here, call, travelled.text, made)
                return made.spread(table.count)
        except Spoilt:
            raise RecipeError(drawing.problems) from None

    def _whole_tables(self) -> Drawn:
        """The tables that are not cut, which this process draws."""
        whole = self._uncut()
        if problems := [*type_problems(self.drawing, whole)]:
            raise RecipeError(problems)
        return in_memory(self.drawing, self._finished(whole))

    def _uncut(self) -> dict[str, OwnTable]:
        drawing = self.drawing
        return {
            name: table
            for name, table in drawing.tables.items()
            if isinstance(table, OwnTable) and drawing.recipe.family(name) not in drawing.cuts
        }

    def _finished(self, tables: Mapping[str, Table]) -> Finished:
        drawing = self.drawing
        return finish(drawing, tables, lambda world: drawing.in_world(world).tables)

    def _dataset(self, group: str, name: str, files: Sequence[Written]) -> ds.Dataset:
        """The files of all pieces as one table in the order of its key."""
        filled = [file for file in files if file.rows]
        rising = all(file.rising for file in filled) and all(
            before.last is None or before.last < after.first for before, after in pairwise(filled)
        )
        made = self._opened(files)
        if rising:
            return made
        if group != "truth":
            self.unordered.add(name)
        order = self.drawing.order_of(name)
        table = in_order_of(made.to_table(), order)
        path = f"{group}/{name}/whole.arrow"
        return self._opened([_written(table, order, self.spool, path, self.in_memory)])

    def _opened(self, files: Sequence[Written]) -> ds.Dataset:
        if self.in_memory:
            return ds.dataset(pa.concat_tables([file.table for file in files]))
        return ds.dataset([str(self.spool / file.path) for file in files], format=FORMAT)

    def _prove(self, full: Mapping[str, ds.Dataset]) -> None:
        """What can only be seen of whole tables: keys, shares, what remaining rows would tell."""
        drawing = self.drawing
        problems: list[Problem] = []
        for name in self.unordered:
            keys = full[name].to_table(columns=[drawing.tables[name].key])
            problems += key_problems(drawing, name, keys.column(0))
        small = replace(drawing, cuts={}, scale=min(drawing.scale, 1.0), problems=[],
                        proving=False)  # fmt: skip
        problems += [*telling_rows(small), *misses(drawing, self.observed)]
        if problems:
            raise RecipeError(problems)


def _running(told: Sequence[tuple[Array, Array]]) -> dict[str, Array]:
    """For each piece the groups in it, and how many rows of each lie in pieces before."""
    total = np.zeros(max(int(groups.max(initial=0)) for groups, _ in told) + 1, np.int64)
    arrays = {}
    for number, (groups, counts) in enumerate(told):
        arrays[f"groups{number}"] = groups
        arrays[f"before{number}"] = total[groups]
        total[groups] += counts
    return arrays
