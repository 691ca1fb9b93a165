# test_forged_tokens.py -- access tokens that nobody issued. test_security.py tests the decoding more widely.

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from support.api.bad_input import ON_ONE_ENGINE, Somebody
from support.api.problems import problem_of
from support.servers import KEY, Person, Server


def jwt(header: Any, payload: Any, key: str = KEY, digest: str = "sha256") -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    text = f"{part(header)}.{part(payload)}"
    signature = hmac.digest(key.encode(), text.encode(), digest)
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


Forge = Callable[[dict[str, Any], str, Person], str]
HS256 = {"alg": "HS256", "typ": "JWT"}
FORGED: dict[str, Forge] = {
    "expired": lambda claims, token, me: jwt(HS256, {**claims, "exp": time.time() - 1}),
    "tampered": lambda claims, token, me: jwt(HS256, claims, key="x" * 40),
    "another payload under the signature": lambda claims, token, me: (
        jwt(HS256, {**claims, "exp": claims["exp"] + 9}).rpartition(".")[0] + "." + token.rpartition(".")[2]
    ),
    "without its signature": lambda claims, token, me: token.rpartition(".")[0] + ".",
    "cut off": lambda claims, token, me: token[:-5],
    "alg none": lambda claims, token, me: jwt({"alg": "none"}, claims).rpartition(".")[0] + ".",
    "alg none, signed": lambda claims, token, me: jwt({"alg": "none"}, claims),
    "alg HS512 with the same key": lambda claims, token, me: jwt({"alg": "HS512"}, claims, digest="sha512"),
    "alg HS384 with the same key": lambda claims, token, me: jwt({"alg": "HS384"}, claims, digest="sha384"),
    "alg RS256": lambda claims, token, me: jwt({"alg": "RS256"}, claims),
    "wrong audience": lambda claims, token, me: jwt(HS256, {**claims, "aud": "other"}),
    "wrong issuer": lambda claims, token, me: jwt(HS256, {**claims, "iss": "other"}),
    "other typ": lambda claims, token, me: jwt(HS256, {**claims, "typ": "refresh"}),
    "refresh as access": lambda claims, token, me: me.tokens["refresh_token"],
    "crit header": lambda claims, token, me: jwt({**HS256, "crit": ["exp"]}, claims),
    "huge": lambda claims, token, me: jwt(HS256, {**claims, "more": "x" * 30_000}),
    "deep": lambda claims, token, me: f"{base64.urlsafe_b64encode(b'[' * 1_400).decode()}.e30.e30",
    "no session": lambda claims, token, me: jwt(HS256, {**claims, "sid": str(uuid4())}),
    "another user": lambda claims, token, me: jwt(HS256, {**claims, "sub": str(uuid4())}),
    "ids that are none": lambda claims, token, me: jwt(HS256, {**claims, "sub": "x", "sid": "\0"}),
    **{
        f"without {name}": lambda claims, token, me, name=name: jwt(
            HS256, {key: value for key, value in claims.items() if key != name}
        )
        for name in ("iss", "aud", "typ", "sub", "sid", "exp")
    },
    **{
        text[:9]: lambda claims, token, me, text=text: text
        for text in ("x", ".", "..", "a.b.c", "x" * 60_000)
    },
}


@ON_ONE_ENGINE
def test_a_forged_token_lets_nobody_in(server: Server, somebody: Somebody) -> None:
    token = somebody.person.tokens["access_token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert server.client(Authorization=f"Bearer {jwt(HS256, claims)}").get("/v1/me").status_code == 200
    for case, forge in FORGED.items():
        forged = forge(claims, token, somebody.person)
        answer = server.client(Authorization=f"Bearer {forged}").get("/v1/me")
        assert answer.status_code == 401, case
        problem = problem_of(answer, 401)
        assert problem["detail"] == "Sign in first: the access token is missing, wrong or expired.", case


@pytest.mark.engines("sqlite")
def test_a_token_of_one_person_does_not_open_the_session_of_another(
    server: Server, ann: Person, bob: Person
) -> None:
    parts = [
        json.loads(base64.urlsafe_b64decode(person.tokens["access_token"].split(".")[1] + "=="))
        for person in (ann, bob)
    ]
    mixed = jwt(HS256, {**parts[0], "sid": parts[1]["sid"]})
    problem_of(server.client(Authorization=f"Bearer {mixed}").get("/v1/me"), 401)


@pytest.mark.parametrize(
    "header", ["Bearer", "Basic YTpi", "Token x", "x", "Bearer x y", b"Bearer \xff", "bearer x"]
)
@pytest.mark.engines("sqlite")
def test_an_authorization_header_of_another_kind_lets_nobody_in(server: Server, header: str | bytes) -> None:
    problem_of(server.client().get("/v1/me", headers={"Authorization": header}), 401)
