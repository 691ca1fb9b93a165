# test_security.py -- password hashes at their real cost, and the one function that reads access tokens.
import base64
import hashlib
import hmac
import importlib.util
import json
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import argon2.low_level
import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import security
from security import (
    InvalidToken,
    JwtClaims,
    JwtSigner,
    hash_password,
    hash_token,
    new_token,
    verify_password,
)
from support.api.bad_input import encode_base64url
from support.clock import pass_time
from support.servers import KEY, PASSWORD

NOW = datetime.now(UTC).replace(microsecond=0)
CLAIMS = JwtClaims(uuid4(), uuid4())
TOKENS = JwtSigner(KEY, timedelta(minutes=15))
FEW = settings(max_examples=80, deadline=None, derandomize=True, database=None)


def signed(header: Any, payload: Any, key: str = KEY, digest: str = "sha256") -> str:
    """A JWT made by hand: nothing stands between the test and what it wants to say."""
    text = f"{encode_base64url(header)}.{encode_base64url(payload)}"
    return f"{text}.{encode_base64url(hmac.digest(key.encode(), text.encode(), digest))}"


HEADER = {"alg": "HS256", "typ": "JWT"}
PAYLOAD: dict[str, Any] = {
    "iss": security.ISSUER,
    "aud": security.AUDIENCE,
    "typ": security.TOKEN_TYPE,
    "sub": str(CLAIMS.user_id),
    "sid": str(CLAIMS.session_id),
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 900,
}


def is_refused(token: str) -> bool:
    with pytest.raises(InvalidToken):
        TOKENS.decode(token)
    return True


# Access tokens


def test_a_token_says_who_and_in_which_session_and_nothing_else() -> None:
    token = TOKENS.encode(CLAIMS, NOW)
    assert TOKENS.decode(token) == CLAIMS
    header, payload, _ = token.split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == HEADER
    assert json.loads(base64.urlsafe_b64decode(payload + "==")) == PAYLOAD


def test_a_token_made_by_hand_with_the_right_key_counts() -> None:
    """Or the refusals below would prove nothing."""
    assert TOKENS.decode(signed(HEADER, PAYLOAD)) == CLAIMS


def test_a_token_lasts_as_long_as_the_setting_says() -> None:
    now = datetime.now(UTC)
    assert TOKENS.decode(TOKENS.encode(CLAIMS, now - timedelta(minutes=14))) == CLAIMS
    assert is_refused(TOKENS.encode(CLAIMS, now - timedelta(minutes=15, seconds=1)))


def test_a_token_that_was_verified_is_remembered_until_its_end_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tokens = JwtSigner(KEY, timedelta(minutes=15))
    now = datetime.now(UTC)
    token = tokens.encode(CLAIMS, now)
    assert tokens.decode(token) == CLAIMS
    with monkeypatch.context() as without_library:
        without_library.setattr("security.jwt.decode", None)
        assert tokens.decode(token) == CLAIMS
        assert tokens.decode(token) == CLAIMS
    pass_time(monkeypatch, seconds=902)
    with pytest.raises(InvalidToken):
        tokens.decode(token)
    assert token not in tokens._verified


def test_no_more_tokens_are_remembered_than_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("security.MAX_VERIFIED", 3)
    tokens = JwtSigner(KEY, timedelta(minutes=15))
    for second in range(10):
        tokens.decode(tokens.encode(CLAIMS, datetime.now(UTC) - timedelta(seconds=second)))
        assert len(tokens._verified) <= 3


def test_a_token_of_another_key_is_refused() -> None:
    other = JwtSigner("another key that is long enough too", timedelta(minutes=15))
    assert is_refused(other.encode(CLAIMS, NOW))


@pytest.mark.parametrize("name", PAYLOAD)
def test_a_token_without_a_claim_is_refused(name: str) -> None:
    payload = {claim: value for claim, value in PAYLOAD.items() if claim != name}
    if name == "iat":  # says nothing that we rely on
        assert TOKENS.decode(signed(HEADER, payload)) == CLAIMS
    else:
        assert is_refused(signed(HEADER, payload))


