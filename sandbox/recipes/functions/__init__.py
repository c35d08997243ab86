"""The functions of the recipe language, by topic; importing them fills the vocabulary."""

from sandbox.recipes.functions import (
    danish_identifiers,
    dates,
    draws,
    faults,
    finnish_identifiers,
    grammars,
    histories,
    identifiers,
    keys,
    names,
    numbers,
    references,
    swedish_identifiers,
    texts,
    whole_table,
)

__all__ = [
    "danish_identifiers",
    "dates",
    "draws",
    "faults",
    "finnish_identifiers",
    "grammars",
    "histories",
    "identifiers",
    "keys",
    "names",
    "numbers",
    "references",
    "swedish_identifiers",
    "texts",
    "whole_table",
]
