"""People who opted out are looked for by name as chats are: case and accents do not count.

Revision: 0019, after 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from session_core.domain.text import fold

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_OPT_OUTS = sa.table("opt_outs", sa.column("id", sa.Uuid()), sa.column("name"), sa.column("search"))


def upgrade() -> None:
    with op.batch_alter_table("opt_outs") as batch:
        batch.add_column(sa.Column("search", sa.Text(), nullable=True))
    connection = op.get_bind()
    named = sa.select(_OPT_OUTS.c.id, _OPT_OUTS.c.name).where(_OPT_OUTS.c.name.is_not(None))
    folded = [{"row": row.id, "folded": fold(row.name)} for row in connection.execute(named)]
    if folded:
        one = sa.update(_OPT_OUTS).where(_OPT_OUTS.c.id == sa.bindparam("row")).values(search=sa.bindparam("folded"))
        connection.execute(one, folded)


def downgrade() -> None:
    with op.batch_alter_table("opt_outs") as batch:
        batch.drop_column("search")
