"""A table that leads to itself, from its recipe to its pages: employees and their managers."""

import json
from dataclasses import replace

import pytest

from sandbox.build import build
from sandbox.bundle import open_bundle
from sandbox.catalog import from_bundle
from sandbox.explore import open_explorer
from sandbox.workspace import open_workspace
from tests.explore.asking import Client

pytestmark = pytest.mark.heavy

DATASET = """
title: Employees
summary: Who leads whom.
version: 1.0.0
origin: synthetic
licence: CC0-1.0
publisher: Sandbox
contact: data@example.org
reference_date: 2026-01-01
tables:
  employees:
    title: Employees
    row: one employee
    key: employee_id
    columns:
      employee_id: {type: string, title: Employee}
      level: {type: integer, title: Level}
      manager_id: {type: string, title: Manager, references: employees}
"""
RECIPE = """
asof: 2026-01-01
tables:
  employees:
    rows: 12
    employee_id: code('E-', row, 2)
    level: when(row == 1, 1, 2)
    manager_id: pick(employees, level=level - 1)
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    kit = tmp_path_factory.mktemp("kit")
    folder = kit / "datasets" / "company"
    folder.mkdir(parents=True)
    (folder / "dataset.yml").write_text(DATASET)
    (folder / "recipe.yml").write_text(RECIPE)
    made = replace(open_workspace(), kit=kit, state=tmp_path_factory.mktemp("state"))
    build(made)
    return open_bundle(made.current_bundle()), made


def test_rows_link_to_the_row_they_name_and_back(bundle, loop):
    opened, workspace = bundle
    explorer = loop.run_until_complete(open_explorer(opened, from_bundle(opened), workspace.event))
    try:
        client = Client(explorer, loop)
        assert 'href="/data/sandbox/employees/E-01"' in client.get("/sandbox/employees/E-02").text
        assert (
            "/data/sandbox/employees?manager_id=E-01" in client.get("/sandbox/employees/E-01").text
        )
    finally:
        explorer.retire()


def test_the_data_package_leaves_the_name_of_the_table_itself_out(bundle):
    opened, _ = bundle
    path = opened.path / "datasets" / "company" / "datapackage.json"
    (resource,) = json.loads(path.read_text())["resources"]
    assert resource["schema"]["foreignKeys"] == [
        {"fields": ["manager_id"], "reference": {"fields": ["employee_id"]}}
    ]
