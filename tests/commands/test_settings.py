# test_settings.py -- every setting, its checks, and how a start without one that is needed ends.
import asyncio
import os
import re
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import Secret, ValidationError

import main
from logs import configure_logs
from settings import Settings, SettingsError, get_settings, load_settings
from storage.engines import parse_database_url
from support.servers import KEY

ROOT = Path(__file__).resolve().parents[2]
NAMES = {name.upper() for name in Settings.model_fields}
pytestmark = pytest.mark.usefixtures("nothing_from_outside")


def reading(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    settings = load_settings()
    path = settings.sqlite_path
    assert path is not None
    assert path == ROOT / "parley.db"
    defaults = settings.model_dump(exclude={"database_url"})
    assert defaults == {
        "database_pool_size": 10,
        "database_seconds": 5.0,
        "database_pooler": "none",
        "auto_migrate": False,
        "database_listen_url": None,
        "secret_key": None,
        "access_token_minutes": 15,
        "refresh_token_days": 30,
        "registration": "open",
        "oauth_clients": "any",
        "rate_limits": "on",
        "trusted_proxies": [],
        "max_connections": 5_000,
        "max_connections_per_address": 500,
        "cors_origins": [],
        "public_url": None,
        "security_contact": None,
        "log_level": "info",
        "log_format": "text",
        "metrics_port": None,
        "metrics_host": "127.0.0.1",
        "metrics_token": None,
        "model": "rules",
        "models": [],
        "model_base_url": None,
        "model_api_key": None,
        "run_lease_seconds": 15.0,
        "run_seconds": 600.0,
        "run_model_requests": 30,
        "run_tool_calls": 100,
        "run_tokens": 1_000_000,
        "run_answer_bytes": 2**20,
        "approval_minutes": 60,
        "runs_per_user": 10,
        "runs_per_worker": 1_000,
        "streams_per_session": 20,
        "streams_per_user": 60,
        "streams_per_worker": 2_000,
        "run_log_retention_days": 30,
        "event_retention_days": 7,
        "context_tokens": 32_000,
        "model_timeout_seconds": 300,
        "model_max_output_tokens": None,
        "model_parallel_tool_calls": None,
        "model_extra_headers": Secret({}),
        "model_extra_body": Secret({}),
        "model_prices": {},
        "query_databases": Secret([]),
    }


GOOD = [
    ("ACCESS_TOKEN_MINUTES", "5", 5),
    ("REFRESH_TOKEN_DAYS", "365", 365),
    ("DATABASE_POOL_SIZE", "1", 1),
    ("DATABASE_SECONDS", "0.5", 0.5),
    ("DATABASE_POOLER", "Transaction", "transaction"),
    ("AUTO_MIGRATE", "true", True),
    ("REGISTRATION", "Closed", "closed"),
    ("OAUTH_CLIENTS", "None", "none"),
    ("RATE_LIMITS", "OFF", "off"),
    ("TRUSTED_PROXIES", " 10.0.0.0/8, ::1 ,", ["10.0.0.0/8", "::1"]),
    ("TRUSTED_PROXIES", "*", ["*"]),
    ("MAX_CONNECTIONS", "10", 10),
    ("MAX_CONNECTIONS_PER_ADDRESS", "1", 1),
    ("CORS_ORIGINS", "https://a.example,https://b.example", ["https://a.example", "https://b.example"]),
    ("PUBLIC_URL", "https://parley.example.com", "https://parley.example.com"),
    ("SECURITY_CONTACT", "mailto:security@example.com", "mailto:security@example.com"),
    ("LOG_LEVEL", "WARNING", "warning"),
    ("LOG_FORMAT", "JSON", "json"),
    ("METRICS_PORT", "9464", 9464),
    ("METRICS_HOST", "0.0.0.0", "0.0.0.0"),
    ("METRICS_TOKEN", "", None),
    ("MODEL", "openai:gpt-5", "openai:gpt-5"),
    ("MODELS", "openai:a, openai:b", ["openai:a", "openai:b"]),
    ("MODEL_BASE_URL", "http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1"),
    ("MODEL_TIMEOUT_SECONDS", "900", 900),
    ("MODEL_MAX_OUTPUT_TOKENS", "2048", 2048),
    ("MODEL_MAX_OUTPUT_TOKENS", "", None),
    ("MODEL_PARALLEL_TOOL_CALLS", "false", False),
    ("MODEL_EXTRA_HEADERS", '{"X-Team": "a"}', Secret({"X-Team": "a"})),
    (
        "MODEL_EXTRA_BODY",
        '{"temperature": 0, "stream_options": null}',
        Secret({"temperature": 0, "stream_options": None}),
    ),
    ("CONTEXT_TOKENS", "500", 500),
    ("STREAMS_PER_SESSION", "1", 1),
    ("SECRET_KEY", "", None),
    ("MODEL_BASE_URL", "", None),
]


@pytest.mark.parametrize(("name", "text", "value"), GOOD)
def test_a_setting_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: Any
) -> None:
    assert getattr(reading(monkeypatch, **{name: text}), name.lower()) == value


