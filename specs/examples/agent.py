"""An external agent: answers whoever writes to it. Run it with Parley's address and the agent's key:

PARLEY_URL=http://localhost:8000 PARLEY_KEY=parley_... python specs/examples/agent.py
"""

import json
import os
import time

import httpx

http = httpx.Client(
    base_url=os.environ["PARLEY_URL"],
    headers={"Authorization": f"Bearer {os.environ['PARLEY_KEY']}"},
    timeout=httpx.Timeout(10, read=30),  # a stream sends a sign of life every 15 seconds
)


def answer(message: dict) -> None:
    """Here your program thinks. The client_id makes a repeat after a lost connection give the first answer."""
    body = {
        "content": f"You said: {message['content']}",
        "client_id": f"answer-{message['id']}",
        "action": "ECHO",
    }
    posted = http.post(f"/v1/conversations/{message['conversation_id']}/messages", json=body)
    print(posted.status_code, body["content"], flush=True)


last_id = None
while True:
    try:
        with http.stream(
            "GET", "/v1/events/stream", headers={"Last-Event-ID": last_id} if last_id else {}
        ) as stream:
            stream.raise_for_status()
            for line in stream.iter_lines():
                name, _, value = line.partition(": ")
                if name == "data":
                    event = json.loads(value)
                    last_id = str(event["seq"])
                    if event["type"] == "reset":
                        print("listening", flush=True)
                    if event["type"] == "message.created" and event["message"]["role"] == "user":
                        answer(event["message"])
    except httpx.TransportError:
        time.sleep(1)
