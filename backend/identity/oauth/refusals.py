# identity/oauth/refusals.py -- what OAuth's endpoints answer to what they do not do (RFC 6749, section 5.2).


class OAuthRefusal(Exception):
    """`code` is one of OAuth's words for an error, `description` a sentence for who writes the client."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status
