"""The functions of the recipe language, by topic; importing them fills the vocabulary."""

from sandbox.recipes.functions import (
    dates,
    draws,
    faults,
    grammars,
    histories,
    identifiers,
    keys,
    names,
    numbers,
    references,
    texts,
    whole_table,
)

__all__ = [
    "dates",
    "draws",
    "faults",
    "grammars",
    "histories",
    "identifiers",
    "keys",
    "names",
    "numbers",
    "references",
    "texts",
    "whole_table",
]
