"""Settings: read once from the environment; a bad one stops the start with one clear line."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from app import create_app
from core.config import ConfigError, Settings
from tests.conftest import ROOT, SECRET_KEY, free_port

GIVEN = {"SECRET_KEY": SECRET_KEY}
PRINT_KEY = "from core.config import Settings; print(Settings.from_env().secret_key)"


def flask(*arguments: str, root: Path = ROOT, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the app as an operator would, with these settings only."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *arguments],
        cwd=root,
        env=inherited | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_one_line_about(setting: str, run: subprocess.CompletedProcess[str]) -> None:
    """Check what the operator sees: exit code, no traceback, one line that names the setting."""
    assert run.returncode != 0
    assert "Traceback" not in run.stderr
    assert run.stdout == ""
    lines = [line for line in run.stderr.splitlines() if line]
    assert len(lines) == 1, run.stderr
    assert setting in lines[0]


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    """Return a fresh checkout with settings only and no `instance/` yet."""
    shutil.copytree(ROOT / "core", tmp_path / "core", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a fresh checkout of all that runs, whose `instance/` is its own."""
    root = tmp_path_factory.mktemp("checkout")
    for part in ("core", "outreach", "question_bank", "templates", "static", "migrations"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", root)
    return root


def first_run(installation: Path) -> subprocess.Popen[str]:
    """Start a process that asks for the key without any setting."""
    return subprocess.Popen(
        [sys.executable, "-c", PRINT_KEY],
        cwd=installation,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_an_empty_environment_means_the_documented_defaults() -> None:
    settings = Settings.from_env(GIVEN)

    assert settings.database_url == f"sqlite:///{ROOT / 'instance' / 'outreach.sqlite'}"
    assert settings.public_url == "http://localhost:5000"
    assert settings.trusted_proxies == 0
    assert settings.host == "127.0.0.1"
    assert settings.port == 5000
    assert settings.workers == (os.cpu_count() or 1)
    assert settings.threads >= 1
    assert settings.valkey_url is None
    assert settings.campaign_timezone == "Asia/Shanghai"


def test_every_setting_is_taken_from_the_environment() -> None:
    settings = Settings.from_env(
        GIVEN
        | {
            "DATABASE_URL": "postgresql://quality:secret@db/main",
            "PUBLIC_URL": "https://zl.example.cn/",
            "TRUSTED_PROXIES": "2",
            "HOST": "0.0.0.0",  # noqa: S104 -- a value to read, nothing is bound
            "PORT": "8080",
            "WORKERS": "3",
            "THREADS": "5",
            "VALKEY_URL": "redis://127.0.0.1:6379/0",
            "CAMPAIGN_TIMEZONE": "Asia/Urumqi",
            "METRICS_TOKEN": "a token for the figures",
            "LOG_REQUESTS": "1",
        }
    )

    assert settings.secret_key == SECRET_KEY
    assert settings.secret_key_is_given
    assert settings.database_url == "postgresql+psycopg://quality:secret@db/main"
    assert settings.public_url == "https://zl.example.cn"
    assert settings.trusted_proxies == 2
    assert settings.host == "0.0.0.0"  # noqa: S104
    assert settings.port == 8080
    assert settings.workers == 3
    assert settings.threads == 5
    assert settings.valkey_url == "redis://127.0.0.1:6379/0"
    assert settings.campaign_timezone == "Asia/Urumqi"
    assert settings.metrics_token == "a token for the figures"
    assert settings.logs_requests


@pytest.mark.parametrize(
    "name",
    [
        "DATABASE_URL",
        "PUBLIC_URL",
        "TRUSTED_PROXIES",
        "HOST",
        "PORT",
        "WORKERS",
        "THREADS",
        "VALKEY_URL",
        "CAMPAIGN_TIMEZONE",
        "METRICS_TOKEN",
        "LOG_REQUESTS",
    ],
)
def test_an_empty_value_is_as_good_as_none(name: str) -> None:
    assert Settings.from_env(GIVEN | {name: ""}) == Settings.from_env(GIVEN)


def test_the_public_address_follows_the_port_unless_it_is_given() -> None:
    settings = Settings.from_env(GIVEN | {"PORT": "8080"})

    assert settings.public_url == "http://localhost:8080"


def test_the_old_name_of_postgresql_is_understood() -> None:
    settings = Settings.from_env(GIVEN | {"DATABASE_URL": "postgres://quality:secret@db/main"})

    assert settings.database_url == "postgresql+psycopg://quality:secret@db/main"


@pytest.mark.parametrize(
    ("url", "ports", "rest"),
    [
        (
            "postgresql://quality:a,b@db1:5432,db2:5433/main?target_session_attrs=read-write",
            "5432,5433",
            {"target_session_attrs": "read-write"},
        ),
        ("postgresql+psycopg://quality:a,b@db1,db2/main", ",", {}),
    ],
)
def test_several_hosts_are_understood_as_postgresqls_own_tools_write_them(
    url: str, ports: str, rest: dict[str, str]
) -> None:
    settings = Settings.from_env(GIVEN | {"DATABASE_URL": url})

    parts = sa.make_url(settings.database_url)
    _arguments, asked = parts.get_dialect()().create_connect_args(parts)
    assert (asked["host"], asked["port"]) == ("db1,db2", ports)
    assert (asked["user"], asked["password"], asked["dbname"]) == ("quality", "a,b", "main")
    assert {name: asked[name] for name in rest} == rest


@pytest.mark.parametrize(
    "public_url", ["https://zl.example.cn", "HTTPS://zl.example.cn", "https://zl.example.cn:8443"]
)
def test_an_https_address_is_secure_however_it_is_written(public_url: str) -> None:
    assert Settings.from_env(GIVEN | {"PUBLIC_URL": public_url}).is_secure


def test_the_public_address_is_printed_in_small_letters_but_for_its_path() -> None:
    settings = Settings.from_env(GIVEN | {"PUBLIC_URL": "HTTP://ZL.Example.cn:8080/Month/"})

    assert settings.public_url == "http://zl.example.cn:8080/Month"


def test_an_http_address_is_not_secure() -> None:
    assert not Settings.from_env(GIVEN | {"PUBLIC_URL": "http://192.168.1.5:5000"}).is_secure


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "k" * 31),
        ("SECRET_KEY", "密" * 8),
        ("DATABASE_URL", "rubbish"),
        ("DATABASE_URL", "mysql://quality:secret@db/main"),
        ("DATABASE_URL", "sqlite:/relative"),
        ("DATABASE_URL", "postgresql://db:port/main"),
        ("DATABASE_URL", "postgresql+psycopg2://quality:secret@db/main"),
        ("DATABASE_URL", "postgresql+asyncpg://quality:secret@db/main"),
        ("DATABASE_URL", "sqlite+aiosqlite:////tmp/outreach.sqlite"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("PUBLIC_URL", "zl.example.cn"),
        ("PUBLIC_URL", "ftp://zl.example.cn"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https://zl.example.cn/?from=poster"),
        ("PUBLIC_URL", "https://zl.example.cn/#top"),
        ("PUBLIC_URL", "https://zl.example.cn:port"),
        ("PUBLIC_URL", "https://zl.example.cn:99999"),
        ("PUBLIC_URL", "https://zl.example.cn:0"),
        ("PUBLIC_URL", "https://chen:hunter2@zl.example.cn"),
        ("PUBLIC_URL", "https://zl example.cn"),
        ("PUBLIC_URL", "https://[::1"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "yes"),
        ("TRUSTED_PROXIES", "9"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PORT", "5000.0"),
        ("PORT", " 5000"),
        ("PORT", "٥٠٠٠"),
        ("WORKERS", "0"),
        ("WORKERS", "257"),
        ("WORKERS", "many"),
        ("THREADS", "0"),
        ("THREADS", "-4"),
        ("VALKEY_URL", "nonsense"),
        ("VALKEY_URL", "http://127.0.0.1:6379"),
        ("CAMPAIGN_TIMEZONE", "Mars/Phobos"),
        ("CAMPAIGN_TIMEZONE", "Asia"),
        ("CAMPAIGN_TIMEZONE", "../../etc/passwd"),
        ("CAMPAIGN_TIMEZONE", "+08:00"),
    ],
)
def test_a_bad_value_is_refused_in_one_line_that_names_the_setting(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as refused:
        create_app(Settings.from_env(GIVEN | {name: value}))

    assert name in refused.value.message
    assert "\n" not in refused.value.message


def test_a_folder_that_cannot_be_made_is_a_fault_of_the_database_url(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError) as refused:
        create_app(
            Settings.from_env(
                GIVEN | {"DATABASE_URL": f"sqlite:///{tmp_path / 'file' / 'x' / 'outreach.sqlite'}"}
            )
        )

    assert "DATABASE_URL" in refused.value.message


def test_a_fault_of_the_database_url_does_not_print_its_password() -> None:
    with pytest.raises(ConfigError) as refused:
        Settings.from_env(GIVEN | {"DATABASE_URL": "mysql://quality:hunter2@db/main"})

    assert "hunter2" not in refused.value.message


def test_printing_the_settings_shows_no_secret() -> None:
    settings = Settings.from_env(GIVEN | {"DATABASE_URL": "postgresql://quality:hunter2@db/main"})

    assert SECRET_KEY not in repr(settings)
    assert "hunter2" not in repr(settings)


def test_a_given_secret_key_leaves_no_trace_on_disk(installation: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", PRINT_KEY],
        cwd=installation,
        env={"PATH": os.environ["PATH"]} | GIVEN,
        capture_output=True,
        text=True,
        check=True,
    )

    assert run.stdout.strip() == SECRET_KEY
    assert not (installation / "instance").exists()


def test_a_missing_secret_key_is_made_once_and_kept_for_its_owner_alone(installation: Path) -> None:
    first, _ = first_run(installation).communicate(timeout=60)
    second, _ = first_run(installation).communicate(timeout=60)

    kept = installation / "instance" / "secret_key"
    assert len(first.strip()) >= 32
    assert first == second
    assert kept.read_text() == first.strip()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_processes_that_start_at_once_agree_on_the_secret_key(installation: Path) -> None:
    started = [first_run(installation) for _ in range(4)]

    answers = [process.communicate(timeout=60) for process in started]

    assert len({out for out, _err in answers}) == 1, answers
    assert [path.name for path in (installation / "instance").iterdir()] == ["secret_key"]


@pytest.mark.parametrize(
    "content", [b"", b"short\n", b"\xff\xfe" * 40], ids=["empty", "short", "binary"]
)
def test_a_kept_secret_key_that_was_damaged_is_a_clear_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr("core.config.ROOT", tmp_path)
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance" / "secret_key").write_bytes(content)

    with pytest.raises(ConfigError, match=r"SECRET_KEY|secret_key"):
        Settings.from_env({})


def test_a_kept_secret_key_that_cannot_be_read_is_a_clear_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.config.ROOT", tmp_path)
    (tmp_path / "instance" / "secret_key").mkdir(parents=True)

    with pytest.raises(ConfigError, match=r"SECRET_KEY|secret_key"):
        Settings.from_env({})


def test_a_secret_key_that_cannot_be_kept_is_a_clear_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.config.ROOT", tmp_path)
    (tmp_path / "instance").touch()

    with pytest.raises(ConfigError, match="SECRET_KEY"):
        Settings.from_env({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("DATABASE_URL", "rubbish"),
        ("VALKEY_URL", "nonsense"),
    ],
)
def test_a_bad_setting_stops_every_command_with_one_line(
    tmp_path: Path, name: str, value: str
) -> None:
    usual = GIVEN | {"DATABASE_URL": f"sqlite:///{tmp_path / 'outreach.sqlite'}"}

    run = flask("run", "--port", str(free_port()), **(usual | {name: value}))

    assert_one_line_about(name, run)


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_database_that_cannot_be_reached_stops_the_start_with_one_line(
    tmp_path: Path, command: str
) -> None:
    nobody = f"postgresql://nobody:hunter2@127.0.0.1:{free_port()}/none"

    run = flask(command, DATABASE_URL=nobody, PORT=str(free_port()), **GIVEN)

    assert_one_line_about("DATABASE_URL", run)
    assert "hunter2" not in run.stderr


def test_a_database_file_that_cannot_be_opened_stops_the_start_with_one_line(
    tmp_path: Path,
) -> None:
    folder = f"sqlite:///{tmp_path}"

    run = flask("serve", DATABASE_URL=folder, PORT=str(free_port()), **GIVEN)

    assert_one_line_about("DATABASE_URL", run)


def test_the_production_server_insists_on_a_given_secret_key(checkout: Path) -> None:
    run = flask("serve", root=checkout, PORT=str(free_port()))

    assert_one_line_about("SECRET_KEY", run)
