# settings/query_databases.py -- QUERY_DATABASES: what agents may query, as JSON or as the path of a file that holds it.
from pathlib import Path
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Secret, SecretStr, StringConstraints
from pydantic_settings import NoDecode

from settings.private_files import keep_private
from settings.types import read_json

MAX_DATABASES = 50
MAX_FILE_BYTES = 2**20

DatabaseName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class QueryDatabase(BaseModel):
    """A database of the operator's, with a role that only reads. Agents of these accounts may query it.

    `tables`: no more than these, as the role sees them; None: all that it may read. `seconds`: of one query.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: DatabaseName
    url: SecretStr
    accounts: list[UUID] = Field(max_length=1_000)
    description: str | None = Field(None, max_length=1_000)
    tables: list[str] | None = Field(None, max_length=1_000)
    seconds: float = Field(10, ge=0.1, le=60)


def read_list(value: object) -> object:
    """A text as a list: JSON, or the path of a file with it. No error says what stands there: it holds passwords."""
    if not isinstance(value, str) or value.lstrip().startswith(("[", "{")):
        return read_json(value)
    path = Path(value.strip())
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ValueError(
            f"is neither a JSON list nor a file that can be read: {error.strerror or 'no file'}"
        ) from None
    keep_private(path)  # not before: what is no path may be a secret, and would be logged
    if len(text) > MAX_FILE_BYTES:
        raise ValueError(f"is a file of more than {MAX_FILE_BYTES:,} bytes")
    try:
        return read_json(text.decode())
    except UnicodeDecodeError:
        raise ValueError("is a file that is not text in UTF-8") from None


def refuse_repeated(databases: Secret[list[QueryDatabase]]) -> Secret[list[QueryDatabase]]:
    names = [database.name for database in databases.get_secret_value()]
    if len(set(names)) != len(names):
        raise ValueError("must not name a database twice")
    return databases


SecretDatabases = Annotated[
    Secret[Annotated[list[QueryDatabase], Field(max_length=MAX_DATABASES)]],
    NoDecode,
    BeforeValidator(read_list),
]
