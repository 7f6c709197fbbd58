"""A shop may exist on a gateway of cross-border goods alone."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        alter table ops.shops drop constraint shops_gateway_check,
            add constraint shops_gateway_check check (gateway in ('US', 'EU', 'GLOBAL', 'PARTNER', 'CN'))
        """
    )
