# test_pages.py -- the console over HTTP: its files, the cookie that signs it in, and HTML that is safe to show.
import posixpath
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.files import FILES, FOLDER, VERSION
from models import conversation, task
from support.console_files import LATER, SHELL
from support.servers import PASSWORD, Person, Server, ok, serving, settings_for

# Pages, headers and cookies ask no database, or what the API asks as well.
pytestmark = pytest.mark.engines("sqlite")

CONSOLE = {"X-Parley-Console": "1"}
SESSION = "/v1/web/session"
# What is fetched until a person who signs in sees the chat and the tasks; the rest comes with what somebody opens, and
# all files are together less than MOST_IN_ALL.
MOST_BYTES, MOST_IN_ALL = 150 * 1024, 400 * 1024


def texts() -> dict[str, str]:
    return {
        name: file.content.decode() for name, file in FILES.items() if not name.endswith((".ico", ".png"))
    }


def read_source(name: str) -> str:
    return (FOLDER / name).read_text()


# Files


@pytest.mark.parametrize(("path", "kind"), [("/", "text/html"), ("/web/scripts/main.js", "text/javascript")])
def test_a_file_comes_with_its_type_and_headers_that_keep_others_out(
    server: Server, path: str, kind: str
) -> None:
    answer = server.client().get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    if kind == "text/html":
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["base-uri"] == policy["form-action"] == "'none'"
        assert policy["require-trusted-types-for"] == "'script'"
    else:
        assert policy.keys() == {"default-src", "frame-ancestors"}  # nothing is what it may do


def test_a_file_that_has_not_changed_is_not_sent_again(server: Server) -> None:
    http = server.client()
    first = http.get("/web/styles/parley.css")
    again = http.get("/web/styles/parley.css", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = http.get("/web/styles/parley.css", headers={"If-None-Match": '"another"'})
    assert other.content == first.content
    assert first.headers["cache-control"] == "no-cache"


def test_what_the_page_asks_for_is_kept_for_good_under_the_name_of_its_version(server: Server) -> None:
    http = server.client()
    page = http.get("/")
    assert page.headers["cache-control"] == "no-cache"
    addresses = set(re.findall(r'"(/web/[^"]+)"', page.text))
    assert {address.split("/")[2] for address in addresses} == {VERSION}
    for address in addresses:
        answer = http.get(address)
        assert (answer.status_code, answer.headers["cache-control"]) == (
            200,
            "public, max-age=31536000, immutable",
        )
    # A page that was loaded before an upgrade still finds its parts, and no browser keeps those under a wrong name.
    other = http.get(f"/web/{'0' * 16}/scripts/main.js")
    assert (other.status_code, other.headers["cache-control"]) == (200, "no-cache")
    assert other.content == http.get(f"/web/{VERSION}/scripts/main.js").content


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, GZIP ;q=0.5", "gzip"),
        ("br;q=0.000, gzip;q=0", None),
        ("identity", None),
        ("", None),
    ],
)
def test_a_file_is_compressed_as_the_browser_asks(
    server: Server, accepted: str, encoding: str | None
) -> None:
    answer = server.client().get("/web/scripts/main.js", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.content == FILES["scripts/main.js"].content
    sent = int(answer.headers["content-length"])
    assert sent < len(answer.content) / 2 if encoding else sent == len(answer.content)
    # Pictures are compressed as they are.
    icon = server.client().get("/favicon.ico", headers={"Accept-Encoding": accepted})
    assert "content-encoding" not in icon.headers


def test_nothing_but_comments_and_indentation_is_left_out_of_a_script() -> None:
    for name in (name for name in FILES if name.endswith(".js")):
        source = read_source(name).replace("-VERSION", f"-{VERSION}").split("\n")
        served = FILES[name].content.decode().split("\n")
        assert len(served) == len(source), name  # an error names the line of the source
        for number, (here, there) in enumerate(zip(source, served, strict=True), 1):
            assert there in (here.strip(), ""), f"{name}:{number}"
            assert there or not here.strip() or here.strip().startswith("//"), f"{name}:{number}"
        # A text that went over the end of its line would lose its indentation.
        literals = re.compile(r"""\"(?:[^"\\]|\\.)*\"|/(?:[^/\\]|\\.)+/""")
        open_ended = [line for line in served if literals.sub("", line).count("`") % 2]
        assert open_ended == [], name
        assert "/*" not in FILES[name].content.decode(), name


def test_head_tells_of_a_file_without_sending_it(server: Server) -> None:
    answer = server.client().head("/")
    assert (answer.status_code, answer.content) == (200, b"")


def test_an_icon_is_where_browsers_look_for_one(server: Server) -> None:
    http = server.client()
    icon = http.get("/favicon.ico")
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/vnd.microsoft.icon")
    assert icon.content.startswith(b"\0\0\1\0")  # the signature of the format
    drawn = re.findall(r'<link rel="icon" href="([^"]+)" type="image/svg\+xml">', http.get("/").text)
    assert [http.get(address).headers["content-type"] for address in drawn] == ["image/svg+xml"]


@pytest.mark.parametrize(
    "path", ["/web/", "/web/nothing.js", "/web/../main.py", "/web/%2e%2e/main.py", "/web//etc/passwd"]
)
def test_nothing_else_is_served(server: Server, path: str) -> None:
    answer = server.client().get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_first_visit_needs_less_than_150_kib() -> None:
    sizes = {name: len(text.encode()) for name, text in texts().items()}
    first = sizes.keys() - LATER.keys() - SHELL
    assert sum(sizes[name] for name in first) < MOST_BYTES
    assert sum(sizes.values()) < MOST_IN_ALL
    assert {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()} == FILES.keys()


def test_nothing_in_the_page_is_inline_or_from_elsewhere() -> None:
    page = FILES["index.html"].content.decode()
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", page)
    for name, text in texts().items():
        found = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text) if not name.endswith(".js") else []
        assert [address for address in found if "www.w3.org" not in address] == [], name
        if name.endswith(".js"):
            assert set(re.findall(r"https?://[\w./]+", text)) <= {"http://www.w3.org/2000/svg"}, name


