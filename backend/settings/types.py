# settings/types.py -- what a setting can be beside a word or a number: a list, a JSON object, the price of a model.
import json
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Secret
from pydantic_settings import NoDecode

# Of a million tokens, in billionths of the operator's currency for one token.
NANOS_PER_TOKEN = 1_000


def split_list(value: object) -> object:
    """A comma-separated text as a list; anything else as it is."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def read_json(value: object) -> object:
    """A text as JSON. It may hold secrets: an error tells where it is wrong, not what it says."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError(f"is not JSON from character {getattr(error, 'pos', 0) + 1} on") from None


T = TypeVar("T")
SecretJson = Annotated[Secret[dict[str, T]], NoDecode, BeforeValidator(read_json)]
PlainJson = Annotated[dict[str, T], NoDecode, BeforeValidator(read_json)]


Price = Annotated[Decimal, Field(ge=0, le=100_000, allow_inf_nan=False)]


class ModelPrice(BaseModel):
    """What a million tokens cost, in the operator's currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: Price
    output: Price

    def compute_nanos(self, input_tokens: int, output_tokens: int) -> int:
        """In billionths of the currency."""
        return round((input_tokens * self.input + output_tokens * self.output) * NANOS_PER_TOKEN)
