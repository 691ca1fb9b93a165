# test_query_checks.py -- parley doctor on the databases that agents may query.
import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doctor.findings import Finding
from doctor.query_checks import check_query_databases
from support.queries.shops import PASSWORD, Shop, open_shop
from support.servers import settings_for


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    return open_shop(request.param, request, tmp_path)


def check(*entries: Any) -> list[Finding]:
    async def run() -> list[Finding]:
        settings = settings_for("sqlite:///nothing.db", query_databases=list(entries))
        return [finding async for finding in check_query_databases(settings)]

    findings = asyncio.run(run())
    assert PASSWORD not in str(findings) and "127.0.0.1" not in str(findings)
    return findings


def role(shop: Shop) -> str:
    return shop.url.partition("://")[2].partition(":")[0]


def test_a_role_that_only_reads_is_in_order(shop: Shop) -> None:
    [finding] = check(shop.entry())
    assert (finding.verdict, finding.subject) == ("ok", "queries")
    assert finding.text.startswith(
        f"shop: { ({'sqlite': 'SQLite', 'postgresql': 'PostgreSQL'}.get(shop.engine, 'MariaDB')) } "
    )
    assert finding.text.endswith("3 tables to read, by a role that only reads")


def test_a_role_that_may_more_is_wrong_and_what_it_may_is_said(shop: Shop) -> None:
    if shop.engine == "postgresql":
        shop.look(f"GRANT INSERT ON orders TO {role(shop)}")
        shop.look(f"GRANT CREATE ON SCHEMA public TO {role(shop)}")
        said = "the role may also write to 1 tables, create tables or schemas"
    elif shop.engine == "mariadb":
        database = shop.url.rpartition("/")[2]
        shop.look(f"GRANT INSERT, UPDATE (note) ON {database}.orders TO {role(shop)}")
        said = f"the role may also INSERT on `{database}`.`orders`, UPDATE on `{database}`.`orders`"
    else:
        return  # the file is opened for reading, whoever may write to it
    [finding] = check(shop.entry())
    assert finding.verdict == "wrong"
    assert said in finding.text


def test_a_superuser_is_wrong(shop: Shop, request: pytest.FixtureRequest) -> None:
    if shop.engine == "sqlite":
        return
    user = {"postgresql": "postgres", "mariadb": "root"}[shop.engine]
    url = shop.url.replace(f"{role(shop)}:{PASSWORD}", user)
    [finding] = check(shop.entry(url=url))
    assert finding.verdict == "wrong"
    assert (
        "everything, as a superuser" if shop.engine == "postgresql" else "ALL PRIVILEGES on *.*"
    ) in finding.text


def test_what_does_not_answer_is_told_and_hides_no_other(shop: Shop) -> None:
    away = f"postgresql://reader:{PASSWORD}@127.0.0.1:1/secret"
    first, *rest = check(
        shop.entry(name="away", url=away), shop.entry(tables=[]), shop.entry(name="b", accounts=[])
    )
    assert (first.verdict, first.text) == ("wrong", "away: The database cannot be reached at the moment")
    assert [finding.text.partition(":")[0] for finding in rest] == ["shop", "b", "b"]
    assert rest[0].text.endswith(", 0 tables to read")
    assert rest[2].text == "b: no account may use it"


def test_parleys_own_database_is_not_for_agents(new_database: Callable[[str], str]) -> None:
    account = "7b0d5b7e-4c1f-4f0a-9a5d-2f4f5a1d9c11"
    [finding] = check({"name": "own", "url": new_database("sqlite"), "accounts": [account]})
    assert finding.verdict == "wrong"
    assert "Parley's own" in finding.text


def test_a_wrong_url_is_told_without_it() -> None:
    [finding] = check({"name": "shop", "url": f"oracle://a:{PASSWORD}@host/x", "accounts": []})
    assert (finding.verdict, finding.text[:24]) == ("wrong", "QUERY_DATABASES: shop: o")
