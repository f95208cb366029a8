"""Archives of past campaigns: whose attempts were moved into a file, and what was counted of them

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('campaign_archive',
    sa.Column('campaign_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_campaign_archive_campaign_id')),
    sa.PrimaryKeyConstraint('campaign_id', name=op.f('pk_campaign_archive'))
    )
    op.create_table('archived_event',
    sa.Column('event_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('archive_id', sa.Integer(), nullable=False),
    *(
        sa.Column(name, sa.Integer(), nullable=False)
        for name in ('attempts', 'counted', 'devices', 'passed')
    ),
    sa.Column('counts_sha256', sa.String(length=64), nullable=False),
    sa.Column('answers_sha256', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['archive_id'], ['campaign_archive.campaign_id'], name=op.f('fk_archived_event_archive_id')),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_archived_event_event_id')),
    sa.PrimaryKeyConstraint('event_id', name=op.f('pk_archived_event'))
    )
    op.create_table('archived_item',
    sa.Column('archive_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('edition', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('question_id', sa.String(length=80), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['archive_id'], ['campaign_archive.campaign_id'], name=op.f('fk_archived_item_archive_id')),
    sa.PrimaryKeyConstraint('archive_id', 'edition', 'question_id', name=op.f('pk_archived_item'))
    )


def downgrade() -> None:
    op.drop_table('archived_item')
    op.drop_table('archived_event')
    op.drop_table('campaign_archive')
