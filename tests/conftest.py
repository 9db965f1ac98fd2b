"""Loads the fixtures that several folders share."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A law is no slower to hold on a busy machine: nothing here goes by the clock.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

pytest_plugins = ["controlplane_fixtures", "hubble_fixtures"]

RECORDINGS = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recordings beside the project; skips where it is not there."""
    if not RECORDINGS.is_dir():
        pytest.skip("no recordings in ../shared/data on this machine")
    return RECORDINGS
