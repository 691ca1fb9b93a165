# test_query_databases.py -- QUERY_DATABASES: a list, or a file that holds it; whatever is wrong, no error shows a URL.
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from settings import SettingsError, load_settings
from settings.query_databases import QueryDatabase

pytestmark = pytest.mark.usefixtures("nothing_from_outside")
SECRET = "do-not-show-this-to-anybody-at-all"
ACCOUNT = "7b0d5b7e-4c1f-4f0a-9a5d-2f4f5a1d9c11"
SHOP = {"name": "shop", "url": f"postgresql://reader:{SECRET}@db.example/shop", "accounts": [ACCOUNT]}


def read(monkeypatch: pytest.MonkeyPatch, value: str) -> list[QueryDatabase]:
    monkeypatch.setenv("QUERY_DATABASES", value)
    settings = load_settings()
    assert SECRET not in repr(settings) + str(settings.model_dump()) + settings.model_dump_json()
    return settings.query_databases.get_secret_value()


def test_a_list_is_read_from_the_environment_or_from_a_file_that_is_then_private(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "databases.json"
    file.write_text(json.dumps([SHOP]))
    file.chmod(0o644)
    [shop] = read(monkeypatch, json.dumps([SHOP]))
    assert read(monkeypatch, str(file)) == [shop]
    assert file.stat().st_mode & 0o777 == 0o600
    assert (shop.name, shop.accounts, shop.tables, shop.seconds) == ("shop", [UUID(ACCOUNT)], None, 10)
    assert shop.url.get_secret_value() == SHOP["url"]
    assert read(monkeypatch, "[]") == []


WRONG: list[tuple[Any, str]] = [
    ({**SHOP, "name": "Shop of ours"}, "QUERY_DATABASES.0.NAME: "),
    ({**SHOP, "accounts": ["everybody"]}, "QUERY_DATABASES.0.ACCOUNTS.0: "),
    ({**SHOP, "seconds": 61}, "QUERY_DATABASES.0.SECONDS: "),
    ({**SHOP, "password": SECRET}, "QUERY_DATABASES.0.PASSWORD: "),
    ({"name": "shop", "accounts": []}, "QUERY_DATABASES.0.URL: Field required"),
    ({**SHOP, "url": [SECRET]}, "QUERY_DATABASES.0.URL: "),
]


@pytest.mark.parametrize(("entry", "said"), WRONG)
def test_what_is_wrong_is_told_by_its_place_alone(
    monkeypatch: pytest.MonkeyPatch, entry: Any, said: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        read(monkeypatch, json.dumps([entry]))
    assert str(refusal.value).startswith(said)
    assert SECRET not in str(refusal.value)


def test_neither_a_list_nor_a_file_is_told_without_what_stands_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff" + SECRET.encode())
    (tmp_path / "long").write_bytes(b" " * (2**20 + 1))
    for value, said in [
        (f'[{{"name": "{SECRET}', "is not JSON from character"),
        (json.dumps([SHOP, SHOP]), "must not name a database twice"),
        (json.dumps([{**SHOP, "name": f"shop{n}"} for n in range(51)]), "at most 50 items"),
        (f"/nowhere/{SECRET}", "is neither a JSON list nor a file that can be read: No such file"),
        (f"postgresql://reader:{SECRET}@host/{'x' * 300}", "is neither a JSON list nor a file"),
        (str(tmp_path / "bytes"), "not text in UTF-8"),
        (str(tmp_path / "long"), "more than 1,048,576 bytes"),
        ("{}", "Input should be a valid list"),
    ]:
        with capture_logs() as logged, pytest.raises(SettingsError, match=said) as refusal:
            read(monkeypatch, value)
        assert SECRET not in str(refusal.value) + str(logged)
