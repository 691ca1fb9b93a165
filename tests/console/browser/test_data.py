# test_data.py -- what a query of data has found, as people see it: a chart, a table, the query, a file.
import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from queries.databases import QueryDatabases
from support.browsers import Visitor, check_by_axe, say, settled
from support.llm.scripted_model import Item, ScriptedModel, call
from support.queries.shops import Shop, open_sqlite_shop
from support.servers import Person, Server

BY_NAME = (
    "SELECT c.name, sum(o.total) AS total FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY c.name "
    "ORDER BY total DESC"
)
BY_DAY = "SELECT at AS day, total FROM orders ORDER BY at"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_sqlite_shop(tmp_path / "shop.db")


def query(sql: str, note: str = "Sales by customer.") -> list[Item]:
    return [call("query_data", {"database": "shop", "sql": sql, "note": note})]


def begin(server: Server, shop: Shop) -> Person:
    """Somebody with an agent that may query the shop."""
    person = server.sign_in(server.register())
    databases = QueryDatabases([shop.entry(accounts=[person.id])])
    object.__setattr__(server.state.worker.context, "databases", databases)
    server.settings.query_databases = type(server.settings.query_databases)([shop.entry()])
    tools = ["describe_data", "query_data"]
    agent = person.post(f"/v1/accounts/{person.id}/agents", name="Analyst", tools=tools)
    person.post("/v1/conversations", agent_id=agent["id"], title="Sales")
    return person


def open_chat(visit: Visitor, server: Server, person: Person) -> Page:
    page = visit(server).sign_in(person.email)
    page.locator("#conversations").get_by_text("Sales").click()
    return page


def ask(page: Page, model: ScriptedModel, *answers: list[Item]) -> None:
    model.answers = [*answers, ["Ann has bought most."]]
    say(page, "Who has bought most?")
    expect(page.locator(".from-agent").last).to_contain_text("Ann has bought most.")
    settled(page)


def test_what_a_query_has_found_is_a_chart_a_table_and_a_file(
    scripted_site: Server, visit: Visitor, model: ScriptedModel, shop: Shop, tmp_path: Path
) -> None:
    shop.look('INSERT INTO customers VALUES (4, \'=HYPERLINK("x"), "quoted"\')')
    shop.look("INSERT INTO orders VALUES (9, 4, 50, '2024-03-01', NULL)")
    page = open_chat(visit, scripted_site, begin(scripted_site, shop))
    ask(page, model, query("SELECT nope FROM orders"), query(BY_NAME))
    card = page.locator("figure.data")
    expect(card.locator("figcaption")).to_have_text("Sales by customer.")
    chart = card.get_by_role("img")
    expect(chart).to_have_accessible_name("total by name, from 50 to 210.5; the table has the values.")
    assert chart.locator("rect").count() == 3
    expect(card.locator("th")).to_have_text(["name", "total"])
    rows = ["Ann210.5", "Bob99.99", '=HYPERLINK("x"), "quoted"50']
    expect(card.locator("tbody tr")).to_have_text(rows)
    expect(card.locator(".muted.small").first).to_have_text("3 rows · 2 attempts")
    card.get_by_text("Query", exact=True).click()
    expect(card.locator("pre")).to_contain_text("`main`.`orders` AS `o`")
    check_by_axe(page, "an answer with data")
    with page.expect_download() as download:
        card.get_by_role("button", name="Download CSV").click()
    download.value.save_as(tmp_path / "data.csv")
    with (tmp_path / "data.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["name", "total"],
            ["Ann", "210.5"],
            ["Bob", "99.99"],
            ['\'=HYPERLINK("x"), "quoted"', "50"],
        ]
    # It is the same after a reload, read from the message.
    page.reload()
    expect(page.locator("figure.data tbody tr")).to_have_text(rows)


def test_a_time_is_a_line_and_one_value_or_a_text_alone_is_a_table(
    scripted_site: Server, visit: Visitor, model: ScriptedModel, shop: Shop
) -> None:
    page = open_chat(visit, scripted_site, begin(scripted_site, shop))
    ask(
        page,
        model,
        query(BY_DAY),
        query("SELECT count(*) AS n FROM orders"),
        query("SELECT name FROM customers"),
        query("SELECT id, note FROM orders WHERE id > 99"),
    )
    cards = page.locator("figure.data")
    expect(cards).to_have_count(4)
    assert [cards.nth(n).get_by_role("img").count() for n in range(4)] == [1, 0, 0, 0]
    assert len((cards.first.locator("polyline").get_attribute("points") or "").split()) == 3
    expect(cards.first.locator("svg text")).to_have_text(["2024-01-05", "2024-02-06", "200 (2024-02-05)"])
    expect(cards.last.locator(".muted.small").first).to_have_text("0 rows · 4 attempts")


def test_what_stands_in_a_cell_is_text_whatever_it_is(
    scripted_site: Server, visit: Visitor, model: ScriptedModel, shop: Shop
) -> None:
    shop.look("INSERT INTO customers VALUES (5, '<img src=x onerror=alert(1)>' || char(8238) || 'gpj')")
    page = open_chat(visit, scripted_site, begin(scripted_site, shop))
    ask(page, model, query('SELECT name AS "<b>name</b>", id FROM customers WHERE id = 5', "<i>note</i>"))
    card = page.locator("figure.data")
    expect(card.locator("figcaption")).to_have_text("<i>note</i>")
    expect(card.locator("th").first).to_have_text("<b>name</b>")
    expect(card.locator("td").first).to_have_text("<img src=x onerror=alert(1)>[U+202E]gpj")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_the_page(
    scripted_site: Server, visit: Visitor, model: ScriptedModel, shop: Shop, scheme: str
) -> None:
    person = begin(scripted_site, shop)
    size = {"width": 390, "height": 844}
    page = visit(scripted_site, viewport=size, color_scheme=scheme).sign_in(person.email)
    page.get_by_role("button", name="Conversations").first.click()
    page.locator("#conversations").get_by_text("Sales").click()
    ask(
        page,
        model,
        query(
            "SELECT *, note AS again, at AS day FROM orders", "Every order with all that is known of it. " * 3
        ),
        query(BY_NAME),
    )
    for part in ("figure.data", "figure.data > svg", "figure.data figcaption", ".data-rows"):
        box = page.locator(part).first.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= size["width"], part
    head, figure = page.locator(".tool:has(.data) summary").first, page.locator("figure.data").first
    above, below = head.bounding_box(), figure.bounding_box()
    assert above and below and above["y"] + above["height"] <= below["y"]
    check_by_axe(page, f"data on a phone, {scheme}")
