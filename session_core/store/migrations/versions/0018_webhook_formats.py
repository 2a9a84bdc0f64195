"""The form in which an endpoint is told, and headers of its own; events are read by account and place.

Revision: 0018, after 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from session_core.store.types import Json

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("webhook_endpoints") as table:
        table.add_column(sa.Column("format", sa.String(length=32), server_default="whahook", nullable=False))
        table.add_column(sa.Column("header_names", Json, server_default="[]", nullable=False))
        table.add_column(sa.Column("headers", sa.Text(), nullable=True))
    op.create_index("ix_outbox_events_account_id_position", "outbox_events", ["account_id", "position"])


def downgrade() -> None:
    op.drop_index("ix_outbox_events_account_id_position", "outbox_events")
    with op.batch_alter_table("webhook_endpoints") as table:
        table.drop_column("headers")
        table.drop_column("header_names")
        table.drop_column("format")