BAD = [
    ("ACCESS_TOKEN_MINUTES", "0"),
    ("ACCESS_TOKEN_MINUTES", "1441"),
    ("ACCESS_TOKEN_MINUTES", "soon"),
    ("REFRESH_TOKEN_DAYS", "0"),
    ("REFRESH_TOKEN_DAYS", "366"),
    ("DATABASE_POOL_SIZE", "0"),
    ("DATABASE_SECONDS", "0"),
    ("DATABASE_POOLER", "session"),
    ("REGISTRATION", "sometimes"),
    ("OAUTH_CLIENTS", "some"),
    ("RATE_LIMITS", "maybe"),
    ("MAX_CONNECTIONS", "9"),
    ("MAX_CONNECTIONS_PER_ADDRESS", "0"),
    ("PUBLIC_URL", "parley.example.com"),
    ("PUBLIC_URL", "https://parley.example.com/mcp"),
    ("SECURITY_CONTACT", "security@example.com"),
    ("SECURITY_CONTACT", "mailto:a\nContact: mailto:b"),
    ("LOG_LEVEL", "loud"),
    ("LOG_FORMAT", "xml"),
    ("METRICS_PORT", "0"),
    ("METRICS_TOKEN", "too-short"),
    ("MODEL_TIMEOUT_SECONDS", "0"),
    ("MODEL_MAX_OUTPUT_TOKENS", "0"),
    ("MODEL_PARALLEL_TOOL_CALLS", "perhaps"),
    ("MODEL_EXTRA_HEADERS", '{"X-Key": "a-sec'),
    ("MODEL_EXTRA_HEADERS", "[]"),
    ("QUERY_DATABASES", "shop"),
    *((name, "temperature=0") for name in ("MODEL_EXTRA_BODY", "MODEL_PRICES")),
    ("CONTEXT_TOKENS", "499"),
    ("RUN_LEASE_SECONDS", "0"),
    ("RUN_SECONDS", "0"),
    ("RUN_MODEL_REQUESTS", "0"),
    ("RUN_TOOL_CALLS", "-1"),
    ("RUN_TOKENS", "many"),
    ("RUN_ANSWER_BYTES", "999"),
    ("RUNS_PER_WORKER", "0"),
    ("APPROVAL_MINUTES", "0"),
    ("RUNS_PER_USER", "0"),
    ("STREAMS_PER_SESSION", "0"),
    ("STREAMS_PER_USER", "0"),
    ("STREAMS_PER_WORKER", "0"),
    ("RUN_LOG_RETENTION_DAYS", "0"),
    ("EVENT_RETENTION_DAYS", "0"),
    ("EVENT_RETENTION_DAYS", "366"),
]


@pytest.mark.parametrize(("name", "text"), BAD)
def test_a_wrong_setting_is_refused_by_name_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        reading(monkeypatch, **{name: text})
    assert str(refusal.value).startswith(f"{name}: ")
    assert "\n" not in str(refusal.value)
    assert "a-sec" not in str(refusal.value)


def test_every_setting_is_read_in_these_tests() -> None:
    elsewhere = {"DATABASE_URL", "DATABASE_LISTEN_URL", "MODEL_API_KEY"}
    assert {name for name, *_ in [*GOOD, *BAD]} | elsewhere == NAMES


def test_a_dotenv_file_is_read_and_the_environment_counts_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("MODEL=ollama:one\nLOG_LEVEL=debug\nSOMEBODY_ELSES=1\n")
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    settings = reading(monkeypatch, MODEL="ollama:two")
    assert (settings.model, settings.log_level) == ("ollama:two", "debug")


def test_secrets_show_neither_in_the_settings_nor_in_what_is_wrong_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = "do-not-show-this-to-anybody-at-all"
    url = f"postgresql://ann:{secret}@db.example/parley"
    settings = reading(
        monkeypatch, SECRET_KEY=secret, MODEL_API_KEY=secret, DATABASE_URL=url, DATABASE_LISTEN_URL=url
    )
    assert (
        secret not in repr(settings) + str(settings) + str(settings.model_dump()) + settings.model_dump_json()
    )
    with pytest.raises(ValidationError) as refusal:
        Settings(_env_file=None, secret_key={"key": secret}, database_url=[secret])  # type: ignore[call-arg,arg-type]
    assert secret not in str(refusal.value)


