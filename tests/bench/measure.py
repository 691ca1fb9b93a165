# measure.py -- starts the contenders, holds their answers against each other, measures, prints.
import argparse
import asyncio
import json
import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID, uuid4

import uvloop

from bench.chat.compare import compare_with_synapse
from bench.event_log import FULL as FULL_CROWD
from bench.event_log import QUICK as QUICK_CROWD
from bench.event_log import Crowd, measure_crowd, measure_numbering
from bench.listeners import FULL as FULL_AUDIENCE
from bench.listeners import QUICK as QUICK_AUDIENCE
from bench.listeners import Audience, measure_listeners
from bench.load import Answer, Effort, Round, ask, press, request_bytes
from bench.pages import FULL as FULL_LOOK
from bench.pages import QUICK as QUICK_LOOK
from bench.pages import measure_pages
from bench.people import LIFETIME, People, server_version, settle, sign_up_many
from bench.processes import KEY, read_port, started, started_module
from bench.runs.answers import (
    AT_ONCE,
    JOB,
    Talk,
    measure_cost,
    measure_first_text,
    measure_paced_cost,
    measure_streams_at_once,
    stream_answer,
)
from bench.runs.answers import FULL as FULL_TALK
from bench.runs.answers import QUICK as QUICK_TALK
from bench.runs.histories import FULL as FULL_LENGTHS
from bench.runs.histories import QUICK as QUICK_LENGTHS
from bench.runs.histories import Lengths, measure_histories
from bench.runs.peers import IS_INSTALLED, PEERS
from bench.runs.statements import counting_proxy
from bench.table import Result, print_table
from logs import configure_logs
from security import JwtSigner
from support.databases.postgres import postgres_server

CONTENDERS = ("parley", "tutorial_sync", "tutorial_async", "leanest")
CONNECTIONS = 16
NEW_TASK = {"title": "Buy milk", "description": "2 litres, and “bread” from the café", "completed": False}


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    request: Callable[[str | None], bytes]
    status: int
    tokens: list[str]
    aims: dict[str, float]


# Many short rounds: what else the machine does then hits neighbours alike, and the median leaves it out.
FULL = Effort(rounds=20, warm_up=0.05, seconds=0.35, least=1)
QUICK = Effort(rounds=1, warm_up=0.0, seconds=0.05, least=1)


def list_request(token: str | None) -> bytes:
    return request_bytes("GET", "/v1/tasks?limit=50", token)


def create_request(token: str | None, task: object = NEW_TASK) -> bytes:
    return request_bytes("POST", "/v1/tasks", token, json.dumps(task).encode())


