"""What changes while an event runs: people, challenges' states, questions, jobs, the audit log.

It lies in one database that the explorer is never given: SQLite in the event's folder, or the
PostgreSQL that DATABASE_URL names. `open_state(workspace)` brings it up to date and opens it.
"""

from sandbox.state.database import State, open_state

__all__ = ["State", "open_state"]
