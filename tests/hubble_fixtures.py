"""Fixtures for tests on a real Hubble; tests/conftest.py loads them."""

from __future__ import annotations

import shutil

import pytest

from testbed import binaries


@pytest.fixture(scope="session")
def hubble_programs(request: pytest.FixtureRequest) -> None:
    """Get Relay and agent, showing progress past pytest's capture, or skip where they cannot be."""
    if binaries.present(binaries.HUBBLE):
        return
    if shutil.which("go") is None:
        pytest.skip("no Hubble: neither its programs nor a Go to build them are here")
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        try:
            binaries.find_all(binaries.HUBBLE)
        except binaries.Unavailable as error:
            pytest.skip(f"no Hubble: {error}")
