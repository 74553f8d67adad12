from __future__ import annotations

import asyncio
import io

import numpy as np
import pytest

from mien.errors import BusyError, MienError, NotFoundError, RateLimitError, RenderError
from mien.live.render import protocol
from mien.types import Phoneme, SpeechChunk


def read(data: bytes) -> list:
    return list(protocol.messages(io.BytesIO(data)))


def kinds(kind: type[MienError] = MienError) -> list[type[MienError]]:
    return [kind, *(one for narrower in kind.__subclasses__() for one in kinds(narrower))]


def test_messages_follow_each_other_and_both_sides_read_them_alike():
    sent = [({"op": "frame", "slot": 3}, b"\0\xff" * 1920), ({"op": "说", "text": "\n"}, b"")]
    data = b"".join(protocol.pack(*message) for message in sent)

    async def received() -> list:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        return [await protocol.receive(reader) for _ in range(3)]

    assert read(data) == sent
    assert asyncio.run(received()) == [*sent, None]


@pytest.mark.parametrize("length", [0, 5])
def test_a_stream_that_is_cut_ends(length: int):
    assert read(protocol.pack({"op": "warm"})[:length]) == []


@pytest.mark.parametrize("phonemes", [None, (), (Phoneme("ə", 0.0, 0.04, 2), Phoneme("", 0.04, 0.05))])
def test_a_chunk_arrives_as_it_was(phonemes: tuple[Phoneme, ...] | None):
    samples = np.random.default_rng(0).normal(size=2000).astype(np.float32)[::2]
    ((head, body),) = read(protocol.pack_chunk(4, 7, SpeechChunk(samples, 22_050, phonemes)))
    chunk = protocol.unpack_chunk(head, body)
    assert (head["op"], head["stream"], head["generation"]) == ("push", 4, 7)
    assert (chunk.sample_rate, chunk.phonemes) == (22_050, phonemes)
    np.testing.assert_array_equal(chunk.samples, samples)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_error_arrives_as_it_was(kind: type[MienError]):
    given = kind(
        "No avatar 'x'.", hint="There is 'y'.", **({} if kind in (BusyError, RateLimitError) else {"retryable": True})
    )
    ((head, _),) = read(protocol.pack_error(1, given))
    error = protocol.unpack_error(head["error"])
    assert type(error) is kind
    assert error.as_dict() == given.as_dict()
    assert vars(error).get("retry_after_s") == vars(given).get("retry_after_s")


def test_an_error_that_is_not_known_is_one_of_the_process():
    fields = NotFoundError("Gone.", hint="Look.").as_dict() | {"code": "of-a-plug-in"}
    error = protocol.unpack_error(fields)
    assert type(error) is RenderError
    assert (error.message, error.hint) == ("Gone.", "Look.")
