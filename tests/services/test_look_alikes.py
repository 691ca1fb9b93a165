# test_look_alikes.py -- texts that look like others, or like nothing: an email is one person's, a title is seen.
import sys
import unicodedata
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import update
from sqlmodel import col
from typer.testing import CliRunner

import cli
from db import Transaction
from models import User
from models.email import Email, normalize_email
from models.shapes import has_invisible, refuse_blank
from settings import Settings
from support.servers import PASSWORD, Person, Server, in_database

# Names are folded in memory; that two rows cannot be alike is tried on both.
pytestmark = pytest.mark.engines("sqlite")

EMAIL: TypeAdapter[str] = TypeAdapter(Email)
# Each is a letter or a mark by its category, or has a width by its font, and shows nothing.
HIDDEN = (
    "\u3164\u2800\u115f\u1160\uffa0\u17b4\u17b5\u034f\ufe0f\ufe00\ufffc"
    "\u200b\u2060\u00ad\u061c\u180e\U000e0001\U000e0100\ue000"
)


# Titles and names


@pytest.mark.parametrize("text", [*HIDDEN, HIDDEN, " \u3164\t\u034f", "\u202e\u2066"])
def test_a_text_of_which_nothing_is_seen_is_blank(text: str) -> None:
    with pytest.raises(ValueError, match="must not be blank"):
        refuse_blank(text)


@pytest.mark.parametrize(
    "text", ["x", "\u3164x", "❤\ufe0f", "👩\u200d🚀", "日", "ა", "…", "e\u0301", "\u202eabc"]
)
def test_a_text_of_which_something_is_seen_is_not(text: str) -> None:
    assert refuse_blank(text) == text


@pytest.mark.busy
def test_whatever_has_no_mark_by_its_category_is_not_seen() -> None:
    """Against another source than the one that is used: the interpreter's own tables, which may be older."""
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        category = unicodedata.category(character)
        if category[0] == "Z" or category in ("Cc", "Cf", "Cs", "Co"):
            assert has_invisible(character), hex(number)
        elif category[0] in "NP" or category in ("Ll", "Lu", "Lt", "Sc", "Sm"):
            assert not has_invisible(character), hex(number)


@pytest.mark.parametrize("text", ["\u3164", "\u2800\u115f", "\ufffc"])
def test_nothing_is_called_by_what_cannot_be_seen(server: Server, ann: Person, text: str) -> None:
    for path, body in [
        ("/v1/tasks", {"title": text}),
        ("/v1/conversations", {"title": text}),
        ("/v1/chat", {"message": text}),
        ("/v1/me/tokens", {"name": text, "scopes": ["read"]}),
    ]:
        assert ann.http.post(path, json=body).status_code == 422, path
    assert ann.http.patch("/v1/me", json={"display_name": text}).status_code == 422


# Emails


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ann@Example.com", "ann@example.com"),
        ("ａｎｎ@example.com", "ann@example.com"),
        ("ann@ｅxample．com", "ann@example.com"),
        ("ann＠example.com", "ann@example.com"),
        ("ﬁona@example.com", "fiona@example.com"),
        ("jose\u0301@example.com", "josé@example.com"),
        ("ann@xn--bcher-kva.example.com", "ann@bücher.example.com"),
        ("ann@BÜCHER.example.com", "ann@bücher.example.com"),
        ("оля@пример.example.com", "оля@пример.example.com"),
        ("иван.smith@example.com", "иван.smith@example.com"),
        ("山田たろう@example.com", "山田たろう@example.com"),
        ("tanaka田中@example.com", "tanaka田中@example.com"),
        ("γιάννης@example.com", "γιάννης@example.com"),
    ],
)
def test_an_email_has_one_form(typed: str, kept: str) -> None:
    assert EMAIL.validate_python(typed) == normalize_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        *(f"an{character}n@example.com" for character in HIDDEN),
        "\u0430nn@example.com",  # Cyrillic a
        "ann@ex\u0430mple.com",
        "\u03bfwen@example.com",  # Greek omicron
        "\u0430\u0441\u0435@example.com",  # Cyrillic throughout, and reads "ace"
        "ann@\u0430\u0440\u0440\u04cf\u0435.com",  # "apple"
        "a\u0578n@example.com",  # Armenian vo
        "a﹫b@example.com",  # another @ when it is folded
    ],
)
def test_an_email_that_is_taken_for_another_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        EMAIL.validate_python(typed)


@settings(max_examples=200, deadline=None)
@given(
    st.text(min_size=1, max_size=12),
    st.sampled_from(["example.com", "Bücher.example.com", "ＥＸ.example.com"]),
)
@pytest.mark.busy
def test_the_form_of_a_form_is_itself(local: str, domain: str) -> None:
    try:
        once = EMAIL.validate_python(f"{local}@{domain}")
    except ValidationError:
        return
    assert EMAIL.validate_python(once) == normalize_email(once) == once


@pytest.mark.engines("sqlite", "postgresql")
def test_look_alikes_are_one_person_and_sign_in_however_they_are_typed(server: Server) -> None:
    name = uuid4().hex
    email = server.register(f"{name}@example.com")
    wide = "".join(chr(ord(character) + 0xFEE0) for character in name)
    for typed in (f"{wide}@example.com", f"{name.upper()}＠example．com"):
        new = {"email": typed, "password": PASSWORD}
        assert server.client().post("/v1/auth/register", json=new).status_code == 409
        assert server.sign_in(typed).get("/v1/me")["email"] == email


def renamed(server: Server, email: str) -> str:
    """Somebody whose email was kept in this form before it was refused."""
    person = server.person()

    async def rename(tx: Transaction) -> None:
        await tx.execute(update(User).where(col(User.id) == person.id).values(email=email))

    in_database(server, rename)
    return email


@pytest.mark.parametrize("form", ["\u0430nn{}@example.com", "ａnn{}@example.com", "an\u3164n{}@example.com"])
def test_who_has_such_an_email_from_before_signs_in_with_it(server: Server, form: str) -> None:
    name = uuid4().hex
    email = renamed(server, form.format(name))
    other = server.register(f"ann{name}@example.com")
    assert server.sign_in(email).get("/v1/me")["email"] == email
    assert server.sign_in(other).get("/v1/me")["email"] == other


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_operator_finds_people_by_any_form(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen() -> Settings:
        return server.settings

    monkeypatch.setattr("commands.context.get_settings", chosen)
    name = uuid4().hex
    server.register(f"ann{name}@example.com")
    former = renamed(server, f"\u0430nn{name}@example.com")
    for typed in (f"ＡNN{name}@example.com", former):
        done = CliRunner().invoke(cli.app, ["user", "reset-password", typed], input="another password\n")
        assert done.exit_code == 0, done.output
        assert server.sign_in(typed, "another password")
    short = CliRunner().invoke(cli.app, ["user", "reset-password", former], input="short\n")
    assert (short.exit_code, "at least 8 characters" in short.output) == (1, True)
