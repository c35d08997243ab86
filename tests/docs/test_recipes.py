"""docs/recipes.md: its lists are the vocabulary's, and every example on it does what it says."""

import inspect
import re

import pytest

from sandbox import recipes
from sandbox.recipes.effects import Effect
from sandbox.recipes.registry import FAULTS, FUNCTIONS
from sandbox.workspace import KIT
from tests.docs.reading import tokens
from tests.recipes import library
from tests.scripts.conftest import load

pytestmark = pytest.mark.heavy

reference = load("_reference")
WORDS = {**FUNCTIONS, **FAULTS, "effect": None}
FENCES = [t for t in tokens(reference.PAGE.read_text("utf-8")) if t.type == "fence"]
RECIPE = (library.FOLDER / "recipe.yml").read_text("utf-8")
ADDED = [f.content for f in FENCES if f.info == "yaml" and f.content != RECIPE]
REFUSED = [
    (fence.content, FENCES[at + 1].content)
    for at, fence in enumerate(FENCES)
    if fence.info == "yaml wrong"
]
(OWN_FUNCTIONS,) = [f.content for f in FENCES if f.info == "python"]


def doc_of(name):
    return inspect.getdoc(Effect) if name == "effect" else WORDS[name].doc


def test_the_page_is_stamped_with_the_words_as_they_are():
    assert reference.PAGE.read_bytes() == reference.page(), "run scripts/stamp --files"


def test_the_page_has_every_word_once_and_links_it():
    text = reference.PAGE.read_text("utf-8")
    heads = re.findall(r"^#### (\w+)$", text, re.MULTILINE)
    assert sorted(heads) == sorted(WORDS)
    linked = set(re.findall(r"\]\(#(\w+)\)", text))
    assert linked >= set(WORDS)
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.M)
    slugs = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= slugs


def test_whole_table_functions_are_told_apart():
    text = reference.PAGE.read_text("utf-8")
    cells, wholes = text.split("\n## Whole-table functions\n")
    for name, function in FUNCTIONS.items():
        place = wholes if function.whole_table else cells
        assert f"\n#### {name}\n" in place
        assert (f"{function.usage}` **whole table**" in place) == function.whole_table


@pytest.mark.parametrize("name", WORDS)
def test_every_word_has_examples_that_work(name):
    examples = reference.examples(doc_of(name))
    assert examples, f"{name} has no line such as “Example: {name}(…)” in its docstring"
    for text in examples:
        assert library.works_in(name, WORDS[name], text)


def test_the_example_is_in_order_and_draws():
    dataset = library.descriptor()
    assert recipes.check(library.FOLDER, dataset, {}) == []
    drawn = recipes.draw(library.FOLDER, dataset, {}, b"seed", scale=0.2)
    assert {"loans", "loans.faults", "loans.reminder", "effects", "secrets"} <= set(drawn.truth)
    assert all(table.count_rows() for table in drawn.published.values())
    effects = drawn.truth["effects"].to_table().to_pylist()
    assert 0.05 < effects[0]["effect_size"] < 0.3


@pytest.mark.parametrize("added", ADDED, ids=range(len(ADDED)))
def test_what_the_page_adds_to_the_example_can_be_drawn(tmp_path, added):
    folder = tmp_path / "datasets" / "library"
    dataset = library.copied(folder, added, OWN_FUNCTIONS)
    assert recipes.check(folder, dataset, {}) == []
    assert recipes.draw(folder, dataset, {}, b"seed", scale=0.1).published


@pytest.mark.parametrize(("added", "said"), REFUSED, ids=range(len(REFUSED)))
def test_what_the_page_warns_of_is_told_in_these_words(tmp_path, added, said):
    folder = tmp_path / "datasets" / "library"
    problems = recipes.check(folder, library.copied(folder, added), {})
    text = "\n".join(re.sub(r"^\S+: ", "", str(problem)) for problem in problems)
    assert text + "\n" == said


def test_the_page_explains_every_key_of_a_recipe():
    from sandbox.recipes.recipe import HOLD_OUT, ROW_WORDS, SHAPE_WORDS, TOP

    text = reference.PAGE.read_text("utf-8")
    for word in {*TOP, *SHAPE_WORDS, *ROW_WORDS, *HOLD_OUT}:
        assert re.search(rf"`[^`\n]*\b{word}\b", text), word
    assert "(recipes.md)" in (KIT / "docs" / "data-steward.md").read_text("utf-8")
