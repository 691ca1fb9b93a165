# support/clients/conformance_fixtures.py -- what the conformance suite asks for by name, behind Parley's own door.
import base64
import hashlib
import hmac
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    AudioContent,
    BlobResourceContents,
    CompleteRequestParams,
    CompleteResult,
    Completion,
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    EmbeddedResource,
    GetPromptResult,
    ImageContent,
    InputRequiredResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListRootsRequest,
    ListToolsResult,
    Prompt,
    PromptArgument,
    PromptMessage,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    SamplingMessage,
    TextContent,
    TextResourceContents,
    Tool,
)
from pydantic import BaseModel

from app_state import AppState
from protocols.mcp.completion import Completer
from protocols.mcp.prompts import Prompts
from protocols.mcp.resources import Resources
from protocols.mcp.server import McpServer

KEY = b"of the fixtures"
MISSING_CAPABILITY = "test_missing_capability"
PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001"
        "e221bc330000000049454e44ae426082"
    )
).decode()
WAVE = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x44\xac\0\0\x88\x58\1\0\2\0\x10\0data\0\0\0\0"
SOUND = base64.b64encode(WAVE).decode()
TEXT = TextContent(text="This is a simple text response for testing.")
IMAGE, AUDIO = (
    ImageContent(data=PIXEL, mime_type="image/png"),
    AudioContent(data=SOUND, mime_type="audio/wav"),
)
EMBEDDED = EmbeddedResource(
    resource=TextResourceContents(
        uri="test://embedded-resource", mime_type="text/plain", text="This is an embedded resource content."
    )
)
MIXED = EmbeddedResource(
    resource=TextResourceContents(
        uri="test://mixed-content-resource", mime_type="application/json", text='{"test":"data","value":123}'
    )
)
CONTENTS: dict[str, list[BaseModel]] = {
    "test_simple_text": [TEXT],
    "test_image_content": [IMAGE],
    "test_audio_content": [AUDIO],
    "test_embedded_resource": [EMBEDDED],
    "test_multiple_content_types": [TextContent(text="Multiple content types test:"), IMAGE, MIXED],
    "test_error_handling": [TextContent(text="This tool intentionally returns an error for testing")],
    "json_schema_2020_12_tool": [TEXT],
    "test_custom_headers": [TEXT],
    "test_logging_tool": [TEXT],
    "test_streaming_elicitation": [TEXT],
    MISSING_CAPABILITY: [TEXT],
}


def ask(message: str, **properties: str) -> ElicitRequest:
    shape = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in properties.items()},
        "required": list(properties),
    }
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=shape))


def sample(text: str) -> CreateMessageRequest:
    said = SamplingMessage(role="user", content=TextContent(text=text))
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=[said], max_tokens=100))


NAME, CONFIRM = ask("What is your name?", name="string"), ask("Please confirm", ok="boolean")
ROUNDS: dict[str, list[dict[str, Any]]] = {
    "test_input_required_result_elicitation": [{"user_name": NAME}],
    "test_input_required_result_sampling": [{"capital_question": sample("What is the capital of France?")}],
    "test_input_required_result_list_roots": [{"client_roots": ListRootsRequest()}],
    "test_input_required_result_request_state": [{"confirm": CONFIRM}],
    "test_input_required_result_multiple_inputs": [
        {"user_name": NAME, "greeting": sample("Generate a greeting"), "client_roots": ListRootsRequest()}
    ],
    "test_input_required_result_multi_round": [
        {"step1": ask("Step 1: What is your name?", name="string")},
        {"step2": ask("Step 2: What is your favorite color?", color="string")},
    ],
    "test_input_required_result_tampered_state": [{"confirm": CONFIRM}],
    "test_input_required_result_capabilities": [
        {"user_name": NAME, "greeting": sample("Generate a greeting")}
    ],
    "test_input_required_result_prompt": [
        {"user_context": ask("What context should the prompt use?", context="string")}
    ],
}
CAPABILITIES = {
    "elicitation/create": "elicitation",
    "sampling/createMessage": "sampling",
    "roots/list": "roots",
}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
HEADERS = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "query": {"type": "string"},
        "priority": {"type": "integer", "x-mcp-header": "Priority"},
        "verbose": {"type": "boolean", "x-mcp-header": "Verbose"},
    },
    "required": ["region"],
}
SCHEMAS: dict[str, dict[str, Any]] = {"json_schema_2020_12_tool": SCHEMA, "test_custom_headers": HEADERS}
ARGUMENTS = [PromptArgument(name="arg1", required=True), PromptArgument(name="arg2", required=True)]
PROMPTS = {
    "test_simple_prompt": None,
    "test_prompt_with_arguments": ARGUMENTS,
    "test_prompt_with_embedded_resource": [PromptArgument(name="resourceUri", required=True)],
    "test_prompt_with_image": None,
    "test_input_required_result_prompt": None,
}