ODD = [
    None,
    "",
    "x",
    0,
    1,
    -1,
    1.5,
    True,
    False,
    [],
    ["x"],
    {},
    {"x": 1},
    10**30,
    float("nan"),
    float("inf"),
    "\ud800",
]


@pytest.mark.parametrize("name", ["iss", "aud", "typ", "sub", "sid", "exp"])
def test_a_token_with_an_odd_claim_is_refused(name: str) -> None:
    late = (10**30, float("inf"))  # "never" may stand in exp: the session's own end counts as well
    for value in ODD:
        if name == "exp" and value in late:
            continue
        assert is_refused(signed(HEADER, {**PAYLOAD, name: value})), value


def test_a_time_beyond_all_times_raises_nothing_else() -> None:
    for value in (10**30, 10**400, float("inf"), -float("inf"), "9" * 5000):
        text = encode_base64url(json.dumps({**PAYLOAD, "exp": value}).encode())
        signing = f"{encode_base64url(HEADER)}.{text}"
        token = f"{signing}.{encode_base64url(hmac.digest(KEY.encode(), signing.encode(), 'sha256'))}"
        with suppress(InvalidToken):
            assert TOKENS.decode(token) == CLAIMS


@pytest.mark.parametrize(("algorithm", "digest"), [("HS384", "sha384"), ("HS512", "sha512")])
def test_another_algorithm_with_the_same_key_is_refused(algorithm: str, digest: str) -> None:
    assert is_refused(signed({**HEADER, "alg": algorithm}, PAYLOAD, digest=digest))


@pytest.mark.parametrize(
    "name", ["none", "None", "NONE", "", "hs256", "RS256", "ES256", None, 5, ["HS256"], {}]
)
def test_another_name_of_an_algorithm_is_refused_signed_or_not(name: Any) -> None:
    assert is_refused(signed({**HEADER, "alg": name}, PAYLOAD))
    assert is_refused(f"{encode_base64url({**HEADER, 'alg': name})}.{encode_base64url(PAYLOAD)}.")


@pytest.mark.parametrize("critical", [["exp"], ["b64"], [], None, "x"])
def test_a_token_that_demands_what_we_do_not_know_is_refused(critical: Any) -> None:
    assert is_refused(signed({**HEADER, "crit": critical}, PAYLOAD))


@pytest.mark.parametrize("payload", [[], ["x"], "text", 5, None, True, b"", b"{", b"\xff", b"[" * 1500])
def test_a_payload_that_is_no_object_is_refused(payload: Any) -> None:
    assert is_refused(signed(HEADER, payload))


@pytest.mark.parametrize("header", [[], ["x"], "text", 5, None, b"", b"{", b"\xff", b"[" * 1500, {}])
def test_a_header_that_is_no_object_is_refused(header: Any) -> None:
    assert is_refused(signed(header, PAYLOAD))


@pytest.mark.parametrize("token", ["", ".", "..", "...", "a.b.c", "é.é.é", "\0", "\ud800", " ", "x" * 5000])
def test_what_is_no_token_at_all_is_refused(token: str) -> None:
    assert is_refused(token)


def test_a_token_longer_than_any_of_ours_is_refused_before_it_is_read() -> None:
    token = signed(HEADER, {**PAYLOAD, "more": "x" * 2000})
    assert len(token) > security.MAX_TOKEN_LENGTH
    assert is_refused(token)
    assert TOKENS.decode(signed(HEADER, {**PAYLOAD, "more": "x" * 500})) == CLAIMS


