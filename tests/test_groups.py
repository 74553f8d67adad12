"""Where workers share the tests, those that belong together stay together."""

from __future__ import annotations

import os

import pytest


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="no workers share the tests")
def test_a_worker_knows_the_group_of_a_test(request: pytest.FixtureRequest) -> None:
    assert request.node.nodeid.endswith("@test_groups.py")  # else pytest-xdist cannot change names of this pytest