def sign_state(name: str, step: int) -> str:
    return f"{step}.{hmac.digest(KEY, f'{name}{step}'.encode(), hashlib.sha256).hex()}"


def read_state(name: str, state: str | None) -> int:
    step = (state or "0").partition(".")[0]
    if state is not None and not (step.isdigit() and hmac.compare_digest(state, sign_state(name, int(step)))):
        raise MCPError(INVALID_PARAMS, "The request state is not one that this call was given.")
    return int(step)


def play_round(ctx: Any, name: str, params: Any) -> InputRequiredResult | None:
    """What is asked for next; None where everything was answered."""
    step, given = read_state(name, params.request_state), params.input_responses or {}
    asked = ROUNDS[name][step]
    if given and all(is_answered(request, given.get(key)) for key, request in asked.items()):
        step += 1
        if step == len(ROUNDS[name]):
            return None
        asked = ROUNDS[name][step]
    known = ctx.session.client_capabilities
    may = {method for method, one in CAPABILITIES.items() if known and getattr(known, one) is not None}
    wanted = {key: request for key, request in asked.items() if request.method in may or not may}
    return InputRequiredResult(input_requests=wanted, request_state=sign_state(name, step))


def is_answered(request: Any, answer: Any) -> bool:
    if answer is None or not isinstance(request, ElicitRequest):
        return answer is not None
    content = getattr(answer, "content", None)
    needed = request.params.requested_schema["required"]  # type: ignore[union-attr]
    return getattr(answer, "action", None) != "accept" or (
        isinstance(content, dict) and all(name in content for name in needed)
    )


class FixtureResources(Resources):
    async def list_resources(self, ctx: Any, params: Any) -> ListResourcesResult:
        listed = await Resources.list_resources(self, ctx, params)
        more = [Resource(uri=f"test://static-{kind}", name=f"Static {kind}") for kind in ("text", "binary")]
        return ListResourcesResult(resources=[*more, *listed.resources], next_cursor=listed.next_cursor)

    async def list_templates(self, ctx: Any, params: Any) -> ListResourceTemplatesResult:
        listed = await Resources.list_templates(self, ctx, params)
        template = ResourceTemplate(uri_template="test://template/{id}/data", name="A template")
        return ListResourceTemplatesResult(resource_templates=[template, *listed.resource_templates])

    async def read_resource(self, ctx: Any, params: Any) -> ReadResourceResult:
        uri: str = params.uri
        if uri == "test://static-text":
            text = "This is the content of the static text resource."
            return ReadResourceResult(
                contents=[TextResourceContents(uri=uri, mime_type="text/plain", text=text)]
            )
        if uri == "test://static-binary":
            return ReadResourceResult(
                contents=[BlobResourceContents(uri=uri, mime_type="image/png", blob=PIXEL)]
            )
        if uri.startswith("test://template/"):
            given = uri.split("/")[3]
            text = f'{{"id":"{given}","templateTest":true,"data":"Data for ID: {given}"}}'
            shown = TextResourceContents(uri=uri, mime_type="application/json", text=text)
            return ReadResourceResult(contents=[shown])
        return await Resources.read_resource(self, ctx, params)


