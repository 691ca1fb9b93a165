# protocol_bodies.py -- what the protocols take that are not in the OpenAPI document, by their paths.
from typing import Any

TEXT = {"type": "string", "examples": ["hello"]}
NAME = {"type": "string", "maxLength": 200, "examples": ["my-chat"]}
MODEL = {"type": "string", "maxLength": 200, "examples": ["parley"]}
USER = {"const": "user"}
# An object with each of these.
Properties = dict[str, dict[str, Any]]


def describe_object(properties: Properties) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def describe_array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


PART = describe_object({"type": {"const": "text"}, "text": TEXT})
MESSAGE = describe_object({"role": USER, "content": TEXT})
MESSAGE_IN_PARTS = describe_object({"role": USER, "content": describe_array(PART)})
APPROVAL = describe_object(
    {
        "type": {"const": "mcp_approval_response"},
        "approval_request_id": NAME,
        "approve": {"type": "boolean", "examples": [True]},
    }
)
MCP_CALL: dict[str, Any] = {
    "type": "object",
    "properties": {
        "jsonrpc": {"const": "2.0"},
        "id": {"const": 1},
        "method": {"const": "tools/call"},
        "params": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "examples": ["list_tasks"]},
                "arguments": {
                    "type": "object",
                    "properties": {
                        "q": {"type": "string", "maxLength": 200},
                        "limit": {"type": "integer"},
                    },
                },
            },
        },
    },
}

MCP_COMPLETION: dict[str, Any] = describe_object(
    {
        "jsonrpc": {"const": "2.0"},
        "id": {"const": 1},
        "method": {"const": "completion/complete"},
        "params": describe_object(
            {
                "ref": describe_object(
                    {"type": {"const": "ref/resource"}, "uri": {"const": "parley://conversations/{id}"}}
                ),
                "argument": describe_object({"name": {"const": "id"}, "value": TEXT}),
            }
        ),
    }
)
# An app: who it is, and what it sends for tokens.
URI = {"type": "string", "maxLength": 1_000, "examples": ["http://127.0.0.1:1/callback"]}
APP = describe_object({"redirect_uris": describe_array(URI), "client_name": NAME})
FORMS = [
    (
        "/oauth/token",
        {
            "grant_type": "authorization_code",
            "code": "x",
            "client_id": "x",
            "redirect_uri": "x",
            "code_verifier": "x",
        },
    ),
    (
        "/oauth/token",
        {"grant_type": "refresh_token", "refresh_token": "x", "client_id": "x", "scope": "read"},
    ),
    ("/oauth/revoke", {"token": "x", "client_id": "x"}),
]
BODIES = [
    ("/mcp", MCP_CALL),
    ("/mcp", MCP_COMPLETION),
    ("/oauth/register", APP),
    (
        "/openai/v1/chat/completions",
        describe_object(
            {
                "model": MODEL,
                "messages": describe_array(MESSAGE),
                "metadata": describe_object({"conversation_id": NAME}),
            }
        ),
    ),
    (
        "/openai/v1/chat/completions",
        describe_object({"model": MODEL, "messages": describe_array(MESSAGE_IN_PARTS)}),
    ),
    ("/openai/v1/responses", describe_object({"model": MODEL, "input": TEXT, "conversation": NAME})),
    ("/openai/v1/responses", describe_object({"model": MODEL, "input": describe_array(MESSAGE_IN_PARTS)})),
    ("/openai/v1/responses", describe_object({"model": MODEL, "input": describe_array(APPROVAL)})),
    (
        "/ai-sdk/chat",
        describe_object(
            {
                "id": NAME,
                "messages": describe_array(
                    describe_object({"id": NAME, "role": USER, "parts": describe_array(PART)})
                ),
            }
        ),
    ),
    (
        "/ag-ui",
        describe_object({"threadId": NAME, "runId": NAME, "messages": describe_array(MESSAGE)}),
    ),
]
