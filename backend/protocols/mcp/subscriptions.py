# protocols/mcp/subscriptions.py -- tells a client of what has changed, from the log of events.
"""Of protocol 2026-07-28, where a request of the client's is the stream. Earlier ones have a stream that stands by
itself, for which a server that holds no sessions has no place."""

import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

import anyio
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import (
    SUBSCRIPTION_ID_META_KEY,
    ResourcesListChanged,
    ResourceUpdated,
    ServerEvent,
    event_matches,
    event_to_notification,
)
from mcp_types import (
    INVALID_PARAMS,
    SubscriptionFilter,
    SubscriptionsAcknowledgedNotification,
    SubscriptionsAcknowledgedNotificationParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
)

from access import Caller
from app_state import AppState
from events import event_log
from protocols.mcp.permissions import CONVERSATION_URI, TASKS_URI, find_resource_permission
from protocols.mcp.resources import McpContext, get_grant

MAX_URIS = 100
MAX_URI_CHARACTERS = 200
# Events after which the list of conversations is another one for who may see them.
LIST_TYPES = ("conversation.", "participant.added", "participant.removed", "member.")
TASK_TYPES = ("task.", "change.undone", "import.")


class Subscriptions:
    """Each is one of the streams of its token, and ends with it; a client that takes nothing is given up."""

    def __init__(self, state: AppState) -> None:
        self._state = state

    async def listen(
        self, ctx: McpContext, params: SubscriptionsListenRequestParams
    ) -> SubscriptionsListenResult:
        caller, asked = get_grant(ctx).caller, params.notifications
        uris = asked.resource_subscriptions or []
        if len(uris) > MAX_URIS or any(len(uri) > MAX_URI_CHARACTERS for uri in uris):
            raise MCPError(INVALID_PARAMS, f"One request may name {MAX_URIS} resources at most.")
        granted = SubscriptionFilter(
            resources_list_changed=(asked.resources_list_changed and caller.is_allowed("chat:read")) or None,
            resource_subscriptions=[uri for uri in uris if may_read(caller, uri)] or None,
        )
        meta: dict[str, object] = {SUBSCRIPTION_ID_META_KEY: ctx.request_id}
        with self._state.stream_slots.hold(caller):
            position = await event_log.find_numbered_position(self._state.db)
            acknowledged = SubscriptionsAcknowledgedNotificationParams(notifications=granted, _meta=meta)
            await self._send(ctx, SubscriptionsAcknowledgedNotification(params=acknowledged))
            frames = self._state.open_streams.follow_user(caller, position.last_seq, delivers=False)
            await self._forward(ctx, frames, granted, meta)
        return SubscriptionsListenResult(_meta=meta)

    async def _forward(
        self,
        ctx: McpContext,
        frames: AsyncGenerator[bytes, None],
        granted: SubscriptionFilter,
        meta: dict[str, object],
    ) -> None:
        """What several events of one batch say alike is said once: a client reads anew, whatever has changed."""
        uris = frozenset(granted.resource_subscriptions or ())
        async with aclosing(frames):
            async for batch in frames:
                changed = dict.fromkeys(change for change in read_changes_of(batch, uris))
                for change in changed:
                    if event_matches(granted, uris, change):
                        await self._send(ctx, event_to_notification(change, meta))

    async def _send(self, ctx: McpContext, notification: object) -> None:
        """TimeoutError for a client that takes nothing: its stream ends."""
        with anyio.fail_after(self._state.timings.stream_send):
            await ctx.session.send_notification(notification, related_request_id=ctx.request_id)  # type: ignore[arg-type]


def may_read(caller: Caller, uri: str) -> bool:
    permission = find_resource_permission(uri)
    return permission is not None and caller.is_allowed(permission)


def read_changes_of(frames: bytes, uris: frozenset[str]) -> Iterator[ServerEvent]:
    """What the frames of a user's stream mean for resources. After a gap everything may have changed."""
    for frame in frames.decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in frame.split("\n") if ": " in line and line[0] != ":")
        type_ = lines.get("event", "")
        if type_ == "reset":
            yield ResourcesListChanged()
            yield from (ResourceUpdated(uri) for uri in uris)
        elif type_.startswith(TASK_TYPES):
            yield ResourceUpdated(TASKS_URI)
        elif type_:
            if type_.startswith(LIST_TYPES):
                yield ResourcesListChanged()
            if conversation_id := find_conversation(json.loads(lines["data"])):
                yield ResourceUpdated(CONVERSATION_URI + conversation_id)


def find_conversation(data: dict[str, object]) -> str | None:
    """The conversation that an event is about."""
    found = data.get("conversation_id")
    for noun in ("conversation", "message", "run"):
        inner = data.get(noun)
        if found is None and isinstance(inner, dict):
            found = inner.get("id") if noun == "conversation" else inner.get("conversation_id")
    return found if isinstance(found, str) else None