def test_no_changed_letter_makes_another_identity() -> None:
    token = TOKENS.encode(CLAIMS, NOW)
    for place, letter in enumerate(token):
        changed = token[:place] + ("A" if letter != "A" else "B") + token[place + 1 :]
        with suppress(InvalidToken):
            assert TOKENS.decode(changed) == CLAIMS  # the last letter has bits that carry nothing


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(list(PAYLOAD.values())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def outcome(token: str) -> JwtClaims | None:
    try:
        return TOKENS.decode(token)
    except InvalidToken:
        return None


@FEW
@given(
    st.text()
    | st.text("ABCabc012-_.=", max_size=200)
    | st.binary(max_size=200).map(lambda data: data.decode("latin-1"))
)
@pytest.mark.busy
def test_no_text_makes_decoding_fail_in_another_way(text: str) -> None:
    assert outcome(text) is None


@FEW
@given(
    header=st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit", "zip", "jku", "b64"]), JSON),
    keep=st.booleans(),
    payload=JSON,
)
@pytest.mark.busy
def test_no_signed_header_or_payload_makes_decoding_fail_in_another_way(
    header: dict[str, Any], keep: bool, payload: Any
) -> None:
    assert outcome(signed({**header, **(HEADER if keep else {})}, payload)) is None


@FEW
@given(st.dictionaries(st.sampled_from([*PAYLOAD, "nbf", "jti", "at_hash"]), JSON))
@pytest.mark.busy
def test_signed_claims_either_count_as_they_stand_or_are_refused(changes: dict[str, Any]) -> None:
    payload = {**PAYLOAD, **changes}
    claims = outcome(signed(HEADER, payload))
    if claims is not None:
        assert (payload["iss"], payload["typ"]) == (security.ISSUER, security.TOKEN_TYPE)
        assert security.AUDIENCE in (
            payload["aud"],
            *(payload["aud"] if isinstance(payload["aud"], list) else ()),
        )
        assert claims == JwtClaims(UUID(payload["sub"]), UUID(payload["sid"]))
        assert payload["exp"] > NOW.timestamp()


# Opaque tokens


def test_opaque_tokens_are_long_and_never_the_same_and_kept_as_hashes() -> None:
    made = {new_token() for _ in range(100)}
    assert len(made) == 100
    assert all(len(base64.urlsafe_b64decode(token + "==")) == 32 for token in made)
    assert hash_token("abc") == hashlib.sha256(b"abc").hexdigest()


@FEW
@given(st.text())
def test_the_hash_of_any_text_is_64_hex_digits(text: str) -> None:
    assert len(bytes.fromhex(hash_token(text))) == 32


# Passwords


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes as the module makes them, not as cheap as conftest.py does."""
    spec = importlib.util.spec_from_file_location("untouched_security", security.__file__)
    assert spec is not None
    assert spec.loader is not None
    untouched = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = untouched
    spec.loader.exec_module(untouched)
    del sys.modules[spec.name]
    monkeypatch.setattr(security, "PASSWORD_CONTEXT", untouched.PASSWORD_CONTEXT)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every argon2 computation from here on, by the name of its function."""
    verify_password("warm", None)  # the first one makes the hash that it compares with
    done: list[str] = []
    for name in ("hash_secret", "verify_secret"):
        original = getattr(argon2.low_level, name)

        def counting(*args: Any, _name: str = name, _original: Any = original, **kw: Any) -> Any:
            done.append(_name)
            return _original(*args, **kw)

        monkeypatch.setattr(argon2.low_level, name, counting)
    return done


@pytest.mark.usefixtures("real")
@pytest.mark.busy
def test_new_hashes_are_argon2id_at_the_cost_that_owasp_asks_for() -> None:
    """OWASP Password Storage Cheat Sheet: at least 19 MiB and 2 passes."""
    stored = hash_password(PASSWORD)
    assert stored.startswith("$argon2id$v=19$")
    costs = dict(pair.split("=") for pair in stored.split("$")[3].split(","))
    assert int(costs["m"]) >= 19 * 1024
    assert int(costs["t"]) >= 2
    assert int(costs["p"]) >= 1
    assert len(stored) < 255  # the column
    assert verify_password(PASSWORD, stored) == (True, None)
    assert verify_password(PASSWORD + " ", stored) == (False, None)
    assert hash_password(PASSWORD) != stored


@pytest.mark.usefixtures("real")
@pytest.mark.busy
def test_a_hash_of_a_lower_cost_is_made_anew_when_it_is_verified() -> None:
    cheap = argon2.low_level.hash_secret(
        PASSWORD.encode(), b"saltsalt", 1, 8, 1, 16, argon2.low_level.Type.ID
    ).decode()
    right, new_hash = verify_password(PASSWORD, cheap)
    assert right
    assert new_hash is not None
    assert verify_password(PASSWORD, new_hash) == (True, None)


@pytest.mark.parametrize("version", [b"2a", b"2b"])
def test_a_bcrypt_hash_verifies_and_is_made_anew(version: bytes) -> None:
    stored = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, prefix=version)).decode()
    right, new_hash = verify_password(PASSWORD, stored)
    assert right
    assert new_hash is not None
    assert new_hash.startswith("$argon2id$")
    assert verify_password("wrong" + PASSWORD, stored) == (False, None)


