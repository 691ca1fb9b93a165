"""An external agent: answers whoever asks it. Run it with Parley's address and the agent's key:
PARLEY_URL=http://localhost:8000 PARLEY_KEY=parley_... python specs/examples/agent.py"""

import json
import os
import time
from contextlib import suppress

import httpx

http = httpx.Client(base_url=os.environ["PARLEY_URL"], timeout=30)  # a stream is silent for 15 s at most
http.headers["Authorization"] = f"Bearer {os.environ['PARLEY_KEY']}"


def answer(run: dict, message: dict) -> None:
    """Here your program thinks. The client_id makes a repeat after a lost connection give the first answer."""
    body = {"content": f"You said: {message['content']}", "client_id": message["id"], "action": "ECHO"}
    if "user_message_id" in run:  # among people: to what it is the answer
        body["reply_to_id"] = message["id"]
    path = f"/v1/conversations/{message['conversation_id']}/messages"
    print(http.post(path, json=body).status_code, body["content"], flush=True)


def answer_waiting() -> None:
    """What was asked while nobody listened."""
    for conversation in get("/v1/conversations?limit=200"):
        path = f"/v1/conversations/{conversation['id']}"
        waiting = {run.get("user_message_id", run["id"]): run for run in get(f"{path}/runs?active=true")}
        for message in get(f"{path}/messages?before=end") if waiting else []:
            if run := waiting.get(message["id"]) or waiting.get(message["run_id"]):
                answer(run, message)


def get(path: str) -> list[dict]:
    return http.get(path).raise_for_status().json()["data"]


seen: dict[str, str] = {}
while True:
    with suppress(httpx.TransportError), http.stream("GET", "/v1/events/stream", headers=seen) as stream:
        for line in stream.raise_for_status().iter_lines():
            if line.startswith("data: "):
                event = json.loads(line.removeprefix("data: "))
                if event["type"] == "reset":
                    answer_waiting()
                    print("listening", flush=True)
                elif event["type"] == "run.queued" and "message" in event:  # you are asked
                    answer(event["run"], event["message"])
                seen["Last-Event-ID"] = str(event["seq"])
    time.sleep(1)
