"""Questions say when they were edited; questions and answers say why they were hidden."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("questions", sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
    for table in ("questions", "answers"):
        op.add_column(table, sa.Column("hidden_why", sa.Text(), nullable=False, server_default=""))
