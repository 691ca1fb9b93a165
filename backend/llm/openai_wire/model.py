# llm/openai_wire/model.py -- a model behind chat completions: asks, reads, and asks without what was refused.
import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing

import aiohttp
import structlog
from pydantic_core import to_json
from structlog.typing import FilteringBoundLogger

from failure_causes import describe_cause, to_one_line
from llm.context_overflow import is_context_overflow
from llm.openai_wire.failures import ProviderRefusal, explain_refusal
from llm.openai_wire.reader import AnswerReader
from llm.openai_wire.refusals import Part, find_refused_part
from llm.openai_wire.request import RequestBuilder
from llm.openai_wire.sse import ChunkParser, Unreadable
from llm.openai_wire.thoughts import UntaggedThoughts
from llm.openai_wire.transport import Transport, drain_answer
from llm.protocol import ModelError, ModelEvent, ModelRequest, TextDelta
from llm.provider_errors import BROKEN, LATE, UNREADABLE

log: FilteringBoundLogger = structlog.get_logger()

# Once the reason why it ended is there, the rest of an answer (counts, [DONE]) is waited for so long at most.
REST_SECONDS = 5.0
# A line may hold a whole answer, its text escaped.
LINE_ROOM = 64 * 1024


class OpenAiWireModel:
    """To close the iterator of `respond` closes the connection; one that was read to its end is used again.

    `secrets`: cut out of the provider's words in the log.
    """

    def __init__(
        self, name: str, builder: RequestBuilder, transport: Transport, *, secrets: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.transport = transport
        self._builder = builder
        self._secrets = secrets
        self._refused: set[Part] = set()
        self._thinks_first = False

    async def respond(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        try:
            async with aclosing(self._ask(request)) as events:
                async for event in events:
                    yield event
        except ProviderRefusal as refusal:
            raise explain_refusal(refusal, self._secrets) from refusal
        except Unreadable as error:
            raise self._explain(UNREADABLE, error) from error
        except TimeoutError as error:
            raise self._explain(LATE, error) from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._explain(BROKEN, error) from error

    def _explain(self, reason: str, error: Exception) -> ModelError:
        return ModelError(reason, transient=True, cause=describe_cause(error, self._secrets))

    async def _ask(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Each part that the provider refuses is left out, now and from now on."""
        while True:
            body, sent = self._builder.build_body(request, self._refused)
            reader = AnswerReader(request, thinks_first=self._thinks_first)
            try:
                async with aclosing(self._read_answer(to_json(body), reader, request.answer_bytes)) as events:
                    async for event in events:
                        yield event
                return
            except ProviderRefusal as refusal:
                part = None if reader.has_begun else self._find_refused_part(refusal, sent)
                if part is None:
                    raise
                self._refused.add(part)
                log.warning(
                    "the model provider refuses a part of the request: it is asked without from now on",
                    model=self.name,
                    refused=part,
                    cause=to_one_line(refusal.words, self._secrets),
                )
            except UntaggedThoughts as error:
                self._thinks_first = True
                cause = (
                    "the model's thoughts end with a tag that nothing opened: from now on they are left out"
                )
                log.warning("the model sent its thoughts as text", model=self.name, cause=cause)
                raise ModelError(UNREADABLE, transient=True, cause=cause) from error

    def _find_refused_part(self, refusal: ProviderRefusal, sent: set[Part]) -> Part | None:
        if is_context_overflow(refusal.words, refusal.status):
            return None
        part = find_refused_part(refusal, sent)
        return part if part not in self._refused else None

    async def _read_answer(
        self, body: bytes, reader: AnswerReader, answer_bytes: int
    ) -> AsyncGenerator[ModelEvent, None]:
        parser = ChunkParser(2 * answer_bytes + LINE_ROOM)
        async with self.transport.post(body) as response:
            content = response.content
            try:
                while not parser.is_done:
                    data = await (read_rest(content) if reader.has_finish else content.readany())
                    if not data:
                        break
                    for text in read_chunks(parser.add(data), reader):
                        yield TextDelta(text)
                    if not reader.has_finish and (tokens := reader.take_tokens()):
                        yield tokens
            except (aiohttp.ClientError, TimeoutError, OSError):
                if not reader.has_finish:  # else the answer is whole, only its counts are missing
                    raise
            for text in read_chunks(close_parser(parser), reader):
                yield TextDelta(text)
            if text := reader.close():
                yield TextDelta(text)
            if parser.is_empty and not parser.is_done:
                raise Unreadable("the answer holds no JSON")
            for event in read_end(parser, reader):
                yield event
            if parser.is_done and not content.at_eof():
                await drain_answer(response)

    async def close(self) -> None:
        await self.transport.close()


async def read_rest(content: aiohttp.StreamReader) -> bytes:
    async with asyncio.timeout(REST_SECONDS):
        return await content.readany()


def close_parser(parser: ChunkParser) -> Iterator[object]:
    """What is left at the end. A last line without its end was cut; the reader decides whether anything is missing."""
    try:
        yield from parser.close()
    except Unreadable:
        if parser.is_empty:
            raise


def read_end(parser: ChunkParser, reader: AnswerReader) -> Iterator[ModelEvent]:
    """The calls and the end; what an answer has used that is good for nothing."""
    try:
        yield from reader.build_end(is_done=parser.is_done)
    except ModelError:
        if tokens := reader.take_tokens():
            yield tokens
        raise


def read_chunks(chunks: Iterator[object], reader: AnswerReader) -> Iterator[str]:
    """The text of each chunk that has some."""
    for chunk in chunks:
        if text := reader.add(chunk):
            yield text
