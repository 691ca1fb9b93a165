# identity/oauth/refusals.py -- what OAuth's endpoints answer to what they do not do (RFC 6749, section 5.2).
from errors import Invalid


class OAuthRefusal(Exception):
    """`code` is one of OAuth's words for an error, `description` a sentence for who writes the client."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


class InvalidAppRequest(Invalid):
    """An app has sent a person here with what does not hold; `redirect_to` tells the app so, where that is safe."""

    def __init__(self, detail: str, redirect_to: str | None = None) -> None:
        super().__init__(detail, problem="app-request")
        if redirect_to is not None:
            self.members = {"redirect_to": redirect_to}