def list_imports(name: str, pattern: str) -> set[str]:
    """The files that a module names in what the pattern finds."""
    found = re.findall(pattern, FILES[name].content.decode())
    return {posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) for path in found}


def test_every_module_of_the_first_visit_is_fetched_at_once_and_no_other() -> None:
    page = FILES["index.html"].content.decode()
    named = set(re.findall(rf'/web/{VERSION}/([\w/-]+\.(?:js|css))"', page))
    assert named == FILES.keys() - LATER.keys() - {"index.html"} - SHELL
    # What one of them imports is imported at once, too; what is wanted later is asked for by a function alone.
    for name in named:
        if name.endswith(".js"):
            assert list_imports(name, r'\bfrom "([^"]+)"') <= named


def test_every_other_module_is_asked_for_when_it_is_wanted_or_by_one_that_was() -> None:
    modules = {name for name in FILES if name.endswith(".js")}
    asked = set().union(*(list_imports(name, r'\(\) => import\("([^"]+)"\)') for name in modules))
    imported = set().union(*(list_imports(name, r'\bfrom "([^"]+)"') for name in LATER if name in modules))
    assert asked <= LATER.keys() | SHELL
    assert {name for name in LATER if name in modules} == (asked - SHELL) | (imported & LATER.keys())


def test_no_module_imports_itself_by_way_of_others() -> None:
    imports = {name: list_imports(name, r'\bfrom "([^"]+)"') for name in FILES if name.endswith(".js")}
    while leaves := {name for name, named in imports.items() if not named & imports.keys()}:
        imports = {name: named for name, named in imports.items() if name not in leaves}
    assert imports.keys() == set()


