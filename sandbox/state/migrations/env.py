"""How Alembic runs here: on the connection it is handed, in the transaction that is open."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from sandbox.state.base import Moment
from sandbox.state.tables import Base


def shown(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """A migration stands on SQLAlchemy alone: what the kit's own types become may change later."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a table by making it anew
    render_item=shown,
    compare_type=True,
)
context.run_migrations()
