"""The whole API, as its own description tells of it, given all kinds of requests: none may crash the server."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest
import schemathesis

from mien.server.app import create_app
from mien.settings import Settings
from server.conftest import Server, make_dot, start, stop


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own, since its settings will be changed and its jobs deleted; without workers, since jobs need not be done."""
    folder = tmp_path_factory.mktemp("fuzzed")
    make_dot(folder)
    server = start(folder, "serve", "--no-workers", RATE_LIMIT=0)
    yield server
    assert stop(server) == 0


schema = schemathesis.openapi.from_dict(create_app(Settings()).openapi())


@schemathesis.serializer("application/sdp", "application/trickle-ice-sdpfrag", "audio/*", "video/*")
def as_it_is(context: schemathesis.SerializationContext, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


@schema.parametrize()
@hypothesis.settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.filter_too_much],
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)
def test_no_request_crashes_the_server(case: schemathesis.Case, fuzzed: Server):
    response = case.call(base_url=fuzzed.url, timeout=30)
    # 501, 502 and 503 tell of what is not installed, not reachable, or taken.
    assert response.status_code != 500, response.text
    if response.status_code >= 400 and case.method not in ("HEAD", "TRACE"):
        assert response.headers["content-type"][0].startswith("application/problem+json"), response.headers
