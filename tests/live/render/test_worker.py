"""The render process's drawing, in this process: two faces whose pictures one network makes."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

import numpy as np
import pytest

from mien.face.batch import Batch
from mien.live.render import protocol
from mien.live.render.ring import new_file
from mien.live.render.worker import Worker, _Stream  # pyright: ignore[reportPrivateUsage]
from mien.settings import Settings
from mien.types import AvatarFrame, frame_bounds

SIZE = 4, 2


class Network:
    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, shade: np.ndarray) -> np.ndarray:
        self.calls.append(len(shade))
        if (shade < 0).any():
            raise MemoryError
        return np.broadcast_to(shade.astype(np.uint8)[:, None, None, None], (len(shade), SIZE[1], SIZE[0], 3))


class Idler:
    """Never speaks; its pictures are of one shade."""

    fps, size, latency_frames, actions = 25.0, SIZE, 0, ()

    def __init__(self, batch: Batch, shade: float) -> None:
        self._batch, self._shade, self._index = batch, np.array(shade), 0

    def idle_frame(self) -> AvatarFrame:
        first, end = frame_bounds(self._index, self.fps)
        self._index += 1
        return AvatarFrame(self._index - 1, self._batch.ask(self._shade), np.zeros(end - first, np.float32), True)

    def frames(self) -> Iterator[AvatarFrame]:
        yield from ()


@pytest.fixture
def output() -> io.BytesIO:
    return io.BytesIO()


def watching(output: io.BytesIO, network: Network, shades: list[float]) -> Worker:
    worker, batch = Worker(Settings(), output), Batch(network)
    for number, shade in enumerate(shades):
        file, path = new_file()
        worker._streams[number] = _Stream(number, Idler(batch, shade), file)  # pyright: ignore[reportPrivateUsage, reportArgumentType]
        os.close(file)
        path.unlink()
    return worker


def told(output: io.BytesIO) -> list[tuple[str, int]]:
    output.seek(0)
    return [(head["op"], head["stream"]) for head, _ in protocol.messages(output)]


def test_pictures_of_several_faces_are_made_by_one_call(output: io.BytesIO) -> None:
    network = Network()
    worker = watching(output, network, [50, 100, 150])
    assert worker._draw()  # pyright: ignore[reportPrivateUsage]
    assert network.calls == [3]
    assert sorted(told(output)) == [("frame", 0), ("frame", 1), ("frame", 2)]
    assert not worker._draw()  # pyright: ignore[reportPrivateUsage]
    shades = [int(stream.ring[4][0, 0]) for stream in worker._streams.values()]  # pyright: ignore[reportPrivateUsage]
    assert sorted(shades) == sorted(set(shades))  # each has its own


def test_a_face_whose_picture_fails_ends_alone(output: io.BytesIO) -> None:
    network = Network()
    worker = watching(output, network, [50, -1, 150])
    assert worker._draw()  # pyright: ignore[reportPrivateUsage]
    assert sorted(told(output)) == [("failed", 1), ("frame", 0), ("frame", 2)]
    assert sorted(worker._streams) == [0, 2]  # pyright: ignore[reportPrivateUsage]