# The key


def with_key(key: str | None, url: str = "postgresql://db.example/parley") -> Settings:
    return Settings(_env_file=None, secret_key=key, database_url=url)  # type: ignore[call-arg,arg-type]


@pytest.mark.parametrize("key", ["x" * 31, "ü" * 15 + "x", "short"])
def test_a_key_under_32_bytes_is_refused(key: str) -> None:
    with pytest.raises(SettingsError, match=r"^SECRET_KEY is shorter than 32 bytes\.$"):
        with_key(key).signing_key()


@pytest.mark.parametrize("key", ["x" * 32, "ü" * 16])
def test_a_key_of_32_bytes_is_enough(key: str) -> None:
    assert with_key(key).signing_key() == key


@pytest.mark.parametrize("url", ["postgresql://db.example/parley", "postgres://db.example/parley"])
def test_any_other_database_than_sqlite_needs_a_key(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^SECRET_KEY is not set\.") as refusal:
        with_key(None, url).signing_key()
    assert "\n" not in str(refusal.value)


def test_sqlite_mode_makes_a_key_beside_the_database_and_keeps_it(tmp_path: Path) -> None:
    database = tmp_path / "new" / "my.db"
    mask = os.umask(0)
    try:
        key = with_key(None, f"sqlite:///{database}").signing_key()
    finally:
        os.umask(mask)
    [file] = database.parent.iterdir()
    assert file == database.with_name("my.db.key")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == key
    assert len(key) >= 43  # 256 bits and more
    assert with_key(None, f"sqlite:///{database}").signing_key() == key
    assert with_key(None, f"sqlite:///{tmp_path / 'other.db'}").signing_key() != key


def test_a_key_that_is_set_counts_more_than_the_one_that_is_kept(tmp_path: Path) -> None:
    assert with_key(KEY, f"sqlite:///{tmp_path / 'my.db'}").signing_key() == KEY
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kept", ["", "short"])
def test_a_kept_key_that_was_damaged_is_refused_and_not_replaced(tmp_path: Path, kept: str) -> None:
    file = tmp_path / "my.db.key"
    file.write_text(kept)
    with pytest.raises(SettingsError, match=r"my\.db\.key is shorter than 32 bytes"):
        with_key(None, f"sqlite:///{tmp_path / 'my.db'}").signing_key()
    assert file.read_text() == kept


def test_a_kept_key_that_cannot_be_read_or_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "folder.db.key").mkdir()
    (tmp_path / "bytes.db.key").write_bytes(b"\xff" * 40)
    (tmp_path / "file").touch()
    for name, said in [
        ("folder.db", "Is a directory"),
        ("bytes.db", "is not text"),
        ("file/my.db", "File exists"),
    ]:
        with pytest.raises(SettingsError, match=said) as refusal:
            with_key(None, f"sqlite:///{tmp_path / name}").signing_key()
        assert f"{tmp_path / name}.key" in str(refusal.value)


def test_a_dotenv_file_that_is_not_text_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_bytes(b"MODEL=\xff\xfe")
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    with pytest.raises(SettingsError, match=r"^\.env cannot be read: "):
        load_settings()


def test_workers_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    for round_ in range(20):
        settings = with_key(None, f"sqlite:///{tmp_path / f'{round_}.db'}")
        with ThreadPoolExecutor(8) as pool:
            keys = set(pool.map(lambda _, settings=settings: settings.signing_key(), range(8)))
        assert len(keys) == 1
    assert len(list(tmp_path.iterdir())) == 20, "a draft was left behind"


@pytest.mark.busy
def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    program = (
        "import sys; from settings.private_files import load_or_create_key; from pathlib import Path; "
        "sys.stdin.read(1); print(load_or_create_key(Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "key")]
    pipe = subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "backend")}
    running = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, text=True) for _ in range(3)
    ]
    keys = {process.communicate("\n")[0] for process in running}
    assert len(keys) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["key"]


FORMER = [("EVENTS_DAYS", "event_retention_days"), ("RUN_EVENTS_DAYS", "run_log_retention_days")]


