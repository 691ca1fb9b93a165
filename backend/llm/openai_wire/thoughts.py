# llm/openai_wire/thoughts.py -- leaves out of an answer what stands in <think> tags, however the pieces are cut.
import re

_NAMES = r"think|thinking|thought"
_TAG = re.compile(rf"<(/?)(?:{_NAMES})>", re.IGNORECASE)
_CLOSING = re.compile(rf"</(?:{_NAMES})>", re.IGNORECASE)
# What may become a tag with the next piece.
_BEGUN_TAG = re.compile(r"</?[a-z]{0,8}$", re.IGNORECASE)
# A tag behind one of these is quoted: the answer speaks of it.
_QUOTES = frozenset("`'\"“‘«(")


class UntaggedThoughts(Exception):
    """Thoughts without an opening tag were taken for text, and their end has come now."""


class ThoughtFilter:
    """`starts_inside`: the model begins with thoughts and its server leaves out the opening tag."""

    def __init__(self, *, starts_inside: bool = False) -> None:
        self._inside = starts_inside
        self._keeps = starts_inside
        self._untagged: list[str] = []
        self._buffer = ""
        self._shown = ""  # the last line as far as it was shown
        self._has_shown = False
        self._strips = False

    def add(self, text: str, *, final: bool = False) -> str:
        """The part of the text that belongs to the answer; a piece that may begin a tag waits for the next one.

        Raises UntaggedThoughts at a closing tag after text that nothing had opened as thoughts.
        """
        self._buffer += text
        shown: list[str] = []
        while self._buffer and (
            self._skip_thoughts(final) if self._inside else self._take_text(shown, final)
        ):
            pass
        if final and self._inside and self._keeps:
            shown += self._untagged  # no closing tag came: it was the answer
        return "".join(shown)

    def _skip_thoughts(self, final: bool) -> bool:
        """Whether the thoughts end within the buffer."""
        end = _CLOSING.search(self._buffer)
        if end is None:
            begun = None if final else _BEGUN_TAG.search(self._buffer)
            cut = begun.start() if begun else len(self._buffer)
            if self._keeps:
                self._untagged.append(self._buffer[:cut])
            self._buffer = self._buffer[cut:]
            return False
        self._buffer = self._buffer[end.end() :]
        self._inside = self._keeps = False
        self._untagged = []
        self._strips = True
        return True

    def _take_text(self, shown: list[str], final: bool) -> bool:
        """Move text to `shown`; whether there is more to do, behind a tag."""
        if self._strips:  # blank lines between the thoughts and the answer
            self._buffer = self._buffer.lstrip()
            self._strips = not self._buffer
        start = 0
        while tag := _TAG.search(self._buffer, start):
            before = self._buffer[: tag.start()]
            if not tag[1] and self._begins_line(before):
                self._show(shown, before)
                self._inside = True
            elif tag[1] and not self._is_quoted(before):
                if self._has_shown or before.strip():
                    raise UntaggedThoughts
                self._strips = True
            else:
                start = tag.end()
                continue
            self._buffer = self._buffer[tag.end() :]
            return True
        begun = None if final else _BEGUN_TAG.search(self._buffer, start)
        cut = begun.start() if begun else len(self._buffer)
        self._show(shown, self._buffer[:cut])
        self._buffer = self._buffer[cut:]
        return False

    def _show(self, shown: list[str], text: str) -> None:
        if not text:
            return
        shown.append(text)
        self._has_shown = self._has_shown or not text.isspace()
        _, newline, line = text.rpartition("\n")
        self._shown = (line if newline else self._shown + line)[-100:]

    def _begins_line(self, before: str) -> bool:
        _, newline, line = before.rpartition("\n")
        return not (line if newline else self._shown + line).strip()

    def _is_quoted(self, before: str) -> bool:
        return (self._shown + before)[-1:] in _QUOTES
