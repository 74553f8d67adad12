"""Picture against sound in Chromium, by its own estimate: what its lip-sync works with."""

from __future__ import annotations

import shutil
from typing import Any

import httpx
import numpy as np
from playwright.sync_api import sync_playwright

from mien.live.bench.crowd import TEXT

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
]

WATCH = """async (session) => {
    const peer = new RTCPeerConnection();
    const media = new MediaStream();
    const video = document.createElement('video');
    Object.assign(video, {autoplay: true, playsInline: true, srcObject: media});
    document.body.append(video);
    peer.ontrack = event => media.addTrack(event.track);
    peer.addTransceiver('audio', {direction: 'recvonly'});
    peer.addTransceiver('video', {direction: 'recvonly'});
    await peer.setLocalDescription(await peer.createOffer());
    const headers = {'Content-Type': 'application/sdp'};
    const answer = await fetch(`/whep/${session}`, {method: 'POST', headers, body: peer.localDescription.sdp});
    await peer.setRemoteDescription({type: 'answer', sdp: await answer.text()});
    window.peer = peer;
}"""

STATS = """async () => {
    const found = {};
    for (const [, one] of await window.peer.getStats())
        if (one.type === 'inbound-rtp') found[one.kind] = {
            playout: one.estimatedPlayoutTimestamp, frames: one.framesDecoded, dropped: one.framesDropped,
            freezes: one.freezeCount, delay: one.jitterBufferDelay / one.jitterBufferEmittedCount};
    return found;
}"""


def chromium(url: str, seconds: int, avatar: str) -> dict[str, Any]:
    """Watches a speaking session.

    Returns:
        "offset_ms": picture minus sound, each second; positive: the picture is later. "converged_ms": the median of the last third.
    """
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        return {"left out": "no Chromium here"}
    with httpx.Client(base_url=url, timeout=60) as api, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        session = api.post("/api/v1/live/sessions", json={"avatar": avatar}).raise_for_status().json()["id"]
        try:
            page = browser.new_page(base_url=url)
            page.goto("/")
            page.evaluate(WATCH, session)
            api.post(f"/api/v1/live/sessions/{session}/say", json={"text": (TEXT * 20)[:9000]}).raise_for_status()
            offsets, last = [], {}
            for _ in range(seconds):
                page.wait_for_timeout(1000)
                last = page.evaluate(STATS)
                if all(last.get(kind, {}).get("playout") for kind in ("audio", "video")):
                    offsets.append(round(last["audio"]["playout"] - last["video"]["playout"], 1))
        finally:
            browser.close()
            api.delete(f"/api/v1/live/sessions/{session}")
    tail = offsets[-max(1, len(offsets) // 3) :]
    return {
        "seconds": seconds,
        "offset_ms": offsets,
        "converged_ms": round(float(np.median(tail)), 1) if tail else None,
        "goal_ms": 40,
        "video": last.get("video"),
        "audio": last.get("audio"),
    }
