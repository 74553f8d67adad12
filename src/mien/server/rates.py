"""How often somebody may ask: token buckets in memory, one for each key."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Hashable

from starlette.types import Scope

from mien.errors import RateLimitError

KEPT = 10_000
"""Keys that are remembered; the one that asked longest ago is forgotten first."""

_MINUTE_S = 60.0


class Rates:
    """Each key may ask so many times at once, and as many again within every minute."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable, per_minute: int) -> None:
        """One more time.

        Raises:
            RateLimitError: that is too often.
        """
        self._buckets[key] = (self.check(key, per_minute) - 1, time.monotonic())
        self._buckets.move_to_end(key)
        while len(self._buckets) > KEPT:
            self._buckets.popitem(last=False)

    def check(self, key: Hashable, per_minute: int) -> float:
        """How many times are left.

        Raises:
            RateLimitError: none.
        """
        left, since = self._buckets.get(key, (float(per_minute), 0.0))
        left = min(float(per_minute), left + (time.monotonic() - since) / _MINUTE_S * per_minute)
        if left < 1:
            wait_s = max(1, math.ceil((1 - left) / per_minute * _MINUTE_S))
            raise RateLimitError("Too many requests.", hint=f"Wait {wait_s} s.", retry_after_s=wait_s)
        return left


def address_of(scope: Scope) -> str:
    """Where a request comes from; of an IPv6 address the network, of which one machine has all addresses."""
    host = (scope.get("client") or ("", 0))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
