"""What a challenge passed before it opened, and whose code a draft uses."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("challenge_drafts", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("code_from", sa.Text(), nullable=False, server_default=sa.text("''"))
        )
    with op.batch_alter_table("challenge_states", schema=None) as batch_op:
        batch_op.add_column(sa.Column("owner_confirmed_digest", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("previewed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("previewed_by", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("previewed_digest", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("written_by", sa.Integer(), nullable=True))
        for column in ("previewed_by", "written_by"):
            batch_op.create_foreign_key(
                batch_op.f(f"fk_challenge_states_{column}"), "accounts", [column], ["id"]
            )
