"""Fixtures for tests on a real Hubble; tests/conftest.py loads them."""

from __future__ import annotations

import pytest

import built_programs
from testbed import binaries


@pytest.fixture(scope="session")
def hubble_programs(request: pytest.FixtureRequest) -> None:
    """Get Relay and agent, showing progress past pytest's capture, or skip where they cannot be."""
    try:
        built_programs.get(
            binaries.HUBBLE,
            request,
            "no Hubble: neither its programs nor a Go to build them are here",
        )
    except binaries.Unavailable as error:
        pytest.skip(f"no Hubble: {error}")
