# errors/problem_types.py -- the kinds of problems by the last part of their `type`: one for each fault that a program
# may want to tell from others; specs/api/problems.md lists them.
from typing import NamedTuple

PREFIX = "urn:parley:problem:"


class ProblemType(NamedTuple):
    """`status` is that of HTTP; `when` says what has happened, for the list of problems."""

    status: int
    when: str


PROBLEM_TYPES = {
    "bad-request": ProblemType(400, "The body is not what its `Content-Type` says, or cannot be read."),
    "unauthorized": ProblemType(401, "Nobody is signed in, or the sign-in is wrong."),
    "invalid-token": ProblemType(401, "The access token or API token is wrong, expired or revoked."),
    "forbidden": ProblemType(403, "The caller may never do this."),
    "insufficient-scope": ProblemType(403, "The API token lacks a scope; `WWW-Authenticate` names it."),
    "password-required": ProblemType(403, "Send `current_password` with this, or sign in anew."),
    "session-required": ProblemType(403, "A person decides this, in a signed-in session."),
    "role-required": ProblemType(403, "This takes a higher role in the account or the conversation."),
    "not-yours-to-change": ProblemType(403, "You see it, but only another person may change it."),
    "unchangeable": ProblemType(403, "Nobody may change this."),
    "not-for-agents": ProblemType(403, "An agent may not do this."),
    "not-an-external-agent": ProblemType(403, "Only an external agent answers in this way."),
    "built-in-agent": ProblemType(403, "The built-in agent belongs to the operator."),
    "registration-closed": ProblemType(403, "The operator lets nobody register."),
    "console-only": ProblemType(403, "The route is for Parley's own page."),
    "origin-refused": ProblemType(403, "Pages of that origin may not call this server."),
    "not-found": ProblemType(404, "There is no such thing, or it is not yours."),
    "method-not-allowed": ProblemType(405, "The path has other methods: `Allow` names them."),
    "request-timeout": ProblemType(408, "The request did not arrive in time."),
    "conflict": ProblemType(409, "In conflict with what is stored."),
    "email-taken": ProblemType(409, "Another person has this email."),
    "limit-reached": ProblemType(409, "There are as many as there may be; `detail` says of what."),
    "password-changed": ProblemType(409, "The password was changed at the same moment."),
    "client-id-used": ProblemType(409, "The `client_id` belongs to another message."),
    "request-in-progress": ProblemType(409, "The first request with this `Idempotency-Key` is at work."),
    "run-busy": ProblemType(409, "The agent is at work in this conversation, on the run `run_id`."),
    "nothing-to-answer": ProblemType(409, "No message waits for the agent's answer."),
    "already-decided": ProblemType(409, "The call was decided on before."),
    "approval-expired": ProblemType(409, "The call waited too long; it counts as not approved."),
    "approval-changed": ProblemType(409, "What is asked for has changed since it was shown."),
    "no-branches": ProblemType(409, "What people say to each other has no branches."),
    "message-retracted": ProblemType(409, "The message is retracted."),
    "nothing-to-undo": ProblemType(409, "There is nothing, or nothing more, to undo."),
    "already-undone": ProblemType(409, "The change was undone before."),
    "undo-blocked": ProblemType(409, "A later change, or something that is gone, stands in the way."),
    "undo-too-large": ProblemType(409, "It is too much to be undone at once."),
    "already-a-member": ProblemType(409, "The person is a member of the account."),
    "last-owner": ProblemType(409, "An account keeps one owner at least."),
    "agent-role": ProblemType(409, "An agent is a member, in one role, as long as it exists."),
    "personal-account": ProblemType(409, "A personal account stays as it is."),
    "import-running": ProblemType(409, "Another import of the caller is at work."),
    "gone": ProblemType(410, "What the request made was deleted since."),
    "precondition-failed": ProblemType(
        412, "It has changed since it was read: `If-Match` names an older `ETag`."
    ),
    "content-too-large": ProblemType(413, "The body is longer, or has more values, than the route takes."),
    "uri-too-long": ProblemType(414, "The address is too long."),
    "unsupported-media-type": ProblemType(415, "The route takes no body of this `Content-Type`."),
    "misdirected-request": ProblemType(421, "The server does not go by the name in the request."),
    "unprocessable-content": ProblemType(422, "A value is not valid; `errors` says which."),
    "wrong-password": ProblemType(422, "`current_password` is wrong."),
    "account-ambiguous": ProblemType(422, "Name the account: you share several with the recipient."),
    "app-request": ProblemType(
        422,
        "An app asks to be let in, in a way that does not hold; `redirect_to` tells it so, where that is safe.",
    ),
    "unknown-model": ProblemType(422, "The operator offers no such model."),
    "unknown-tool": ProblemType(422, "There is no such tool."),
    "invalid-cursor": ProblemType(422, "The list gave no such `cursor`."),
    "invalid-position": ProblemType(422, "The stream gave no such `Last-Event-ID`."),
    "idempotency-key": ProblemType(422, "The `Idempotency-Key` is not 1 to 255 printable ASCII characters."),
    "idempotency-key-reused": ProblemType(422, "The `Idempotency-Key` belongs to another request."),
    "file-format": ProblemType(422, "The file is of another format."),
    "file-damaged": ProblemType(422, "The file is cut or damaged."),
    "request-header-fields-too-large": ProblemType(431, "The head of the request is too long."),
    "too-many-requests": ProblemType(
        429, "Too many attempts in a time; `Retry-After` says when to come back."
    ),
    "too-many-runs": ProblemType(429, "So many runs of the caller are at work or wait."),
    "too-many-streams": ProblemType(429, "So many streams and waiting requests are open."),
    "too-many-searches": ProblemType(429, "So many searches of the caller are at work."),
    "too-many-transfers": ProblemType(429, "So many exports or imports are at work."),
    "internal-server-error": ProblemType(500, "Something went wrong on the server, which has logged it."),
    "service-unavailable": ProblemType(503, "The server cannot answer at this moment."),
    "database-busy": ProblemType(503, "The database does not answer in time."),
    "sign-ins-busy": ProblemType(503, "Too many people sign in at this moment."),
    "server-starting": ProblemType(503, "This part of the server is being started."),
    "server-stopping": ProblemType(503, "The server stops; send the request again."),
}
