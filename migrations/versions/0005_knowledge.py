"""Answers by question, the queue of attempts not read yet, and sums of knowledge that are ready

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

# After a rebuild an attempt may be queued already: once is enough.
SQLITE_TRIGGER = """
CREATE TRIGGER attempt_is_unread AFTER DELETE ON fresh_attempt
BEGIN INSERT OR IGNORE INTO unread_attempt (event_id, id) VALUES (OLD.event_id, OLD.id); END
"""
POSTGRESQL_FUNCTION = """
CREATE FUNCTION attempt_is_unread() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    INSERT INTO unread_attempt (event_id, id) SELECT event_id, id FROM gone ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""
POSTGRESQL_TRIGGER = """
CREATE TRIGGER attempt_is_unread AFTER DELETE ON fresh_attempt REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION attempt_is_unread()
"""
# Those that are fresh still come by the trigger.
ALL_FOLDED = """
INSERT INTO unread_attempt (event_id, id)
SELECT event_id, id FROM attempt
WHERE NOT EXISTS (
    SELECT 1 FROM fresh_attempt
    WHERE fresh_attempt.event_id = attempt.event_id AND fresh_attempt.id = attempt.id
)
"""


def numbers(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table('unread_attempt',
    sa.Column('event_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint('event_id', 'id', name=op.f('pk_unread_attempt'))
    )
    op.create_table('answer_tally',
    sa.Column('event_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('region_code', sa.String(length=6), nullable=False),
    sa.Column('edition', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('question_id', sa.String(length=80), nullable=False),
    *numbers('first_answers', 'first_right', 'later_answers', 'later_right'),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_answer_tally_event_id')),
    sa.PrimaryKeyConstraint('event_id', 'region_code', 'edition', 'question_id', name=op.f('pk_answer_tally'))
    )
    op.create_table('group_tally',
    sa.Column('event_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('region_code', sa.String(length=6), nullable=False),
    sa.Column('group_id', sa.String(length=64), nullable=False),
    *numbers('devices', 'answers_squared', 'answers_right', 'right_squared'),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_group_tally_event_id')),
    sa.PrimaryKeyConstraint('event_id', 'region_code', 'group_id', name=op.f('pk_group_tally'))
    )
    op.create_table('again_tally',
    sa.Column('event_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('region_code', sa.String(length=6), nullable=False),
    *numbers('devices', 'first_answers', 'first_right', 'second_answers', 'second_right'),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_again_tally_event_id')),
    sa.PrimaryKeyConstraint('event_id', 'region_code', name=op.f('pk_again_tally'))
    )
    state = op.create_table('reading_state',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('serial', sa.BigInteger(), nullable=False),
    sa.Column('unfit', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reading_state'))
    )
    op.bulk_insert(state, [{"id": 1, "serial": 0, "unfit": 0}])
    op.create_table('knowledge_sum',
    sa.Column('scope', sa.String(length=80), nullable=False),
    sa.Column('edition', sa.Integer(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('as_of', sa.DateTime(timezone=True), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('scope', name=op.f('pk_knowledge_sum'))
    )
    op.execute(ALL_FOLDED)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(SQLITE_TRIGGER)
    else:
        op.execute(POSTGRESQL_FUNCTION)
        op.execute(POSTGRESQL_TRIGGER)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER attempt_is_unread")
    else:
        op.execute("DROP TRIGGER attempt_is_unread ON fresh_attempt")
        op.execute("DROP FUNCTION attempt_is_unread()")
    op.drop_table('knowledge_sum')
    op.drop_table('reading_state')
    op.drop_table('again_tally')
    op.drop_table('group_tally')
    op.drop_table('answer_tally')
    op.drop_table('unread_attempt')
