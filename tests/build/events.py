"""A small event with something to hide: parks from the kit, and visits of the event's own."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime

from sandbox.workspace import open_workspace
from tests.events import VALID

AFTERWARDS = datetime(2027, 3, 6, 14, 0, tzinfo=UTC)  # 15:00 in Oslo, when the valid event ends

DATASET = """
title: Visits
summary: Invented visits to parks.
version: 1.0.0
origin: synthetic
licence: CC0-1.0
publisher: Parks office
contact: parks@example.org
reference_date: 2026-01-01
derived_from: [parks]
tables:
  visits:
    title: Visits
    row: One row is one visit.
    key: visit_id
    columns:
      visit_id: {type: integer, title: Visit}
      park_code: {type: string, title: Park, references: parks}
      minutes: {type: integer, title: Time spent}
      arrived: {type: datetime, title: Arrived}
      rainy: {type: boolean, title: It rained}
      long: {type: boolean, title: A long visit}
"""
RECIPE = """
asof: 2026-01-01
secrets:
  limit: secret(20, 160)
tables:
  visits:
    rows: 120
    visit_id: row
    park_code: pick(parks)
    minutes: integer(5, 180) - when(rainy, 4, 0)
    arrived: moment(day(2025), 8, 20)
    rainy: bernoulli(.4)
    mood: normal()
    long: minutes > limit
    hidden: [mood]
    hold_out: {rows: 30, columns: [long]}
    truth:
      shorter: effect(minutes, rainy)
    faults:
      - missing(arrived, .1)
"""
# What the build hides of it, in the order of the files' names.
TRUTH = ("effects", "secrets", "visits", "visits.faults", "visits.hidden", "visits.shorter")


def event_with_truth(root):
    """The workspace of an event in `root`/event, on a kit of its own in `root`/kit."""
    kit, event = root / "kit", root / "event"
    shutil.copytree(VALID / "datasets" / "parks", kit / "datasets" / "parks")
    write_event(event)
    return reopened(event, kit)


def write_event(event):
    own = event / "datasets" / "visits"
    own.mkdir(parents=True)
    (own / "dataset.yml").write_text(DATASET, encoding="utf-8")
    (own / "recipe.yml").write_text(RECIPE, encoding="utf-8")
    for name in ("event.toml", "secret.toml"):
        shutil.copyfile(VALID / name, event / name)
    (event / "secret.toml").chmod(0o600)


def reopened(event, kit):
    """The event's workspace as its files say it now."""
    return replace(open_workspace(event), kit=kit)
