"""Organizing

Revision: 0002, after 0001
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

ROLE = sa.Enum('headquarters', 'region', 'body', 'helper', 'none', name='role', native_enum=False, length=24)
BODY_HAS_SLUG = "(role = 'body') = (body_slug IS NOT NULL)"
HELPER_HAS_EVENT = "(role = 'helper') = (event_id IS NOT NULL)"


def upgrade() -> None:
    op.create_table('audit_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.Integer(), nullable=True),
    sa.Column('actor_name', sa.String(length=40), nullable=False),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('subject', sa.String(length=80), nullable=False),
    sa.Column('label', sa.String(length=120), nullable=False),
    sa.Column('region_code', sa.String(length=6), nullable=True),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['organizer.id'], name=op.f('fk_audit_entry_actor_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entry'))
    )
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_entry_action'), ['action'], unique=False)
        batch_op.create_index(batch_op.f('ix_audit_entry_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_audit_entry_subject'), ['subject'], unique=False)

    op.create_table('invitation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('note', sa.String(length=60), nullable=False),
    sa.Column('invited_by', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('used_by', sa.Integer(), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('role', ROLE, nullable=False),
    sa.Column('region_code', sa.String(length=6), nullable=False),
    sa.Column('body_slug', sa.String(length=40), nullable=True),
    sa.Column('event_id', sa.Integer(), nullable=True),
    sa.Column('edits_questions', sa.Boolean(), nullable=False),
    sa.Column('reviews_questions', sa.Boolean(), nullable=False),
    sa.CheckConstraint(BODY_HAS_SLUG, name=op.f('ck_invitation_body_has_slug')),
    sa.CheckConstraint(HELPER_HAS_EVENT, name=op.f('ck_invitation_helper_has_event')),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_invitation_event_id')),
    sa.ForeignKeyConstraint(['invited_by'], ['organizer.id'], name=op.f('fk_invitation_invited_by')),
    sa.ForeignKeyConstraint(['region_code'], ['region.code'], name=op.f('fk_invitation_region_code')),
    sa.ForeignKeyConstraint(['used_by'], ['organizer.id'], name=op.f('fk_invitation_used_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_invitation_token_hash'))
    )
    op.create_table('job',
    sa.Column('id', sa.String(length=22), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('params', sa.JSON(), nullable=False),
    sa.Column('locale', sa.String(length=8), nullable=False),
    sa.Column('asked_by', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('beat_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('fault', sa.String(length=400), nullable=True),
    sa.Column('file_name', sa.String(length=160), nullable=True),
    sa.Column('media_type', sa.String(length=120), nullable=True),
    sa.ForeignKeyConstraint(['asked_by'], ['organizer.id'], name=op.f('fk_job_asked_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job'))
    )
    with op.batch_alter_table('job', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_job_asked_by'), ['asked_by'], unique=False)
        batch_op.create_index(batch_op.f('ix_job_created_at'), ['created_at'], unique=False)

    op.create_table('password_reset',
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('drops_totp', sa.Boolean(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_password_reset_organizer_id')),
    sa.PrimaryKeyConstraint('organizer_id', name=op.f('pk_password_reset')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_password_reset_token_hash'))
    )
    op.create_table('recovery_code',
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('code_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_recovery_code_organizer_id')),
    sa.PrimaryKeyConstraint('organizer_id', 'code_hash', name=op.f('pk_recovery_code'))
    )
    op.create_table('job_file',
    sa.Column('job_id', sa.String(length=22), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_job_file_job_id')),
    sa.PrimaryKeyConstraint('job_id', name=op.f('pk_job_file'))
    )
    op.create_table('offline_count',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('team_id', sa.Integer(), nullable=True),
    sa.Column('channel', sa.Enum('paper', 'spoken', name='channel', native_enum=False, length=24), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('local_day', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(length=120), nullable=False),
    sa.Column('entered_by', sa.Integer(), nullable=True),
    sa.Column('entered_by_name', sa.String(length=40), nullable=False),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('people > 0', name=op.f('ck_offline_count_people_is_positive')),
    sa.ForeignKeyConstraint(['entered_by'], ['organizer.id'], name=op.f('fk_offline_count_entered_by')),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_offline_count_event_id')),
    sa.ForeignKeyConstraint(['team_id'], ['team.id'], name=op.f('fk_offline_count_team_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offline_count'))
    )
    with op.batch_alter_table('offline_count', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offline_count_event_id'), ['event_id'], unique=False)

    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.add_column(sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('board_code', sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True))

    op.execute("UPDATE event SET changed_at = created_at")
    event = sa.table('event', sa.column('id'), sa.column('board_code'))
    connection = op.get_bind()
    for event_id in connection.scalars(sa.select(event.c.id)).all():
        code = secrets.token_urlsafe(12)
        connection.execute(sa.update(event).where(event.c.id == event_id).values(board_code=code))

    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.alter_column('board_code', existing_type=sa.String(length=16), nullable=False)
        batch_op.alter_column('changed_at', existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.create_unique_constraint(batch_op.f('uq_event_board_code'), ['board_code'])

    with op.batch_alter_table('organizer', schema=None) as batch_op:
        batch_op.add_column(sa.Column('totp_secret', sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column('totp_step', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('role', ROLE, nullable=True))
        batch_op.add_column(sa.Column('body_slug', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('event_id', sa.Integer(), nullable=True))

    organizer = sa.table('organizer', sa.column('plans_events', sa.Boolean), sa.column('role'))
    role = sa.case((organizer.c.plans_events, 'region'), else_='none')
    op.execute(sa.update(organizer).values(role=role))

    with op.batch_alter_table('organizer', schema=None) as batch_op:
        batch_op.alter_column('role', existing_type=ROLE, nullable=False)
        batch_op.create_check_constraint(batch_op.f('ck_organizer_body_has_slug'), BODY_HAS_SLUG)
        batch_op.create_check_constraint(batch_op.f('ck_organizer_helper_has_event'), HELPER_HAS_EVENT)
        batch_op.create_foreign_key(batch_op.f('fk_organizer_event_id'), 'event', ['event_id'], ['id'])
        batch_op.drop_column('plans_events')

    with op.batch_alter_table('organizer_session', schema=None) as batch_op:
        batch_op.add_column(sa.Column('awaits_code', sa.Boolean(), nullable=True))

    op.execute("UPDATE organizer_session SET awaits_code = false")
    with op.batch_alter_table('organizer_session', schema=None) as batch_op:
        batch_op.alter_column('awaits_code', existing_type=sa.Boolean(), nullable=False)

    with op.batch_alter_table('quiz', schema=None) as batch_op:
        batch_op.add_column(sa.Column('region_code', sa.String(length=6), nullable=True))
        batch_op.add_column(sa.Column('composed_by', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_quiz_region_code'), 'region', ['region_code'], ['code'])
        batch_op.create_foreign_key(batch_op.f('fk_quiz_composed_by'), 'organizer', ['composed_by'], ['id'])



def downgrade() -> None:
    with op.batch_alter_table('quiz', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_quiz_composed_by'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_quiz_region_code'), type_='foreignkey')
        batch_op.drop_column('composed_by')
        batch_op.drop_column('region_code')

    # A password that was right does not become a sign-in where nothing asks for the code.
    op.execute("DELETE FROM organizer_session WHERE awaits_code")
    with op.batch_alter_table('organizer_session', schema=None) as batch_op:
        batch_op.drop_column('awaits_code')

    with op.batch_alter_table('organizer', schema=None) as batch_op:
        batch_op.add_column(sa.Column('plans_events', sa.Boolean(), nullable=True))

    organizer = sa.table('organizer', sa.column('plans_events', sa.Boolean), sa.column('role'))
    plans_events = organizer.c.role.in_(['headquarters', 'region'])
    op.execute(sa.update(organizer).values(plans_events=plans_events))

    with op.batch_alter_table('organizer', schema=None) as batch_op:
        batch_op.alter_column('plans_events', existing_type=sa.Boolean(), nullable=False)
        batch_op.drop_constraint(batch_op.f('ck_organizer_body_has_slug'), type_='check')
        batch_op.drop_constraint(batch_op.f('ck_organizer_helper_has_event'), type_='check')
        batch_op.drop_constraint(batch_op.f('fk_organizer_event_id'), type_='foreignkey')
        batch_op.drop_column('event_id')
        batch_op.drop_column('body_slug')
        batch_op.drop_column('role')
        batch_op.drop_column('totp_step')
        batch_op.drop_column('totp_secret')

    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_event_board_code'), type_='unique')
        batch_op.drop_column('changed_at')
        batch_op.drop_column('board_code')
        batch_op.drop_column('cancelled_at')

    with op.batch_alter_table('offline_count', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_offline_count_event_id'))

    op.drop_table('offline_count')
    op.drop_table('job_file')
    op.drop_table('recovery_code')
    op.drop_table('password_reset')
    with op.batch_alter_table('job', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_job_created_at'))
        batch_op.drop_index(batch_op.f('ix_job_asked_by'))

    op.drop_table('job')
    op.drop_table('invitation')
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_entry_subject'))
        batch_op.drop_index(batch_op.f('ix_audit_entry_at'))
        batch_op.drop_index(batch_op.f('ix_audit_entry_action'))

    op.drop_table('audit_entry')
