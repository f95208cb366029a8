"""create_app(): settings, extensions, blueprints, commands; nothing else."""

from dataclasses import replace

from flask import Flask
from flask_compress import Compress

from core import (
    assets,
    backup_commands,
    bounds,
    counters,
    db,
    display,
    errors,
    filters,
    health,
    i18n,
    jobs,
    logs,
    metrics,
    packing,
    security,
    styleguide,
    throttle,
    together,
    traffic,
)
from core.config import Settings
from outreach.batch import views as batch
from outreach.batch import work as batch_work
from outreach.campaigns import commands as campaign_commands
from outreach.campaigns import views as campaigns
from outreach.events import calendar_views as calendar
from outreach.events import opening_views as opening
from outreach.events import quiz_views as quizzes
from outreach.events import team_views as teams
from outreach.events import views as events
from outreach.home import commands as home_commands
from outreach.home import doctor_commands, gauges
from outreach.home import express as home_express
from outreach.home import views as home
from outreach.organizers import account_views as account
from outreach.organizers import audit_views as audit
from outreach.organizers import charge_views as charges
from outreach.organizers import commands as organizer_commands
from outreach.organizers import file_views as files
from outreach.organizers import link_views as links
from outreach.organizers import people_views as people
from outreach.organizers import views as organizers
from outreach.participation import express, outcomes, ways
from outreach.participation import preview_views as quiz_preview
from outreach.participation import views as participation
from outreach.posters import order_views as poster_orders
from outreach.posters import printing as poster_printing
from outreach.posters import repoint_views as repointing
from outreach.posters import views as posters
from outreach.tally import (
    archive_commands,
    desk,
    folding,
    partition_commands,
    released,
    so_far,
    sums,
)
from outreach.tally import board_views as board
from outreach.tally import commands as tally_commands
from outreach.tally import figures_views as figures
from outreach.tally import item_views as items
from outreach.tally import knowledge_poster_views as rule_posters
from outreach.tally import knowledge_views as knowledge
from outreach.tally import offline_views as offline
from outreach.tally import open_data_views as open_data
from outreach.tally import report_views as reports
from outreach.tally import views as tally
from question_bank import bulk_views as bulk
from question_bank import commands as question_commands
from question_bank import editor_views as bank
from question_bank import exchange_views as exchange
from question_bank import review_views as review
from question_bank import views as study

SCAN_SECONDS = 1.0


def create_app(settings: Settings | None = None) -> Flask:
    """Wire the parts; asks no database and no network."""
    settings = settings or Settings.from_env()
    app = Flask(__name__, instance_path=str(settings.instance_path))
    app.config.from_mapping(settings.as_flask())
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    for part in (
        db,
        bounds,
        security,
        i18n,
        display,
        errors,
        filters,
        throttle,
        together,
        assets,
        health,
        counters,
        metrics,
        logs,
        jobs,
        styleguide,
        study,
        organizers,
        board,
        reports,
        batch_work,
        poster_printing,
    ):
        part.init_app(app)
    sums.init_app(app)
    released.init_app(app)
    knowledge.init_app(app)
    rule_posters.init_app(app)
    folding.init_app(app)
    ways.init_app(app)
    express.init_app(app)
    outcomes.init_app(app)
    gauges.init_app(app)
    so_far.init_app(app)
    Compress(app)
    packing.init_app(app)
    for module in (
        home,
        calendar,
        campaigns,
        participation,
        posters,
        poster_orders,
        repointing,
        events,
        teams,
        opening,
        quizzes,
        quiz_preview,
        batch,
        desk,
        tally,
        figures,
        open_data,
        offline,
        items,
        files,
        account,
        people,
        charges,
        links,
        audit,
        bank,
        review,
        bulk,
        exchange,
    ):
        app.register_blueprint(module.bp)
    home_express.init_app(app)
    traffic.init_app(app)
    for commands in (
        backup_commands,
        question_commands,
        campaign_commands,
        organizer_commands,
        tally_commands,
        archive_commands,
        partition_commands,
        home_commands,
        doctor_commands,
    ):
        commands.init_app(app)
    return app


def create_served_app() -> Flask:
    """Return what the production server runs: its scans are kept for a moment."""
    return create_app(replace(Settings.from_env(), scan_seconds=SCAN_SECONDS))
