"""`sandbox start`: ask what is not given, make the project, and say how to go on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from sandbox.catalog import Starter
from sandbox.descriptors import read
from sandbox.errors import Problem, StarterError, did_you_mean
from sandbox.starters.answers import Question, questions, wrong
from sandbox.starters.project import start
from sandbox.workspace import Workspace


def start_from_command_line(
    workspace: Workspace, slug: str, pairs: Iterable[str], target: Path, *, ask: bool
) -> Path:
    """Make the project of starter `slug` below `target`, and print the commands to go on with.

    `pairs` are KEY=VALUE; with `ask`, the questions they leave open are asked on the terminal.
    """
    folders = workspace.folders("starter_templates")
    if slug not in folders:
        fix = did_you_mean(slug, list(folders))
        raise StarterError([Problem(f"{slug!r} is not a starter", fix=fix)])
    answers = _given(pairs)
    asked = {question.name: question for question in questions(folders[slug])}
    if workspace.event.public_url and "sandbox_url" in asked:
        answers.setdefault("sandbox_url", workspace.event.public_url)
    if ask:
        answers |= {n: _ask(question) for n, question in asked.items() if n not in answers}
    project = start(folders[slug], target, answers)
    click.echo(f"{project} is ready. Next:")
    for command in (f"cd {_shown(project)}", *_commands(folders[slug])):
        click.echo(f"  {command}")
    return project


def _given(pairs: Iterable[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    if problems := [
        Problem("this is not an answer", found=name, expected="KEY=VALUE", fix='name="My idea"')
        for name, equals, _ in split
        if not equals
    ]:
        raise StarterError(problems)
    return {name: value for name, _, value in split}


def _ask(question: Question) -> str:
    """Ask until the answer can be used."""
    for value, label in question.choices.items():
        click.echo(f"  {value}: {label}")
    while True:
        answer: str = click.prompt(question.prompt, default=question.default).strip()
        if not (problems := list(wrong(question, answer))):
            return answer
        for problem in problems:
            click.echo(f"{problem}", err=True)


def _commands(folder: Path) -> tuple[str, ...]:
    made = read(folder / "starter.yml", Starter, [], shown_as="starter.yml")
    return made[0].commands if made else ()


def _shown(project: Path) -> str:
    text = str(project)
    return f'"{text}"' if " " in text else text