def call_request(token: str | None) -> bytes:
    """The same list over MCP, as a client of the current protocol asks for it."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": "list_tasks", "arguments": {"limit": 50}, "_meta": meta}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": "tools/call",
        "Mcp-Name": "list_tasks",
        "Host": "localhost",
    }
    return request_bytes("POST", "/mcp", token, json.dumps(call).encode(), headers)


def scenarios(people: People) -> list[Scenario]:
    return [
        Scenario(
            "list 50 of 200 tasks",
            list_request,
            200,
            people.listing,
            {"tutorial_sync": 4.0, "tutorial_async": 4.0, "leanest": 0.8},
        ),
        Scenario(
            "create a task",
            create_request,
            201,
            people.creating,
            {"tutorial_sync": 2.0, "tutorial_async": 2.0, "leanest": 0.6},
        ),
    ]


async def check_answers(ports: dict[str, int], people: People) -> None:
    """Fails where a contender answers otherwise than Parley: then nothing that is measured would count."""

    async def everywhere(request: bytes, status: int) -> dict[str, Answer]:
        answers = {name: await ask(port, request) for name, port in ports.items()}
        for name, answer in answers.items():
            assert answer.status == status, (name, answer)
        return answers

    lists = await everywhere(list_request(people.listing[0]), 200)
    created = await everywhere(create_request(people.creating[0]), 201)
    assert len(json.loads(lists["parley"].body)["data"]) == 50
    for answers in (lists, created):
        bodies = {name: without_moment(answer.body) for name, answer in answers.items()}
        for name, body in bodies.items():
            assert json.loads(body) == json.loads(bodies["parley"]), (name, body)
    for token in (None, "nonsense", people.revoked):
        await everywhere(list_request(token), 401)
        await everywhere(create_request(token), 401)
    await everywhere(create_request(people.creating[0], {"title": ""}), 422)
    answer = await ask(ports["parley"], call_request(people.listing[0]))
    called = json.loads(answer.body)["result"]["structuredContent"]
    assert called["tasks"] == json.loads(lists["parley"].body)["data"]


def without_moment(body: bytes) -> bytes:
    """A single task without what differs each time: its id, its times and its place, once their form is right."""
    task = json.loads(body)
    if "id" not in task:
        return body
    assert UUID(task.pop("id"))
    for name in ("created_at", "updated_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", task.pop(name)), body
    assert task.pop("position") > 0
    return json.dumps(task).encode()


async def measure(ports: dict[str, int], people: People, effort: Effort) -> list[Result]:
    """The contenders take turns, so that noise on the machine hits all alike."""
    results = []
    for scenario in scenarios(people):
        rounds: dict[str, list[Round]] = {name: [] for name in ports}
        requests = [scenario.request(token) for token in scenario.tokens]
        for turn in range(effort.rounds):
            for name in rotated(list(ports), turn):
                rounds[name].append(await press(ports[name], requests, scenario.status, effort))
        results.append(Result(scenario.name, rounds, scenario.aims))
    return results


async def measure_mcp(port: int, people: People, effort: Effort) -> Result:
    """A list over MCP beside the same list over REST: what the call, its record and the protocol cost."""
    ways = {"parley": call_request, "parley_rest": list_request}
    rounds: dict[str, list[Round]] = {name: [] for name in ways}
    for turn in range(effort.rounds):
        for name in rotated(list(ways), turn):
            requests = [ways[name](token) for token in people.listing]
            rounds[name].append(await press(port, requests, 200, effort))
    return Result("list 50 of 200 tasks over MCP", rounds, {"parley_rest": 0.25})


async def measure_metrics(url: str, port: int, people: People, effort: Effort) -> tuple[str, str]:
    """What counting costs a request: Parley with metrics beside itself without, in neighbouring rounds."""
    ratios = []
    with started("parley_with_metrics", url) as process:
        ports = {"parley": read_port(process), "without": port}
        for scenario in scenarios(people):
            rounds: dict[str, list[Round]] = {name: [] for name in ports}
            requests = [scenario.request(token) for token in scenario.tokens]
            for turn in range(effort.rounds):
                for name in rotated(list(ports), turn):
                    rounds[name].append(await press(ports[name], requests, scenario.status, effort))
            ratio = Result(scenario.name, rounds, {}).ratio("without")
            ratios.append(f"{scenario.name} {ratio:.2f}")
    return ("requests/s with metrics, by those without", f"{', '.join(ratios)} (aim: 0.95)")


def rotated(names: list[str], turn: int) -> list[str]:
    """Each one goes first, second, ... equally often."""
    first = turn % len(names)
    return names[first:] + names[:first]


async def measure_streams(url: str, cleanup: ExitStack, audience: Audience) -> list[tuple[str, str]]:
    """On a worker of its own, whose memory has held nothing else."""
    tokens = await sign_up_many(url, KEY, audience.idle + 1)
    process = cleanup.enter_context(started("parley", url))
    port = read_port(process)
    heard = await measure_listeners(
        port, process.pid, audience, tokens[1:], tokens[0], create_request(tokens[0])
    )
    return heard.rows(audience)


async def measure_log(url: str, cleanup: ExitStack, crowd: Crowd) -> list[tuple[str, str]]:
    tokens = await sign_up_many(url, KEY, crowd.people)
    process = cleanup.enter_context(started("parley", url))
    rows = await measure_crowd(url, read_port(process), process.pid, crowd, tokens)
    return rows + await measure_numbering(url, crowd)


async def measure_answers(
    url: str, cleanup: ExitStack, talk: Talk, lengths: Lengths
) -> list[tuple[str, str]]:
    """With a provider on loopback."""
    tokens = await sign_up_many(url, KEY, max(talk.together, *talk.streams))
    provider = read_port(cleanup.enter_context(started_module("bench.runs.model_server")))
    address = f"http://127.0.0.1:{provider}/v1"
    with started("parley_with_model", url, BENCH_MODEL_URL=address) as process:
        port, process_id = read_port(process), process.pid
        cost, rows = await measure_cost(port, process_id, tokens[0], talk)
        rows += measure_peers(address, cost, talk)
        rows += await measure_paced_cost(port, process_id, tokens, talk)
        rows += await measure_first_text(port, provider, tokens, talk)
        for count in talk.streams:
            rows += await measure_streams_at_once(port, process_id, tokens, count, talk.pieces)
        user_id = JwtSigner(KEY, LIFETIME).decode(tokens[0]).user_id
        rows += await measure_histories(url, port, process_id, tokens[0], user_id, lengths)
    return rows + await measure_statements(url, address, tokens[0], talk)


def measure_peers(address: str, cost: float, talk: Talk) -> list[tuple[str, str]]:
    """The same job in other hands, each a process of its own."""
    if not IS_INSTALLED:
        return [("the same by others", "not measured: openai is not installed")]
    rows = []
    for name in PEERS:
        with started_module("bench.runs.peers", name, address, AT_ONCE, str(talk.answers)) as process:
            assert process.stdout is not None
            took = float(process.stdout.readline()) / 1000
        ratio = f"{took * 1000:.1f} ms; Parley takes {cost / took:.2f} of it"
        aim = " (aim: under 0.33)" if "Agent" in name else ""
        rows.append((f"the same by {name}, without a database", ratio + aim))
    return rows


async def measure_statements(url: str, address: str, token: str, talk: Talk) -> list[tuple[str, str]]:
    async with counting_proxy(url) as counter:
        with started("parley_with_model", counter.url, BENCH_MODEL_URL=address) as process:
            port = read_port(process)
            for _ in range(min(10, talk.answers)):  # the first ones open connections
                await stream_answer(port, token)
            before = counter.statements
            for _ in range(talk.answers):
                await stream_answer(port, token)
            each = (counter.statements - before) / talk.answers
    return [(f"{JOB}: statements", f"{each:.1f} (aim: 10)")]


def main() -> int:
    parser = argparse.ArgumentParser(description="Parley beside other ways to write the same endpoints.")
    parser.add_argument("--quick", action="store_true", help="a few requests each: the figures mean nothing")
    parser.add_argument("--peers", choices=["synapse"], help="only the comparison with this server of others")
    given = parser.parse_args()
    quick = given.quick
    configure_logs("error")
    if given.peers is not None:
        return compare_with_synapse(quick)
    server = postgres_server()
    database = f"bench_{uuid4().hex}"
    url = server.url(database)
    with ExitStack() as cleanup:
        cleanup.callback(server.release)
        server.create_database(database)
        cleanup.callback(server.drop_database, database)
        people = asyncio.run(settle(url, KEY, CONNECTIONS))
        processes = {name: cleanup.enter_context(started(name, url)) for name in CONTENDERS}
        ports = {name: read_port(process) for name, process in processes.items()}
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(check_answers(ports, people))
            effort = QUICK if quick else FULL
            results = runner.run(measure(ports, people, effort))
            results.append(runner.run(measure_mcp(ports["parley"], people, effort)))
            figures = [runner.run(measure_metrics(url, ports["parley"], people, effort))]
            figures += runner.run(measure_streams(url, cleanup, QUICK_AUDIENCE if quick else FULL_AUDIENCE))
            figures += runner.run(measure_log(url, cleanup, QUICK_CROWD if quick else FULL_CROWD))
            talks = (QUICK_TALK, QUICK_LENGTHS) if quick else (FULL_TALK, FULL_LENGTHS)
            figures += runner.run(measure_answers(url, cleanup, *talks))
            figures.append((f"{results[0].scenario}: 99 % by the median", results[0].describe_tail("parley")))
        figures += measure_pages(url, ports["parley"], QUICK_LOOK if quick else FULL_LOOK)
        version = asyncio.run(server_version(url))
    conditions = f"PostgreSQL {version} without fsync, {CONNECTIONS} connections"
    print_table(results, figures, conditions, judged=not quick)
    return 0
