# llm/call_arguments.py -- the arguments of a tool call, from whatever a model wrote for them.
import json

from llm.sanitize import sanitize_arguments
from models.shapes import JsonObject

# An object within a string within a string: deeper than that nothing is looked for.
MAX_QUOTES = 3


def parse_arguments(raw: str | JsonObject) -> JsonObject | str:
    """The arguments as a JSON object that can be stored, or else as the text that was written."""
    found = raw if isinstance(raw, dict) else find_object(raw)
    if found is None:
        return sanitize_arguments(raw)
    arguments = sanitize_arguments(found)
    return arguments if isinstance(arguments, dict) else sanitize_arguments(raw)


def find_object(text: str) -> JsonObject | None:
    """The one object that the text means; None where it means none, or more than one."""
    # Many models send an empty text to a tool without parameters.
    return read_object(text) if text.strip() else {}


def read_object(text: str) -> JsonObject | None:
    """As find_object, but an empty text is no object."""
    for _ in range(MAX_QUOTES):
        values = read_values(text)
        if len(values) == 1 and isinstance(values[0], str):
            text = values[0]  # JSON within JSON
            continue
        # Some servers begin with {} and go on with the object, others send the whole object twice.
        said = [value for value in values if value != {}] or values[:1]
        if said and isinstance(said[0], dict) and all(value == said[0] for value in said):
            return said[0]
        break
    return None


def read_values(text: str) -> list[object]:
    """The JSON values of the text, one after the other; none where anything else stands in it."""
    values: list[object] = []
    decoder, position = json.JSONDecoder(), 0
    text = text.strip()
    try:
        while position < len(text):
            value, position = decoder.raw_decode(text, position)
            values.append(value)
            while position < len(text) and text[position].isspace():
                position += 1
    except (ValueError, RecursionError):
        return []
    return values
