"""Clients that speak Pipecat's RTVI over the data channel are understood."""

from __future__ import annotations

from typing import Any

from live.sessions import request, run, texts, until
from mien.live.manager import LiveManager
from mien.settings import Settings


class Talker:
    """Stands for the peer: keeps what is sent to it."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def send(self, message: dict[str, Any]) -> None:
        self.messages.append(message)

    def types(self) -> set[str]:
        return {message.get("type", "") for message in self.messages}


def rtvi(kind: str, **data: Any) -> dict[str, Any]:
    return {"label": "rtvi-ai", "type": kind, "id": "1", "data": data}


def test_it_is_greeted_and_told_what_is_said(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        session._talker = talker = Talker()  # pyright: ignore[reportAttributeAccessIssue]
        await session.message(rtvi("client-ready", version="2.0.0", about={"library": "test"}))
        await until(lambda: "bot-ready" in talker.types())
        await session.message(rtvi("send-text", content="Hello?", options={"run_immediately": True}))
        await until(lambda: any(texts(session)))
        await until(lambda: {"bot-started-speaking", "bot-stopped-speaking"} <= talker.types())
        session._talker = None

    run(settings, test)


def test_nonsense_changes_nothing(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        for message in (
            {},
            {"label": "rtvi-ai"},
            rtvi("nonsense"),
            {"type": "say"},
            {"type": "say", "text": " "},
            {"type": 5},
        ):
            await session.message(message)
        assert session.info().state == "idle"
        await session.message({"type": "say", "text": "Still here.", "mode": "echo"})
        await until(lambda: texts(session) == ["Still here."])
        await session.message(
            {"type": "say", "text": "Never finished, because somebody stops it at once.", "mode": "echo"}
        )
        await until(lambda: session.info().speaking)
        await session.message({"type": "interrupt"})
        await until(lambda: session.info().state == "idle")

    run(settings, test)