def test_html_is_only_taken_from_render() -> None:
    modules = {name for name in FILES if name.endswith(".js")}
    sinks = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|\beval\b"
    )
    assert {name for name in modules if sinks.search(FILES[name].content.decode())} == {
        "scripts/reading/text.js"
    }


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith((".js", ".css"))])
def test_a_file_is_short_and_says_what_belongs_in_it(name: str) -> None:
    lines = read_source(name).splitlines()
    assert lines[0].startswith((f"// {Path(name).name} -- ", f"/* {Path(name).name} -- "))
    assert len(lines) <= 400


def test_the_page_learns_before_the_door_who_answers_and_who_may_come_in(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('empty') / 'parley.db'}"
    with serving(settings_for(url)) as server:
        config = {"offline": True, "registration": "open"}
        assert ok(server.client().get("/v1/web/config")) == {**config, "empty": True}
        server.register()
        assert ok(server.client().get("/v1/web/config")) == {**config, "empty": False}


# The pages that describe the API


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_a_page_of_the_description_is_of_this_host_alone_and_stands_in_no_frame(
    server: Server, path: str
) -> None:
    answer = server.client().get(path)
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in str(policy)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", answer.text)
    addresses = re.findall(r'(?:src|href)="([^"]*)"', answer.text)
    assert len(addresses) == 4
    for address in addresses:
        assert address.startswith("/")
        assert server.client().get(address).status_code == 200


def test_the_nonce_of_a_page_is_good_for_one_answer(server: Server) -> None:
    first, second = (server.client().get("/redoc") for _ in range(2))
    for answer in (first, second):
        [nonce] = re.findall(r'nonce="([^"]+)"', answer.text)
        assert f"'nonce-{nonce}'" in answer.headers["content-security-policy"]
    assert first.text != second.text


@pytest.mark.parametrize("name", ["nothing.js", "redoc.html", "..%2fmain.py", "docs.html"])
def test_the_description_has_no_other_files(server: Server, name: str) -> None:
    assert server.client().get(f"/docs/{name}").status_code == 404


# The cookie


@pytest.fixture
def browser(server: Server) -> httpx.Client:
    return server.client(**CONSOLE, Origin=server.base_url)


def enter(browser: httpx.Client, server: Server) -> dict[str, Any]:
    body = {"email": server.register(), "password": PASSWORD}
    answer: dict[str, Any] = ok(browser.post(SESSION, json=body))
    return answer


def bearer(answer: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer['access_token']}"}


def test_signing_in_gives_an_access_token_and_hides_the_refresh_token(
    server: Server, browser: httpx.Client
) -> None:
    body = {"email": server.register(), "password": PASSWORD}
    answer = browser.post(SESSION, json=body)
    assert answer.json().keys() == {"access_token", "token_type", "expires_in"}
    assert answer.headers["cache-control"] == "no-store"
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name.startswith("parley_refresh=")
    assert {part.lower() for part in attributes} == {
        "httponly",
        "samesite=strict",
        f"path={SESSION}",
        f"max-age={30 * 86_400}",
    }
    assert browser.get("/v1/me", headers=bearer(answer.json())).json()["email"] == body["email"]


def test_the_cookie_is_for_https_only_where_the_page_came_by_https(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('https') / 'parley.db'}"
    with serving(settings_for(url, trusted_proxies="127.0.0.1")) as behind:
        http = behind.client(**CONSOLE, **{"X-Forwarded-Proto": "https"})
        answer = http.post(SESSION, json={"email": behind.register(), "password": PASSWORD})
        assert "Secure" in answer.headers["set-cookie"].split("; ")


@pytest.mark.engines("sqlite", "postgresql")
def test_the_cookie_renews_the_session_and_itself(server: Server, browser: httpx.Client) -> None:
    enter(browser, server)
    before = browser.cookies["parley_refresh"]
    renewed = ok(browser.post(f"{SESSION}/refresh"))
    assert browser.cookies["parley_refresh"] != before
    assert browser.get("/v1/me", headers=bearer(renewed)).status_code == 200


