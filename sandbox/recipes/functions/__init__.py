"""The functions of the recipe language, by topic; importing them fills the vocabulary."""

from sandbox.recipes.functions import (
    dates,
    draws,
    identifiers,
    names,
    numbers,
    references,
    texts,
    whole_table,
)

__all__ = [
    "dates",
    "draws",
    "identifiers",
    "names",
    "numbers",
    "references",
    "texts",
    "whole_table",
]
