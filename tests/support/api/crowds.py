# support/api/crowds.py -- many members of a team at once, made past the API, which would hash a password for each.
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
from sqlalchemy import insert

from clock import utc_now
from db import Transaction
from models import AccountMember, AuthSession, User
from security import JwtClaims
from support.servers import Server, in_database

HOUR = timedelta(hours=1)


def add_members(server: Server, account_id: str, count: int) -> dict[UUID, str]:
    """So many new members of the team, each with an access token of theirs."""
    moment = utc_now()
    claims = [JwtClaims(uuid4(), uuid4()) for _ in range(count)]

    async def work(tx: Transaction) -> None:
        users = [
            {"id": each.user_id, "email": f"{each.user_id}@example.com", "password_hash": "!"}
            for each in claims
        ]
        await tx.execute(insert(User), users)
        sessions = [
            {"id": each.session_id, "user_id": each.user_id, "expires_at": moment + HOUR} for each in claims
        ]
        await tx.execute(insert(AuthSession), sessions)
        members = [
            {"account_id": UUID(account_id), "user_id": each.user_id, "role": "member"} for each in claims
        ]
        await tx.execute(insert(AccountMember), members)

    in_database(server, work)
    return {each.user_id: server.state.jwt.encode(each, moment) for each in claims}


def open_clients(servers: list[Server], tokens: dict[UUID, str]) -> list[httpx.Client]:
    """One for each of them, on the servers by turns."""
    return [
        servers[number % len(servers)].client(Authorization=f"Bearer {token}")
        for number, token in enumerate(tokens.values())
    ]
