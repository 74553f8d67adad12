"""What an SDP offer asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from aiortc.sdp import SessionDescription

from mien.errors import UsageError
from mien.live.edge.ice import read_candidate

Direction: TypeAlias = Literal["inactive", "sendonly", "recvonly", "sendrecv"]

Role: TypeAlias = Literal["audio", "video", "microphone"]

_MAX_SECTIONS = 16
"""m-lines; each costs a socket until they are bundled."""

_MAX_CANDIDATES = 100
_MAX_LENGTH = 200_000


@dataclass(frozen=True, slots=True)
class Section:
    """One m-line.

    Args:
        mid: its name.
        kind: "audio", "video", "application" …
        receives: the other side wants media.
        sends: the other side has media.
    """

    mid: str
    kind: str
    receives: bool
    sends: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that was read.

    Args:
        sdp: without the candidates that are of no use.
        sections: its m-lines in their order, of any number and kinds.
        ice_user: changes when ICE is restarted.
    """

    sdp: str
    sections: tuple[Section, ...]
    ice_user: str

    def roles(self, *, listen: bool) -> dict[Role, str]:
        """Which m-line carries what: the first of its kind that fits."""
        found: dict[Role, str] = {}
        for section in self.sections:
            if section.receives and section.kind == "audio":
                found.setdefault("audio", section.mid)
            elif section.receives and section.kind == "video":
                found.setdefault("video", section.mid)
            if listen and section.sends and section.kind == "audio":
                found.setdefault("microphone", section.mid)
        return found


def direction(roles: dict[Role, str], mid: str | None) -> Direction:
    """Of an m-line, seen from this side."""
    gives = mid in (roles.get("audio"), roles.get("video"))
    takes = mid == roles.get("microphone")
    if gives and mid is not None:
        return "sendrecv" if takes else "sendonly"
    return "recvonly" if takes else "inactive"


def read_offer(sdp: str) -> Offer:
    """Reads an offer.

    Raises:
        UsageError: it is too large, or has a candidate that is none.
        ValueError, LookupError, AssertionError, AttributeError, TypeError: it is malformed.
    """
    if len(sdp) > _MAX_LENGTH:
        raise UsageError("The SDP offer is too large.", hint=f"At most {_MAX_LENGTH} characters.")
    text = _useful(sdp)
    try:
        description = SessionDescription.parse(text)
    except StopIteration as error:
        # From a codec without a name; a coroutine may not let it through.
        raise ValueError("a codec without a name") from error
    if not 0 < len(description.media) <= _MAX_SECTIONS:
        raise UsageError(
            f"The SDP offer has {len(description.media)} m-lines.", hint=f"Offer 1 to {_MAX_SECTIONS} of them."
        )
    _check(description)
    sections = tuple(
        Section(
            mid=media.rtp.muxId,
            kind=media.kind,
            receives=media.direction in ("recvonly", "sendrecv"),
            sends=media.direction in ("sendonly", "sendrecv"),
        )
        for media in description.media
    )
    ice = description.media[0].ice
    return Offer(text, sections, (ice.usernameFragment or "") if ice else "")


def _check(description: SessionDescription) -> None:
    """Refuses what would leave aiortc's connection in a state in which it cannot even be closed."""
    mids = [media.rtp.muxId for media in description.media]
    kinds = [media.kind for media in description.media]
    bundled = [mid for group in description.group if group.semantic == "BUNDLE" for mid in group.items]
    if len(set(mids)) < len(mids) or not set(bundled) <= set(mids):
        raise ValueError("m-lines that are not told apart")
    if not set(kinds) <= {"audio", "video", "application"} or kinds.count("application") > 1:
        raise ValueError("m-lines of another kind")
    for media in description.media:
        if media.ice is None or media.dtls is None or not media.dtls.fingerprints:
            raise ValueError("an m-line without a way to connect")


def _useful(sdp: str) -> str:
    """Without candidates that are of no use and without the end of candidates: more become known through the checks."""
    lines: list[str] = []
    candidates = 0
    for line in sdp.splitlines():
        if line.startswith("a=end-of-candidates"):
            continue
        if line.startswith("a=candidate:"):
            candidates += 1
            if candidates > _MAX_CANDIDATES or read_candidate(line) is None:
                continue
        lines.append(line)
    return "\r\n".join(lines) + "\r\n"
