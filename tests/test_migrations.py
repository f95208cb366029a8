"""Migrations: up from nothing, down to nothing and up again, also over rows; no drift."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from tests.builders import a_poster, an_event
from tests.conftest import ROOT
from tests.phone import Phone

FOLDER = ROOT / "migrations"
# A change that SQLite can only make by building the table anew, while others point at its rows.
REBUILDING = '''
"""Rebuild a table that others point at."""

import sqlalchemy as sa
from alembic import op

revision = "rebuilding"
down_revision = "{head}"


def upgrade() -> None:
    with op.batch_alter_table("body") as batch_op:
        batch_op.add_column(sa.Column("remark", sa.String(10), nullable=True))
        batch_op.alter_column("remark", type_=sa.Text(), existing_type=sa.String(10))


def downgrade() -> None:
    with op.batch_alter_table("body") as batch_op:
        batch_op.drop_column("remark")
'''
# A change that forgets rows which others point at.
LOSING = '''
"""Empty a table that others point at."""

import sqlalchemy as sa
from alembic import op

revision = "losing"
down_revision = "{head}"


def upgrade() -> None:
    op.execute("DELETE FROM body")


def downgrade() -> None:
    pass
'''
FAILING = '''
"""Fail in the middle."""

import sqlalchemy as sa
from alembic import op

revision = "failing"
down_revision = "{head}"


def upgrade() -> None:
    op.create_table("half", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("INSERT INTO no_such_table VALUES (1)")


def downgrade() -> None:
    op.drop_table("half")
'''


def head() -> str:
    """Return the newest revision."""
    found = ScriptDirectory(str(FOLDER)).get_current_head()
    assert found
    return found


def revisions() -> list[str]:
    """List the revisions, the newest first."""
    return [script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()]


def inspected() -> sa.Inspector:
    """Look at the schema as it is now."""
    return sa.inspect(db.engine)


def described() -> dict[str, Any]:
    """Describe each table in a way that two databases of one kind can be compared by."""
    seen = inspected()
    return {
        name: {
            "columns": {
                c["name"]: (str(c["type"]), c["nullable"], c.get("default") is not None)
                for c in seen.get_columns(name)
            },
            "primary key": seen.get_pk_constraint(name)["constrained_columns"],
            "foreign keys": sorted(
                (
                    f["constrained_columns"],
                    f["referred_table"],
                    f["referred_columns"],
                    sorted(f["options"].items()),
                )
                for f in seen.get_foreign_keys(name)
            ),
            "unique": sorted(u["column_names"] for u in seen.get_unique_constraints(name)),
            "checks": sorted(
                (str(c["name"]), c["sqltext"]) for c in seen.get_check_constraints(name)
            ),
            "indexes": sorted(
                (str(i["name"]), i["column_names"], bool(i["unique"]))
                for i in seen.get_indexes(name)
            ),
        }
        for name in seen.get_table_names()
        if name != "alembic_version"
    }


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables."""
    with db.engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.execute(sa.select(table))), key=repr)
            for name, table in db.metadata.tables.items()
        }


