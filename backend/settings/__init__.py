# settings/ -- the only reader of the environment: every setting, its default and its checks.
import os
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import structlog
from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    Secret,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from structlog.typing import FilteringBoundLogger

from settings.former_names import DEPRECATED_NAMES, DeprecatedNamesSource
from settings.private_files import load_or_create_key
from settings.query_databases import SecretDatabases, refuse_repeated
from settings.types import ModelPrice, PlainJson, SecretJson, split_list

log: FilteringBoundLogger = structlog.get_logger()

ROOT = Path(__file__).resolve().parents[2]
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
MIN_KEY_BYTES = 32
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# The model that answers where none is configured: no network, no key.
OFFLINE_MODEL = "rules"


class SettingsError(Exception):
    """The settings cannot work; the message is one line for the operator."""


class Settings(BaseSettings):
    """Read from the environment, then from `.env` in the project's root."""

    model_config = SettingsConfigDict(
        env_file=ROOT / ".env", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    database_url: SecretStr = Field(
        SecretStr(f"sqlite:///{ROOT / 'parley.db'}"),
        description="Where everything is stored: `sqlite:///`, `postgresql://` or `mariadb://`. URLs work as "
        "providers hand them out.",
    )
    database_pool_size: int = Field(
        10,
        ge=1,
        le=200,
        description="Connections that each worker keeps to PostgreSQL or MariaDB, beside one for notifications "
        "and one for long work.",
    )
    database_seconds: float = Field(
        5,
        ge=0.1,
        le=300,
        description="How long one statement of a request may take, and the wait for a connection; then the answer is "
        "503. Migrations, cleaning and the deletion of users take as long as they take.",
    )
    database_pooler: Literal["none", "transaction"] = Field(
        "none",
        description="`transaction`: DATABASE_URL leads through a pooler in transaction mode, such as PgBouncer. "
        "`pgbouncer=true` or `statement_cache_size=0` in the URL say the same.",
    )
    auto_migrate: bool = Field(
        False,
        description="At startup, upgrade a database that is older than the code instead of refusing it.",
    )
    database_listen_url: SecretStr | None = Field(
        None,
        description="A direct way to the same PostgreSQL, where DATABASE_URL leads through a pooler in "
        "transaction mode: workers wake each other over it.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Signs access tokens, at least 32 bytes. SQLite mode creates one and keeps it beside "
        "the database; any other database needs it set.",
    )
    access_token_minutes: int = Field(15, ge=1, le=1440, description="How long an access token lasts.")
    refresh_token_days: int = Field(
        30, ge=1, le=365, description="How long a sign-in lasts when it is not used."
    )
    registration: Literal["open", "closed"] = Field(
        "open", description="`closed`: only the operator makes users, with `parley user create`."
    )
    oauth_clients: Literal["any", "documents", "none"] = Field(
        "any",
        description="Which apps may ask people to let them in by OAuth: `documents`, those that describe themselves at "
        "an https address, which this server fetches; `any`, also those that register; `none`: API tokens only.",
    )
    rate_limits: Literal["on", "off"] = Field("on", description="`off` only for load tests.")
    trusted_proxies: Annotated[list[str], NoDecode] = Field(
        [],
        description="Addresses or networks, separated by commas, whose X-Forwarded-For and "
        "X-Forwarded-Proto headers count; `*` trusts every sender.",
    )
    max_connections: int = Field(
        5_000,
        ge=10,
        le=1_000_000,
        description="Connections that each worker keeps open at most; fewer where the system allows it fewer files.",
    )
    max_connections_per_address: int = Field(
        500,
        ge=1,
        le=1_000_000,
        description="Connections that each worker keeps open to one address at most, or to one /64 of IPv6; "
        "TRUSTED_PROXIES have no such limit.",
    )
    cors_origins: Annotated[list[str], NoDecode] = Field(
        [],
        description="Origins of web pages, separated by commas, that may call the API; `*` allows every page.",
    )
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#\s@]+$",
        description="Where people reach this server, for example https://parley.example.com. MCP clients are let in "
        "by this name and by those of this machine alone. With https, browsers are told to come by https only.",
    )
    security_contact: str | None = Field(
        None,
        pattern=r"^(mailto:|https://|tel:)[!-~]+$",
        max_length=500,
        description="Whom to tell of a weakness of this server: an address that begins with mailto: or https:. "
        "It stands in /.well-known/security.txt.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged.")
    log_format: Literal["text", "json"] = Field(
        "text", description="`json`: a line of the log is a JSON object, uvicorn's own lines too."
    )
    metrics_port: int | None = Field(
        None,
        ge=1,
        le=65_535,
        description="Prometheus metrics on a port of their own, which only whoever monitors should reach.",
    )
    metrics_host: str = Field("127.0.0.1", description="The address of that port.")
    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="Prometheus metrics at /metrics, for whoever sends this as a bearer token; at least 16 characters.",
    )
    model: str = Field(
        OFFLINE_MODEL,
        description="Who answers: `rules` (the offline model), `openai:NAME`, `anthropic:NAME`, `google:NAME`, "
        "`ollama:NAME`, or any NAME that MODEL_BASE_URL knows.",
    )
    models: Annotated[list[str], NoDecode] = Field(
        [],
        description="More models that hosted agents may choose, separated by commas: each as MODEL could be, of the "
        "same provider.",
    )
    model_base_url: str | None = Field(None, description="An OpenAI-compatible endpoint; it keeps its query.")
    model_api_key: SecretStr | None = Field(None, description="The key for the model's provider.")
    model_timeout_seconds: float = Field(300, ge=1, le=86_400, description="The longest silence of a model.")
    model_max_output_tokens: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="Tokens of one answer at most; unset: what the provider allows.",
    )
    model_parallel_tool_calls: bool | None = Field(
        None, description="Unset: as the provider does by default."
    )
    model_extra_headers: SecretJson[str] = Field(Secret({}), description="HTTP headers of each request.")
    model_extra_body: SecretJson[Any] = Field(Secret({}), description="Fields of each request to the model.")
    model_prices: PlainJson[ModelPrice] = Field(
        {},
        description="What a million tokens cost, read and written, by the name of the model as MODEL has it.",
    )
    query_databases: SecretDatabases = Field(
        Secret([]),
        description="Databases that hosted agents may query, each with a role that only reads and the accounts whose "
        "agents may use it: a JSON list, or the path of a file that holds it.",
    )
    run_lease_seconds: float = Field(
        15,
        ge=0.5,
        le=300,
        description="Seconds after which another worker takes a run over whose lease is not renewed.",
    )
    run_seconds: float = Field(600, ge=1, le=86_400, description="How long a run may take at most.")
    run_model_requests: int = Field(30, ge=1, le=1_000, description="Requests to the model per run at most.")
    run_tool_calls: int = Field(100, ge=1, le=10_000, description="Tool calls per run at most.")
    run_tokens: int = Field(
        1_000_000, ge=1_000, le=1_000_000_000, description="Tokens read and written per run at most."
    )
    run_answer_bytes: int = Field(
        2**20,
        ge=1_000,
        le=16 * 2**20,
        description="Text that one run may write at most, in bytes of UTF-8.",
    )
    approval_minutes: int = Field(
        60,
        ge=1,
        le=10_080,
        description="How long a tool call waits for its approval; then it counts as denied.",
    )
    runs_per_user: int = Field(
        10, ge=1, le=1_000, description="Runs that one user may have at work or waiting."
    )
    runs_per_worker: int = Field(
        1_000,
        ge=1,
        le=10_000,
        description="Runs that one worker works on at the same time. The fewer are free, the fewer one user may take.",
    )
    streams_per_session: int = Field(
        20,
        ge=1,
        le=10_000,
        description="Streams and waiting requests that one session or API token may have open on a worker.",
    )
    streams_per_user: int = Field(
        60, ge=1, le=10_000, description="The same of one user, all sessions together."
    )
    streams_per_worker: int = Field(2_000, ge=1, le=100_000, description="The same of all users.")
    run_log_retention_days: int = Field(
        30,
        ge=1,
        le=3_650,
        description="Days that the details of an ended run's log are kept; its messages stay.",
    )
    event_retention_days: int = Field(
        7,
        ge=1,
        le=365,
        description="Days that events are kept for user streams that resume; a later reader starts anew with `reset`.",
    )
    context_tokens: int = Field(
        32_000,
        ge=500,
        le=2_000_000,
        description="How much history a model reads, in tokens (about 4 characters each).",
    )

    _deprecated_names: list[str] = PrivateAttr(default_factory=list)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        former = DeprecatedNamesSource(env_settings, dotenv_settings)
        return init_settings, env_settings, dotenv_settings, former

    # Any: nothing has been validated yet.
    @model_validator(mode="wrap")
    @classmethod
    def note_deprecated_names(cls, values: dict[str, Any], handler: ModelWrapValidatorHandler[Self]) -> Self:
        found = values.pop("_deprecated_names", [])
        settings = handler(values)
        settings._deprecated_names = found
        return settings

    @field_validator("trusted_proxies", "cors_origins", "models", mode="before")
    @classmethod
    def split_lists(cls, value: object) -> object:
        return split_list(value)

    @field_validator(
        *("log_level", "log_format", "registration", "oauth_clients", "rate_limits", "database_pooler"),
        mode="before",
    )
    @classmethod
    def lower_choices(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    _refuse_repeated = field_validator("query_databases")(refuse_repeated)

    @model_validator(mode="after")
    def add_pooler_to_url(self) -> Self:
        """Written into the URL, because every place that opens a connection gets the URL."""
        url = self.database_url.get_secret_value()
        if self.database_pooler == "transaction" and url.startswith("postgres"):
            self.database_url = SecretStr(f"{url}{'&' if '?' in url else '?'}pgbouncer=true")
        return self

    def log_deprecated_names(self) -> None:
        for former in self._deprecated_names:
            new = DEPRECATED_NAMES[former].upper()
            log.warning(
                "a setting has a new name; the former one goes on working", name=former.upper(), new_name=new
            )

    @property
    def has_metrics(self) -> bool:
        return self.metrics_port is not None or self.metrics_token is not None

    @property
    def has_query_databases(self) -> bool:
        return bool(self.query_databases.get_secret_value())

    @property
    def is_public_by_https(self) -> bool:
        return (self.public_url or "").startswith("https://")

    @property
    def sqlite_path(self) -> Path | None:
        """The database file in SQLite mode, else None."""
        scheme, _, rest = self.database_url.get_secret_value().partition("://")
        if scheme.partition("+")[0] != "sqlite":
            return None
        path = rest.removeprefix("/").partition("?")[0]
        if path in ("", ":memory:"):
            raise SettingsError("DATABASE_URL: SQLite needs a file, for example sqlite:///parley.db")
        return Path(path)

    @property
    def offered_models(self) -> list[str]:
        """The models that hosted agents may choose, the operator's own first."""
        return list(dict.fromkeys([self.model, *self.models]))

    def signing_key(self) -> str:
        """The key that signs access tokens; created on first use in SQLite mode.

        Raises SettingsError where there is none or where it is shorter than 32 bytes.
        """
        if self.secret_key is not None:
            return check_key(self.secret_key.get_secret_value(), "SECRET_KEY")
        if self.sqlite_path is None:
            raise SettingsError(
                "SECRET_KEY is not set. Make one with: "
                'python -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
        path = self.sqlite_path.with_name(self.sqlite_path.name + ".key")
        try:
            return check_key(load_or_create_key(path), str(path))
        except OSError as error:
            raise SettingsError(f"the key beside the database, {path}: {error.strerror or error}.") from error
        except UnicodeDecodeError as error:
            raise SettingsError(f"the key beside the database, {path}, is not text.") from error


def copy_environment() -> dict[str, str]:
    """That of this process for a program that it starts, without our settings: some are secrets."""
    ours = {*Settings.model_fields, *DEPRECATED_NAMES}
    return {name: value for name, value in os.environ.items() if name.lower() not in ours}


def find_metrics_folder() -> Path | None:
    """Where an operator wants several processes to share their metrics; prometheus_client has named the variable."""
    name = os.environ.get(METRICS_FOLDER)
    return Path(name) if name else None


def name_metrics_folder(folder: Path) -> None:
    """prometheus_client reads it when it is imported, and when it opens its files."""
    os.environ[METRICS_FOLDER] = str(folder)


def check_key(key: str, where: str) -> str:
    if len(key.encode()) < MIN_KEY_BYTES:
        raise SettingsError(f"{where} is shorter than {MIN_KEY_BYTES} bytes.")
    return key


def load_settings() -> Settings:
    """The settings, or SettingsError with one line for each that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        raise SettingsError("; ".join(lines)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f".env cannot be read: {error}.") from None


@lru_cache
def get_settings() -> Settings:
    return load_settings()
