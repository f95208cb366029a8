"""Rollups of attempts, and the queue of attempts that they do not hold yet

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

SQLITE_TRIGGER = """
CREATE TRIGGER attempt_is_fresh AFTER INSERT ON attempt
BEGIN INSERT INTO fresh_attempt (event_id, id) VALUES (NEW.event_id, NEW.id); END
"""
POSTGRESQL_FUNCTION = """
CREATE FUNCTION attempt_is_fresh() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO fresh_attempt (event_id, id) VALUES (NEW.event_id, NEW.id); RETURN NULL; END $$
"""
POSTGRESQL_TRIGGER = """
CREATE TRIGGER attempt_is_fresh AFTER INSERT ON attempt
FOR EACH ROW EXECUTE FUNCTION attempt_is_fresh()
"""


def numbers() -> list[sa.Column]:
    return [
        sa.Column(name, sa.Integer(), nullable=False)
        for name in ('attempts', 'counted', 'devices', 'passed')
    ]


def upgrade() -> None:
    op.create_table('fresh_attempt',
    sa.Column('event_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint('event_id', 'id', name=op.f('pk_fresh_attempt'))
    )
    op.create_table('day_tally',
    sa.Column('event_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('local_day', sa.Date(), nullable=False),
    sa.Column('region_code', sa.String(length=6), nullable=False),
    *numbers(),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_day_tally_event_id')),
    sa.PrimaryKeyConstraint('event_id', 'local_day', 'region_code', name=op.f('pk_day_tally'))
    )
    op.create_table('hour_tally',
    sa.Column('event_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('hour_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('poster_code', sa.String(length=8), nullable=False),
    sa.Column('team_id', sa.Integer(), autoincrement=False, nullable=False),
    *numbers(),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_hour_tally_event_id')),
    sa.PrimaryKeyConstraint('event_id', 'hour_at', 'poster_code', 'team_id', name=op.f('pk_hour_tally'))
    )
    state = op.create_table('rollup_state',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('serial', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rollup_state'))
    )
    op.bulk_insert(state, [{"id": 1, "serial": 0}])
    op.execute("INSERT INTO fresh_attempt (event_id, id) SELECT event_id, id FROM attempt")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(SQLITE_TRIGGER)
    else:
        op.execute(POSTGRESQL_FUNCTION)
        op.execute(POSTGRESQL_TRIGGER)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER attempt_is_fresh")
    else:
        op.execute("DROP TRIGGER attempt_is_fresh ON attempt")
        op.execute("DROP FUNCTION attempt_is_fresh()")
    op.drop_table('rollup_state')
    op.drop_table('hour_tally')
    op.drop_table('day_tally')
    op.drop_table('fresh_attempt')