@pytest.fixture
def empty_ctx(empty_database_url: str, make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """Enter an app over a database without tables."""
    app = make_app(empty_database_url)
    with app.app_context():
        yield app
        db.session.rollback()


@pytest.fixture
def filled(
    app: Flask,
    save: Callable[..., Any],
    phone: Callable[..., Phone],
    add_organizer: Callable[..., int],
) -> Iterator[Flask]:
    """Enter an app over a database with rows of every kind: an attempt and all that it rests on."""
    organizer_id = add_organizer()
    poster = save(a_poster(an_event(created_by=organizer_id)))
    phone().take(poster.code)
    with app.app_context():
        yield app
        db.session.rollback()


@pytest.fixture
def with_revision(tmp_path: Path) -> Callable[[str], str]:
    """Copy the migrations and add one more after the newest."""

    def add(text: str) -> str:
        folder = tmp_path / "migrations"
        shutil.copytree(FOLDER, folder)
        (folder / "versions" / "more.py").write_text(text.format(head=head()))
        return str(folder)

    return add


def test_up_from_nothing_makes_what_the_models_say(empty_ctx: Flask) -> None:
    flask_migrate.upgrade()

    assert set(inspected().get_table_names()) == {*db.metadata.tables, "alembic_version"}


def test_the_models_and_the_migrations_agree(empty_ctx: Flask) -> None:
    flask_migrate.upgrade()

    flask_migrate.check()  # stops the process if a migration were missing


def test_migrations_make_the_same_tables_as_the_models(
    empty_database_url: str, make_app: Callable[..., Flask]
) -> None:
    with make_app(empty_database_url).app_context():
        flask_migrate.upgrade()
        migrated = described()
        flask_migrate.downgrade(revision="base")

        db.create_all()

        assert described() == migrated


def test_down_to_nothing_leaves_nothing(empty_ctx: Flask) -> None:
    flask_migrate.upgrade()

    flask_migrate.downgrade(revision="base")

    assert set(inspected().get_table_names()) <= {"alembic_version"}


def test_down_and_up_again_over_rows_makes_the_same_tables(filled: Flask) -> None:
    before = described()

    flask_migrate.downgrade(revision="base")
    flask_migrate.upgrade()

    assert described() == before
    assert all(rows == [] for name, rows in everything().items() if not name.endswith("_state"))


def test_each_step_goes_down_and_up_over_rows(filled: Flask) -> None:
    for revision in revisions():
        tables = described()
        flask_migrate.downgrade(revision="-1")
        flask_migrate.upgrade(revision=revision)
        assert described() == tables, revision
        flask_migrate.downgrade(revision="-1")

    assert set(inspected().get_table_names()) <= {"alembic_version"}


def test_up_twice_is_up_once(filled: Flask) -> None:
    before = everything()

    flask_migrate.upgrade()

    assert everything() == before
    assert before["attempt"]


def test_there_is_one_line_of_migrations() -> None:
    scripts = ScriptDirectory(str(FOLDER))

    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
    assert len(revisions()) == len(list((FOLDER / "versions").glob("*.py")))


def test_a_later_migration_can_rebuild_a_table_that_others_point_at(
    filled: Flask, with_revision: Callable[[str], str]
) -> None:
    before, tables = everything(), described()
    folder = with_revision(REBUILDING)

    flask_migrate.upgrade(directory=folder)
    rebuilt = everything()
    flask_migrate.downgrade(directory=folder, revision="-1")

    assert rebuilt == before
    assert everything() == before
    assert described() == tables


def test_foreign_keys_are_kept_after_a_migration(
    filled: Flask, with_revision: Callable[[str], str]
) -> None:
    flask_migrate.upgrade(directory=with_revision(REBUILDING))

    db.session.add(an_event(region_code="999999"))

    with pytest.raises(sa.exc.IntegrityError):
        db.session.flush()


def test_a_migration_that_breaks_a_reference_is_undone(
    filled: Flask, with_revision: Callable[[str], str]
) -> None:
    before = everything()
    folder = with_revision(LOSING)

    with pytest.raises(Exception, match=r"event.*body|body.*event"):
        flask_migrate.upgrade(directory=folder)

    assert everything() == before


def test_a_migration_that_fails_leaves_nothing_behind(
    filled: Flask, with_revision: Callable[[str], str]
) -> None:
    before, tables = everything(), described()
    folder = with_revision(FAILING)

    with pytest.raises(sa.exc.DBAPIError):
        flask_migrate.upgrade(directory=folder)

    assert described() == tables
    assert everything() == before


def test_the_path_works_after_down_and_up_again(
    app: Flask,
    client: FlaskClient,
) -> None:
    with app.app_context():
        flask_migrate.downgrade(revision="base")
        flask_migrate.upgrade()

    statuses = [client.get(path).status_code for path in ("/", "/learn", "/organize/sign-in")]

    assert statuses == [200, 200, 200]


@pytest.mark.parametrize(
    "path", sorted((FOLDER / "versions").glob("*.py")), ids=lambda path: path.stem
)
def test_a_migration_knows_its_way_back(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert "def upgrade()" in text
    assert "def downgrade()" in text
    assert "NotImplementedError" not in text
