"""Make a project from a starter: ask, check the answers, and give the files, a zip or a folder.

Starters have cookiecutter's layout, so that its own command line makes the same project from the
same answers. This package takes answers from strangers as well: they are data and never rendered,
nothing runs, and nothing is written unless `start` is asked to.
"""

from sandbox.starters.answers import Question, questions
from sandbox.starters.project import File, render, start, zip_bytes
from sandbox.starters.terminal import start_from_command_line

__all__ = [
    "File",
    "Question",
    "questions",
    "render",
    "start",
    "start_from_command_line",
    "zip_bytes",
]
