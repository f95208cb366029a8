"""What was told of who passed, and a new serial number when an event changes what it counts as

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

SQLITE_TRIGGER = """
CREATE TRIGGER event_counts_otherwise AFTER UPDATE OF campaign_id, kind, body_id, quiz_id ON event
BEGIN UPDATE rollup_state SET serial = serial + 1 WHERE id = 1; END
"""
POSTGRESQL_FUNCTION = """
CREATE FUNCTION event_counts_otherwise() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN UPDATE rollup_state SET serial = serial + 1 WHERE id = 1; RETURN NULL; END $$
"""
POSTGRESQL_TRIGGER = """
CREATE TRIGGER event_counts_otherwise AFTER UPDATE OF campaign_id, kind, body_id, quiz_id ON event
FOR EACH ROW WHEN (
    (OLD.campaign_id, OLD.kind, OLD.body_id, OLD.quiz_id)
    IS DISTINCT FROM (NEW.campaign_id, NEW.kind, NEW.body_id, NEW.quiz_id)
) EXECUTE FUNCTION event_counts_otherwise()
"""


def numbers() -> list[sa.Column]:
    return [
        sa.Column(name, sa.Integer(), nullable=False) for name in ('counted', 'devices', 'passed')
    ]


def upgrade() -> None:
    op.create_table('released_part',
    sa.Column('event_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('region_code', sa.String(length=6), nullable=False),
    *numbers(),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_released_part_event_id')),
    sa.PrimaryKeyConstraint('event_id', 'region_code', name=op.f('pk_released_part'))
    )
    op.create_table('released_block',
    sa.Column('campaign_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('place', sa.String(length=16), nullable=False),
    sa.Column('event_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('body_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('quiz_id', sa.Integer(), autoincrement=False, nullable=False),
    *numbers(),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_released_block_campaign_id')),
    sa.PrimaryKeyConstraint('campaign_id', 'place', 'event_id', 'kind', 'body_id', 'quiz_id', name=op.f('pk_released_block'))
    )
    state = op.create_table('released_state',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('serial', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_released_state'))
    )
    op.bulk_insert(state, [{"id": 1, "serial": 0}])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(SQLITE_TRIGGER)
    else:
        op.execute(POSTGRESQL_FUNCTION)
        op.execute(POSTGRESQL_TRIGGER)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER event_counts_otherwise")
    else:
        op.execute("DROP TRIGGER event_counts_otherwise ON event")
        op.execute("DROP FUNCTION event_counts_otherwise()")
    op.drop_table('released_state')
    op.drop_table('released_block')
    op.drop_table('released_part')