class FixturePrompts(Prompts):
    async def list_prompts(self, ctx: Any, params: Any) -> ListPromptsResult:
        listed = await Prompts.list_prompts(self, ctx, params)
        more = [
            Prompt(name=name, description="A fixture.", arguments=given) for name, given in PROMPTS.items()
        ]
        return ListPromptsResult(prompts=[*more, *listed.prompts])

    async def get_prompt(self, ctx: Any, params: Any) -> Any:
        if params.name not in PROMPTS:
            return await Prompts.get_prompt(self, ctx, params)
        if params.name in ROUNDS and (asked := play_round(ctx, params.name, params)):
            return asked
        shown = list_prompt_contents(params.arguments or {})[params.name]
        return GetPromptResult(messages=[PromptMessage(role="user", content=one) for one in shown])


def list_prompt_contents(given: dict[str, str]) -> dict[str, list[Any]]:
    uri = given.get("resourceUri", "test://embedded-resource")
    text = "Embedded resource content for testing."
    resource = TextResourceContents(uri=uri, mime_type="text/plain", text=text)
    arguments = f"arg1='{given.get('arg1')}', arg2='{given.get('arg2')}'"
    return {
        "test_simple_prompt": [TextContent(text="This is a simple prompt for testing.")],
        "test_prompt_with_arguments": [TextContent(text=f"Prompt with arguments: {arguments}")],
        "test_prompt_with_embedded_resource": [
            EmbeddedResource(resource=resource),
            TextContent(text="Please process the embedded resource above."),
        ],
        "test_prompt_with_image": [IMAGE, TextContent(text="Please analyze the image above.")],
        "test_input_required_result_prompt": [TextContent(text="With context.")],
    }


class FixtureCompleter(Completer):
    async def complete(self, ctx: Any, params: CompleteRequestParams) -> CompleteResult:
        if getattr(params.ref, "name", None) != "test_prompt_with_arguments":
            return await super().complete(ctx, params)
        return CompleteResult(
            completion=Completion(values=["paris", "park", "party"], total=3, has_more=False)
        )


class FixtureServer(McpServer):
    """Parley's own server, with these tools, resources and prompts beside its own."""

    def __init__(self, state: AppState) -> None:
        super().__init__(state)
        self.resources = FixtureResources(state.db)
        self.prompts = FixturePrompts(self.resources)
        self.completer = FixtureCompleter(state.db)

    def build(self) -> Any:
        server = super().build()
        server.get_tool_input_schema = SCHEMAS.get
        return server

    async def list_tools(self, ctx: Any, params: Any) -> ListToolsResult:
        listed = await super().list_tools(ctx, params)
        names = [*CONTENTS, *(name for name in ROUNDS if name not in PROMPTS)]
        plain: dict[str, Any] = {"type": "object", "properties": {}}
        more = [
            Tool(name=name, description="A fixture.", input_schema=SCHEMAS.get(name, plain)) for name in names
        ]
        return ListToolsResult(tools=[*listed.tools, *more])

    async def call_tool(self, ctx: Any, params: Any) -> Any:
        if params.name == MISSING_CAPABILITY:
            known = ctx.session.client_capabilities
            if known is None or known.sampling is None:
                needed = {"requiredCapabilities": {"sampling": {}}}
                raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "This tool needs sampling.", needed)
        if params.name in ROUNDS:
            asked = play_round(ctx, params.name, params)
            return asked or {"content": [{"type": "text", "text": "state-ok"}], "resultType": "complete"}
        if params.name not in CONTENTS:
            return await super().call_tool(ctx, params)
        shown = [
            one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in CONTENTS[params.name]
        ]
        error = {"isError": True} if params.name == "test_error_handling" else {}
        return {"content": shown, "resultType": "complete", **error}