@pytest.mark.parametrize(("former", "name"), FORMER)
@pytest.mark.parametrize("place", ["environment", ".env"])
def test_a_setting_under_its_former_name_counts_and_is_logged_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    former: str,
    name: str,
    place: str,
) -> None:
    configure_logs("warning")
    if place == "environment":
        monkeypatch.setenv(former, "3")
    else:
        (tmp_path / ".env").write_text(f"{former}=3\n")
        monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    settings = load_settings()
    assert getattr(settings, name) == 3
    settings.log_deprecated_names()
    [line] = capsys.readouterr().err.splitlines()
    assert former in line
    assert name.upper() in line


@pytest.mark.parametrize(("former", "name"), FORMER)
def test_a_setting_s_new_name_comes_before_its_former_one(
    monkeypatch: pytest.MonkeyPatch, former: str, name: str
) -> None:
    assert getattr(reading(monkeypatch, **{former: "3", name.upper(): "4"}), name) == 4


def test_a_wrong_value_under_a_former_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="EVENT_RETENTION_DAYS"):
        reading(monkeypatch, EVENTS_DAYS="0")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite+aiosqlite://"])
def test_sqlite_without_a_file_is_refused_because_workers_would_not_share_it(url: str) -> None:
    with pytest.raises(SettingsError, match="SQLite needs a file"):
        with_key(None, url).signing_key()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///parley.db", "parley.db"),
        ("sqlite:////var/lib/parley.db", "/var/lib/parley.db"),
        ("sqlite+aiosqlite:////var/lib/parley.db", "/var/lib/parley.db"),
        ("sqlite:////var/lib/parley.db?timeout=5", "/var/lib/parley.db"),
        ("postgresql://db.example/parley", None),
        ("postgresql+asyncpg://db.example/parley", None),
    ],
)
def test_the_database_file_is_where_the_engine_opens_it(url: str, path: str | None) -> None:
    assert with_key(None, url).sqlite_path == (None if path is None else Path(path))
    if path is not None:
        assert parse_database_url(url)[0].database == path


# Starting


@pytest.mark.busy
def test_uvicorn_without_a_key_for_postgresql_ends_with_one_clear_line(tmp_path: Path) -> None:
    """As the README starts it, in a folder without `.env`."""
    program = "import sys, uvicorn; sys.argv = ['uvicorn', 'main:app', '--port', '0']; uvicorn.main()"
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    path = os.pathsep.join([str(ROOT / "backend"), os.environ.get("PYTHONPATH", "")])
    url = "postgresql://postgres@127.0.0.1:9/parley"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**kept, "PYTHONPATH": path, "DATABASE_URL": url, "SECRET_KEY": ""},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode not in (0, None)
    assert ended.stdout == ""
    [line] = ended.stderr.splitlines()
    assert line.startswith("parley: SECRET_KEY is not set. Make one with: python -c ")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"SECRET_KEY": "short"}, "parley: SECRET_KEY is shorter than 32 bytes."),
        ({"LOG_LEVEL": "loud"}, "parley: LOG_LEVEL: Input should be 'debug', 'info', 'warning' or 'error'"),
        (
            {"DATABASE_URL": "sqlite://"},
            "parley: DATABASE_URL: SQLite needs a file, for example sqlite:///parley.db",
        ),
    ],
)
def test_building_the_app_from_a_wrong_environment_ends_with_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], line: str
) -> None:
    get_settings.cache_clear()
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as end:
        main.__getattr__("app")
    assert end.value.code == line
    get_settings.cache_clear()


def startup(settings: Settings) -> dict[str, Any]:
    """What the app answers when a server asks it to start."""
    said: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        said.append(message)

    asyncio.run(main.create_app(settings)({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send))
    [answer] = said
    return dict(answer)


@pytest.mark.parametrize(
    "url",
    [
        "oracle://ann:hunter22@db.example/parley",
        "db.example hunter22",
        "postgresql://ann:hunter22@db.example:port/parley",
        "postgresql://ann:hunter22@db.example/parley?sslmodus=require",
        "postgresql://ann:hunter22@db.example/parley?sslmode=perhaps",
        "mariadb://ann:hunter22@db.example/parley?sslmodus=require",
        "sqlite:////tmp/parley.db?mode=ro",
    ],
)
def test_a_database_url_that_cannot_work_stops_the_start_with_one_clear_line(url: str) -> None:
    failure = startup(with_key(KEY, url))
    assert failure["type"] == "lifespan.startup.failed"
    assert re.fullmatch(r"parley: DATABASE_URL\b.{10,150}", failure["message"])
    assert "hunter22" not in failure["message"]


def test_every_setting_says_in_the_code_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
