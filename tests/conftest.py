"""Loads the fixtures that several folders share."""

from pathlib import Path

import pytest

pytest_plugins = ["controlplane_fixtures", "hubble_fixtures"]

RECORDINGS = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recordings beside the project; skips where it is not there."""
    if not RECORDINGS.is_dir():
        pytest.skip("no recordings in ../shared/data on this machine")
    return RECORDINGS