@pytest.mark.engines("sqlite", "postgresql")
def test_two_tabs_may_renew_with_the_same_cookie(server: Server, browser: httpx.Client) -> None:
    enter(browser, server)
    other = server.client(**CONSOLE)
    other.cookies.update(browser.cookies)
    first, second = ok(browser.post(f"{SESSION}/refresh")), ok(other.post(f"{SESSION}/refresh"))
    for answer in (first, second):
        assert browser.get("/v1/me", headers=bearer(answer)).status_code == 200


def test_signing_out_ends_the_session_and_takes_the_cookie_back(
    server: Server, browser: httpx.Client
) -> None:
    signed_in = enter(browser, server)
    stolen = browser.cookies["parley_refresh"]
    assert browser.delete(SESSION).status_code == 204
    assert "parley_refresh" not in browser.cookies
    assert browser.get("/v1/me", headers=bearer(signed_in)).status_code == 401
    thief = server.client(**CONSOLE, Cookie=f"parley_refresh={stolen}")
    assert thief.post(f"{SESSION}/refresh").status_code == 401
    assert browser.delete(SESSION).status_code == 204


def test_without_a_cookie_nobody_is_signed_in(browser: httpx.Client) -> None:
    answer = browser.post(f"{SESSION}/refresh")
    assert (answer.status_code, answer.json()["detail"]) == (401, "Nobody is signed in here.")


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("POST", "/refresh"), ("DELETE", "")])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Parley-Console": "0"},
        {**CONSOLE, "Origin": "https://evil.example"},
        {**CONSOLE, "Origin": "null"},
    ],
)
def test_another_site_cannot_use_the_cookie(
    server: Server, browser: httpx.Client, method: str, path: str, headers: dict[str, str]
) -> None:
    signed_in = enter(browser, server)
    cookie = f"parley_refresh={browser.cookies['parley_refresh']}"
    body = {"email": "ann@example.com", "password": PASSWORD} if not path else None
    answer = server.client(Cookie=cookie, **headers).request(method, SESSION + path, json=body)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert browser.get("/v1/me", headers=bearer(signed_in)).status_code == 200


def test_the_cookie_opens_no_other_door(server: Server, browser: httpx.Client) -> None:
    enter(browser, server)
    cookie = {"Cookie": f"parley_refresh={browser.cookies['parley_refresh']}"}
    assert browser.get("/v1/me", headers=cookie).status_code == 401


# What the console asks for besides


@pytest.mark.engines("sqlite", "postgresql")
def test_conversations_are_found_by_a_piece_of_their_title(ann: Person, bob: Person) -> None:
    for title in ("Shopping list", "shoes", "100% wool", "Trip"):
        ann.post("/v1/conversations", title=title)
    bob.post("/v1/conversations", title="Shopping of Bob")

    def found(q: str, **more: Any) -> list[str]:
        return [item["title"] for item in ann.get("/v1/conversations", q=q, **more)["data"]]

    assert found("SHO") == ["shoes", "Shopping list"]
    assert found("0% w") == ["100% wool"]
    assert found("_") == found("%%") == []
    assert len(found("")) == 4
    first = ann.get("/v1/conversations", q="sho", limit=1)
    assert found("sho", cursor=first["next_cursor"]) == ["Shopping list"]


def test_the_fields_of_titles_take_as_much_as_the_api() -> None:
    page = (FOLDER / "index.html").read_text()
    edit = (FOLDER / "scripts/tasks/editor.js").read_text()
    rename = (FOLDER / "scripts/undo/conversation_changes.js").read_text()
    groups = [(FOLDER / f"scripts/people/{name}.js").read_text() for name in ("begin", "participants")]
    assert re.findall(r'id="task-title"[^>]* maxlength="(\d+)"', page) == [str(task.MAX_LINE)]
    assert re.findall(r'"edit-title", .* maxlength: "(\d+)"', edit) == [str(task.MAX_TITLE)]
    assert re.findall(r'"aria-label": "Title",.* maxlength: "(\d+)"', rename) == [str(conversation.MAX_TITLE)]
    for sheet in groups:
        assert re.findall(r'"Title of the group",.* maxlength: "(\d+)"', sheet) == [
            str(conversation.MAX_TITLE)
        ]
