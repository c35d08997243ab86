"""The example of docs/recipes.md: as it is, and with what a passage of that page adds to it."""

import ast
import shutil
from dataclasses import replace

import yaml

from sandbox.catalog import Dataset
from sandbox.descriptors import load
from sandbox.descriptors.parsing import load_yaml
from sandbox.errors import Problem
from sandbox.recipes.drawing import Drawing, SecretsTable, Spoilt
from sandbox.recipes.effects import effects_of
from sandbox.recipes.faults import faults_of
from sandbox.recipes.language import Evaluator
from sandbox.recipes.operators import Unfit
from sandbox.recipes.recipe import Expression, read_recipe
from sandbox.workspace import KIT

FOLDER = KIT / "docs" / "examples" / "library"
TOP = ("asof", "size", "secrets", "tables")


def descriptor(folder=FOLDER):
    return Dataset.model_validate(load(folder / "dataset.yml").value, strict=False)


def copied(folder, added, functions=None):
    """The example at `folder` with `added` laid over its recipe, and a descriptor that fits.

    added: YAML; whatever is no key of a recipe is a table with further columns. What is no YAML
    stands there alone.
    """
    shutil.copytree(FOLDER, folder)
    told, more = load(folder / "recipe.yml").value, load_yaml(added, "")
    if isinstance(more, Problem):
        (folder / "recipe.yml").write_text(added, encoding="utf-8")
        return descriptor()
    for key, value in more.value.items():
        if key in TOP:
            told.setdefault(key, {}).update(value)
        else:
            told["tables"][key].update(value)
    (folder / "recipe.yml").write_text(yaml.safe_dump(told, sort_keys=False), encoding="utf-8")
    if functions:
        (folder / "functions.py").write_text(functions, encoding="utf-8")
    return _described(folder, descriptor())


def _described(folder, dataset):
    """The descriptor with every further column that would be published, of the kind it is drawn."""
    recipe, problems = read_recipe(folder)
    if problems:
        return dataset
    drawing = Drawing(recipe, dataset, {}, b"", scale=0, dry=True)
    told = dataset.model_dump()
    for name, table in told["tables"].items():
        for column in recipe.tables[name].hidden:
            table["columns"].pop(column, None)
        for column in recipe.tables[name].columns:
            unsaid = column not in table["columns"] and column not in recipe.tables[name].hidden
            if unsaid and not column.startswith("_"):
                kind = drawing.tables[name].column(column).keys().kind
                table["columns"][column] = {"type": kind, "title": {"en": column}}
    return Dataset.model_validate(told, strict=False)


def drawing(table=None, **change):
    """A small drawing of the library, the recipe of a table changed."""
    recipe, problems = read_recipe(FOLDER)
    assert not problems
    tables = {n: replace(r, **change) if n == table else r for n, r in recipe.tables.items()}
    return Drawing(replace(recipe, tables=tables), descriptor(), {}, b"seed", 0.05)


def works_in(name, function, text):
    """The table of the library in which an example of a function works; AssertionError if none."""
    node = ast.parse(text, mode="eval").body
    assert any(isinstance(n, ast.Call) and n.func.id == name for n in ast.walk(node)), text
    said = []
    for table in drawing().recipe.tables:
        try:
            _try(table, function, Expression(f"{table}.example", text, node, 1))
        except (Unfit, Spoilt) as error:
            said.append(f"{table}: {error!r}")
        else:
            return table
    raise AssertionError(f"{text}\n" + "\n".join(said))


def _try(name, function, expression):
    """Evaluate an expression where such a function belongs; Unfit or Spoilt if it is wrong."""
    if function is None:
        assert effects_of(drawing(name, truth={"example": expression}).tables[name])
    elif function.name in ("secret", "secret_choice"):
        one = SecretsTable(drawing(), "secrets", {})
        Evaluator(one, "secrets.example", expression.node).run(expression.node)
    elif function.returns == "faulted":
        table = drawing(name, faults=(expression,)).tables[name]
        assert [fault.result().hit for fault in faults_of(table)]
    elif function.returns == "many":
        table = drawing(name, rows=None, file=None, per=expression).tables[name]
        assert len(table.shape.owners)
    else:
        table = drawing().tables[name]
        assert len(table.evaluate(expression).spread(table.count).values) == table.count
