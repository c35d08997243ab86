"""The API against its own description: schemathesis tries it with what fits and what does not."""

import copy

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from sandbox import clock
from sandbox.board.api import describe, rates, writes
from tests.board.programs import joins, night_owls, program
from tests.board.scores.files import decide, hand_in, team
from tests.board.test_api import add, question

EXAMPLES = 15  # of each operation, besides what its description's limits enumerate
THERE = {"challenges": "shorter-queue", "datasets": "visits", "teams": "night-owls",
         "projects": "night-owls"}  # fmt: skip


def document():
    """The description, with names that are there as examples, so that they are found, too."""
    made = copy.deepcopy(describe.document())
    for path, operations in made["paths"].items():
        for parameter in (p for said in operations.values() for p in said["parameters"]):
            if parameter["name"] == "slug" and parameter["in"] == "path":
                parameter["example"] = THERE[path.split("/")[3]]
    return made


@schemathesis.serializer("text/csv")
def _csv(_context, value):
    return str(value).encode("utf-8", "replace")


described = schemathesis.openapi.from_dict(document())


class Current:
    """The application of the test that runs: operations are collected before there is one."""

    app = None

    def __call__(self, environ, start_response):
        return self.app(environ, start_response)


described.app = Current()


@pytest.fixture
def tried(board, monkeypatch):
    """The board with something to find, and without limits that would stop the trial."""
    monkeypatch.setattr(rates, "TOKEN", rates.Rate(10**9))
    monkeypatch.setattr(rates, "ADDRESS", rates.Rate(10**9))
    for name in ("ASKING", "ANSWERING", "ANNOUNCING"):
        monkeypatch.setattr(writes, name, ())
    add(board, question())
    night_owls(board)
    hand_in(board, team(board, "Otters"), 60.0, 50.0, around=5.0, groups={"north": 40.0})
    decide(board, results_at=clock.now())
    monkeypatch.setattr(Current, "app", board)
    return board


@pytest.fixture(params=["stranger", "member", "organiser"])
def headers(request, tried):
    if request.param == "stranger":
        return {}
    sent = program(tried, roles=["organiser"] if request.param == "organiser" else [])
    if request.param == "member":
        joins(tried, "night-owls")
    return sent.headers


@pytest.mark.heavy
@described.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_every_answer_is_as_described_whatever_is_sent(case, tried, headers):
    case.call_and_validate(headers=headers)
