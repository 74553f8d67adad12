from __future__ import annotations

import pytest
from aiortc.rtcicetransport import connection_kwargs

from mien.errors import SettingsError, UsageError
from mien.live.edge.ice import IceSettings, read_candidate
from mien.settings import Settings


def test_without_servers_only_this_host_is_used() -> None:
    ice = IceSettings.of(Settings())
    assert ice.as_dict() == []
    assert connection_kwargs(ice.configuration().iceServers or []) == {}


def test_servers_reach_browser_and_connection() -> None:
    settings = Settings(
        stun_url="stun:a.example:3478",
        turn_url="turn:b.example:5349?transport=tcp",
        turn_username="me",
        turn_credential="secret",
    )
    ice = IceSettings.of(settings)
    assert ice.as_dict() == [
        {"urls": ["stun:a.example:3478"]},
        {"urls": ["turn:b.example:5349?transport=tcp"], "username": "me", "credential": "secret"},
    ]
    assert "secret" not in repr(ice)
    arguments = connection_kwargs(ice.configuration().iceServers or [])
    assert arguments["stun_server"] == ("a.example", 3478)
    assert arguments["turn_server"] == ("b.example", 5349)
    assert (arguments["turn_username"], arguments["turn_password"]) == ("me", "secret")


@pytest.mark.parametrize("url", ["http://a.example", "a.example", "turn:a.example", "stun:", "stun:a?transport=udp"])
def test_wrong_addresses_of_servers_are_named(url: str) -> None:
    with pytest.raises(SettingsError, match="stun_url"):
        IceSettings(stun_url=url)


def test_candidates_are_read() -> None:
    read = read_candidate(
        "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.0.1 rport 5 generation 0"
    )
    assert read is not None
    assert (read.ip, read.port, read.type) == ("203.0.113.7", 46154, "srflx")
    assert read_candidate("a=candidate:1 1 UDP 1 2001:db8::1 5000 typ host") is not None
    assert read_candidate("candidate:1 1 tcp 1 10.0.0.1 9 typ host tcptype active") is None
    assert read_candidate("candidate:1 1 udp 1 4f1c.local 5000 typ host") is None


@pytest.mark.parametrize(
    "line",
    [
        "candidate:",
        "candidate:1 1 udp x 10.0.0.1 5000 typ host",
        "candidate:1 1 udp 1 example.org 5000 typ host",
        "candidate:1 1 udp 1 10.0.0.1 0 typ host",
        "candidate:1 1 udp 1 10.0.0.1 5000 typ ghost",
    ],
)
def test_nonsense_is_no_candidate(line: str) -> None:
    with pytest.raises(UsageError):
        read_candidate(line)
