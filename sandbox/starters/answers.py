"""What a starter asks, and which answers can be used."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.descriptors import FALLBACK
from sandbox.errors import Problem, StarterError, did_you_mean

LONGEST_TEXT, LONGEST_ADDRESS = 60, 200
# Control and private characters, lone surrogates, line separators; and what turns text around, so
# that a reader would see other words than a program does (Unicode Technical Report 36, 3.2).
UNWANTED_CATEGORIES = ("Cc", "Co", "Cs", "Zl", "Zp")
TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


@dataclass(frozen=True)
class Question:
    """What a starter asks: `choices` maps values to their labels and is empty for free text.

    `language` is that of prompt and labels.
    """

    name: str
    prompt: str
    default: str
    choices: Mapping[str, str]
    language: str


def questions(folder: Path, language: str = "en") -> tuple[Question, ...]:
    """What the starter in `folder` asks, in its order.

    The words stand in cookiecutter.json: `__prompts__` in English, as cookiecutter wants them, and
    `_prompts` by language tag in the same form. What is computed from other answers is not asked.
    """
    spec = read_spec(folder)
    prompts = {"en": spec.get("__prompts__", {})} | spec.get("_prompts", {})
    tags = [tag for tag in FALLBACK.get(language, (language,)) if tag in prompts]
    return tuple(
        _question(name, raw, prompts, next((tag for tag in tags if name in prompts[tag]), "en"))
        for name, raw in spec.items()
        if not name.startswith("_") and not _is_computed(raw)
    )


def checked(folder: Path, answers: Mapping[str, str]) -> dict[str, str]:
    """All answers, those not given by their defaults; StarterError lists all that is wrong."""
    asked = {question.name: question for question in questions(folder)}
    given = {name: str(answer).strip() for name, answer in answers.items()}
    problems = [
        Problem("this is not asked", name, fix=did_you_mean(name, list(asked)))
        for name in given
        if name not in asked
    ]
    for name, answer in given.items():
        problems += wrong(asked[name], answer) if name in asked else ()
    if problems:
        raise StarterError(problems)
    return {name: given.get(name, question.default) for name, question in asked.items()}


def wrong(question: Question, answer: str) -> Iterator[Problem]:
    """What keeps an answer from being used. A question that ends in _url takes an address."""
    name, shown = question.name, answer if len(answer) <= LONGEST_TEXT else f"{answer[:20]}…"
    longest = LONGEST_ADDRESS if name.endswith("_url") else LONGEST_TEXT
    if question.choices:
        if answer not in question.choices:
            yield Problem("not one of the choices", name, None, shown, ", ".join(question.choices))
    elif not answer:
        yield Problem("it is empty", name, fix=f"write something such as: {question.default}")
    elif len(answer) > longest:
        found = f"{len(answer)} characters"
        yield Problem("it is too long", name, None, found, f"at most {longest}")
    elif bad := [char for char in answer if _is_unwanted(char)]:
        what = "it has a line break or another character that cannot be seen"
        yield Problem(what, name, None, f"U+{ord(bad[0]):04X}", fix="type it again")
    elif name.endswith("_url") and not _is_address(answer):
        yield Problem("not an address", name, None, shown, f"such as {question.default}")


def read_spec(folder: Path) -> dict[str, Any]:
    """cookiecutter.json as it stands."""
    file = folder / "cookiecutter.json"
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        problem = Problem("this is missing or damaged", str(file), fix="see: sandbox check")
        raise StarterError([problem]) from None


def _question(name: str, raw: Any, prompts: Mapping[str, Any], tag: str) -> Question:
    words = prompts[tag].get(name, name)
    labels = words if isinstance(words, dict) else {"__prompt__": words}
    values = [str(value) for value in raw] if isinstance(raw, list) else []
    choices = {value: str(labels.get(value, value)) for value in values}
    default = values[0] if values else str(raw)
    return Question(name, str(labels["__prompt__"]), default, choices, tag)


def _is_computed(raw: object) -> bool:
    return isinstance(raw, str) and raw.startswith("{{")


def _is_unwanted(char: str) -> bool:
    return unicodedata.category(char) in UNWANTED_CATEGORIES or ord(char) in TURNING


def _is_address(answer: str) -> bool:
    """Whether this is http(s)://host[:port][/path], in characters that need no care anywhere."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/%\-]*)?", answer):
        return False
    try:
        parts = urlsplit(answer)
        return bool(parts.hostname) and (parts.port or 1) > 0  # port raises when it is none
    except ValueError:
        return False
