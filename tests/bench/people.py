# people.py -- the database that all contenders share, and the people who send the requests.
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy import insert, text

from clock import utc_now
from db import Database
from models import AuthSession, Task, User
from security import JwtClaims, JwtSigner
from storage.schema.bootstrap import bootstrap
from support.databases.unchecked import open_unchecked

TASKS_EACH = 200
LIFETIME = timedelta(hours=1)
WORDS = [
    "buy",
    "milk",
    "call",
    "mom",
    "the",
    "dentist",
    '"quoted"',
    "naïve",
    "plants",
    "write",
    "report",
    "🚲",
]


@dataclass(frozen=True, slots=True)
class People:
    """Access tokens: of those who list their 200 tasks, of those who create, and of a revoked session."""

    listing: list[str]
    creating: list[str]
    revoked: str


async def settle(url: str, key: str, each: int) -> People:
    """Make the tables and `each` people of either kind."""
    db = open_unchecked(url)
    tokens = JwtSigner(key, LIFETIME)
    try:
        await bootstrap(db.engine)
        dice = random.Random(1)
        people = People(
            [await sign_up(db, tokens, dice, TASKS_EACH) for _ in range(each)],
            [await sign_up(db, tokens, dice, 0) for _ in range(each)],
            await sign_up(db, tokens, dice, 0, revoked_at=utc_now()),
        )
        async with db.engine.connect() as connection:
            autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await autocommit.execute(text("VACUUM ANALYZE"))
    finally:
        await db.close()
    return people


async def sign_up_many(url: str, key: str, count: int) -> list[str]:
    """The access tokens of so many new people."""
    db, tokens, moment = open_unchecked(url), JwtSigner(key, LIFETIME), utc_now()
    claims = [JwtClaims(uuid4(), uuid4()) for _ in range(count)]
    users = [
        {"id": each.user_id, "email": f"{uuid4().hex}@example.com", "password_hash": ""} for each in claims
    ]
    sessions = [
        {"id": each.session_id, "user_id": each.user_id, "expires_at": moment + LIFETIME} for each in claims
    ]
    try:
        async with db.transaction() as tx:
            await tx.execute(insert(User), users)
            await tx.execute(insert(AuthSession), sessions)
    finally:
        await db.close()
    return [tokens.encode(each, moment) for each in claims]


async def server_version(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        version: str = await connection.fetchval("SHOW server_version")
    finally:
        await connection.close()
    return version


async def sign_up(
    db: Database, tokens: JwtSigner, dice: random.Random, tasks: int, revoked_at: datetime | None = None
) -> str:
    """The access token of a new person."""
    moment = utc_now()
    async with db.transaction() as tx:
        user = User(email=f"{uuid4().hex}@example.com", password_hash="")
        session = AuthSession(user_id=user.id, expires_at=moment + LIFETIME, revoked_at=revoked_at)
        tx.add(user)
        await tx.flush()
        tx.add(session)
        if tasks:
            await tx.execute(insert(Task), [some_task(dice, user.id, number) for number in range(tasks)])
    return tokens.encode(JwtClaims(user.id, session.id), moment)


def some_task(dice: random.Random, user_id: UUID, number: int) -> dict[str, object]:
    at = utc_now() - timedelta(minutes=number, microseconds=dice.randrange(1, 10**6))
    return {
        "id": uuid4(),
        "user_id": user_id,
        "title": " ".join(dice.choices(WORDS, k=dice.randint(2, 6))),
        "description": " ".join(dice.choices(WORDS, k=20)) if dice.random() < 0.5 else None,
        "completed": dice.random() < 0.3,
        "created_at": at,
        "updated_at": at,
    }
