"""Every table of the board's database, so that whoever needs all of them imports one module."""

from sandbox.state import people, projects, records, scores, teams, topics
from sandbox.state.base import Base

__all__ = ["Base", "people", "projects", "records", "scores", "teams", "topics"]