def test_an_unknown_email_and_a_wrong_password_are_the_same_work(work: list[str]) -> None:
    stored = hash_password(PASSWORD)
    work.clear()
    assert verify_password("wrong " + PASSWORD, stored) == (False, None)
    wrong = work.copy()
    work.clear()
    assert verify_password("wrong " + PASSWORD, None) == (False, None)
    assert work == wrong == ["verify_secret"]


def test_the_first_sign_in_of_a_process_is_the_same_work_for_an_unknown_email(
    work: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = hash_password(PASSWORD)
    counts = []
    for of_account in (stored, None):
        fresh = security.PASSWORD_CONTEXT.copy()  # without a dummy hash, as when the process starts
        monkeypatch.setattr(security, "PASSWORD_CONTEXT", fresh)
        security.prime_dummy_hash.cache_clear()
        work.clear()
        assert verify_password("wrong " + PASSWORD, of_account) == (False, None)
        counts.append(work.copy())
    assert counts == [["hash_secret", "verify_secret", "verify_secret"]] * 2


ODD_PASSWORDS = {
    "a NUL": "pass\0word",
    "half a surrogate pair": "pass\ud800word",
    "more than passlib takes": "x" * 5_000,
    "nothing": "",
    "a megabyte": "x" * 1_000_000,
}


@pytest.mark.parametrize("password", ODD_PASSWORDS.values(), ids=ODD_PASSWORDS)
@pytest.mark.parametrize("scheme", ["argon2", "bcrypt", "unknown"])
def test_an_odd_password_is_wrong_and_costs_what_any_wrong_password_costs(
    work: list[str], password: str, scheme: str
) -> None:
    """Otherwise the time of the answer says whether the email has an account."""
    stored = {
        "argon2": hash_password(PASSWORD),
        "bcrypt": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode(),
        "unknown": "!",
    }[scheme]
    work.clear()
    assert verify_password(password, stored) == (False, None)
    if scheme != "bcrypt":
        assert work == ["verify_secret"]
    work.clear()
    assert verify_password(password, None) == (False, None)
    assert work == ["verify_secret"]


def test_a_password_of_1024_characters_of_four_bytes_can_be_stored_and_verified() -> None:
    """Our own limit counts characters; passlib's counts characters too, at 4,096."""
    longest = "🔑" * 1024
    stored = hash_password(longest)
    assert verify_password(longest, stored)[0]
    assert not verify_password(longest[:-1], stored)[0]


@FEW
@given(
    st.text(max_size=50),
    st.text(max_size=80) | st.sampled_from(["$argon2id$", "$2b$04$", "$argon2id$v=19$m=8,t=1,p=1$", ""]),
)
def test_no_password_and_no_stored_text_raises(password: str, stored: str) -> None:
    assert verify_password(password, stored) == (False, None)
