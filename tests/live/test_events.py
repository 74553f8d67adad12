"""The event log feeds any number of readers, also late ones."""

import asyncio

from mien.live.events import KEPT, EventLog


async def ids(log: EventLog, after: int | None) -> list[int]:
    return [event.id async for event in log.read(after)]


def test_a_reader_gets_what_happens_until_the_end():
    async def run() -> list[int]:
        log = EventLog()
        reader = asyncio.create_task(ids(log, None))
        await asyncio.sleep(0)
        for _ in range(3):
            log.add("state", state="idle")
            await asyncio.sleep(0)
        log.add("closed", reason="test")
        return await asyncio.wait_for(reader, 2)

    assert asyncio.run(run()) == [1, 2, 3, 4]


def test_a_reader_that_was_cut_off_goes_on_where_it_was():
    async def run() -> list[int]:
        log = EventLog()
        for _ in range(5):
            log.add("state", state="idle")
        log.add("closed", reason="test")
        return await asyncio.wait_for(ids(log, 3), 2)

    assert asyncio.run(run()) == [4, 5, 6]


def test_a_new_reader_of_a_closed_session_ends_at_once():
    async def run() -> list[int]:
        log = EventLog()
        log.add("closed", reason="test")
        return await asyncio.wait_for(ids(log, None), 2)

    assert asyncio.run(run()) == []


def test_an_id_from_the_future_does_not_hang_a_closed_log():
    async def run() -> list[int]:
        log = EventLog()
        log.add("closed", reason="test")
        return await asyncio.wait_for(ids(log, 1000), 2)

    assert asyncio.run(run()) == []


def test_only_the_last_events_are_kept():
    async def run() -> list[int]:
        log = EventLog()
        for _ in range(KEPT + 10):
            log.add("state", state="idle")
        log.add("closed", reason="test")
        return await asyncio.wait_for(ids(log, 0), 2)

    found = asyncio.run(run())
    assert len(found) == KEPT
    assert found[-1] == KEPT + 11


def test_after_the_end_nothing_is_added():
    async def run() -> list[int]:
        log = EventLog()
        log.add("closed", reason="test")
        log.add("state", state="idle")
        return await asyncio.wait_for(ids(log, 0), 2)

    assert asyncio.run(run()) == [1]


def test_two_readers_get_the_same():
    async def run() -> list[list[int]]:
        log = EventLog()
        readers = [asyncio.create_task(ids(log, 0)) for _ in range(2)]
        await asyncio.sleep(0)
        log.add("state", state="idle")
        log.add("closed", reason="test")
        return await asyncio.wait_for(asyncio.gather(*readers), 2)

    assert asyncio.run(run()) == [[1, 2], [1, 2]]
