"""How peers find a way to each other: STUN and TURN servers, candidates, how soon a lost peer is noticed."""

from __future__ import annotations

import asyncio
import functools
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aioice.ice
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceCandidate, RTCIceServer, RTCPeerConnection
from aiortc.rtcicetransport import parse_stun_turn_uri
from aiortc.sdp import candidate_from_sdp

from mien.errors import SettingsError, UsageError
from mien.settings import Settings

CONSENT_INTERVAL_S = 2
CONSENT_FAILURES = 4
"""Checks in a row without an answer, each of which takes 0.5 s to be given up: a lost peer is noticed after about 10 s."""


@dataclass(frozen=True, slots=True)
class IceSettings:
    """Servers that help through firewalls; all empty: only the addresses of this host.

    Raises:
        SettingsError: an address is not one of a STUN or TURN server.
    """

    stun_url: str = ""
    turn_url: str = ""
    turn_username: str = ""
    turn_credential: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for name, url, scheme in (("stun_url", self.stun_url, "stun"), ("turn_url", self.turn_url, "turn")):
            try:
                right = not url or parse_stun_turn_uri(url)["scheme"].startswith(scheme)
            except ValueError:
                right = False
            if not right:
                raise SettingsError(
                    f"The setting {name!r} is not the address of a server: {url!r}.",
                    hint=f"It looks like {scheme}:{scheme}.example.org:3478.",
                )

    @classmethod
    def of(cls, settings: Settings) -> IceSettings:
        return cls(settings.stun_url, settings.turn_url, settings.turn_username, settings.turn_credential)

    def as_dict(self) -> list[dict[str, Any]]:
        """The servers as a browser's `RTCConfiguration.iceServers` wants them."""
        servers: list[dict[str, Any]] = [{"urls": [self.stun_url]}] if self.stun_url else []
        if self.turn_url:
            servers.append(
                {"urls": [self.turn_url], "username": self.turn_username, "credential": self.turn_credential}
            )
        return servers

    def configuration(self) -> RTCConfiguration:
        """For this side's connection."""
        # With another policy, aiortc leaves the second m-line of a kind on a transport that bundling has closed.
        return RTCConfiguration(
            iceServers=[RTCIceServer(**server) for server in self.as_dict()], bundlePolicy=RTCBundlePolicy.MAX_COMPAT
        )


@functools.cache
def prepare_ice() -> None:
    """Sets what aioice has no arguments for; for the whole process, once."""
    aioice.ice.CONSENT_INTERVAL = CONSENT_INTERVAL_S
    aioice.ice.CONSENT_FAILURES = CONSENT_FAILURES
    aioice.ice.get_host_addresses = _or_loopback(aioice.ice.get_host_addresses)


async def close_connection(connection: RTCPeerConnection) -> None:
    """Closes it, and stops what aioice begins when it is closed in the moment in which it connects: consent checks without end."""
    transports = [transceiver.receiver.transport for transceiver in connection.getTransceivers()]
    if connection.sctp is not None:
        transports.append(connection.sctp.transport)
    checking = connection.iceConnectionState == "checking"
    await connection.close()
    if checking:
        # aioice looks every 20 ms whether it is connected.
        await asyncio.sleep(0.05)
    for transport in transports:
        task = transport.transport._connection._query_consent_task
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _or_loopback(host_addresses: Callable[[bool, bool], list[str]]) -> Callable[[bool, bool], list[str]]:
    """On a host without a network, aioice finds no address at all and nothing could connect."""

    @functools.wraps(host_addresses)
    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return host_addresses(use_ipv4, use_ipv6) or ["127.0.0.1"]

    return addresses


def read_candidate(line: str) -> RTCIceCandidate | None:
    """A candidate of SDP ("candidate:…"), or None if it is of no use here.

    Of no use are TCP candidates and the `.local` names of browsers: the browser's own check tells its address, and asking for the
    name would hold up the answer.

    Raises:
        UsageError: it is no candidate.
    """
    text = line.strip().removeprefix("a=").removeprefix("candidate:")
    try:
        candidate = candidate_from_sdp(text)
        useful = candidate.protocol.lower() == "udp" and not candidate.ip.lower().endswith(".local")
        if useful:
            ipaddress.ip_address(candidate.ip)
            if not (0 < candidate.port < 65536 and candidate.type in ("host", "srflx", "prflx", "relay")):
                raise ValueError(candidate)
    except (AssertionError, ValueError) as error:
        raise UsageError(
            f"This is not an ICE candidate: {line[:100]!r}.", hint="Send what the browser gives."
        ) from error
    return candidate if useful else None
