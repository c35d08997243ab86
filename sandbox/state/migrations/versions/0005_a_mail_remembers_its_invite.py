"""A link that is sent by mail remembers the invite that it was asked for with."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("passes") as table:
        table.add_column(sa.Column("through", sa.Integer(), nullable=True))
