"""Programs that tests need and that are built on first use."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

import pytest

from testbed import binaries


def get(names: Sequence[str], request: pytest.FixtureRequest, without_go: str) -> None:
    """Get programs, showing progress past pytest's capture; skip where there is no Go for them."""
    if binaries.present(names):
        return
    if shutil.which("go") is None:
        pytest.skip(without_go)
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        binaries.find_all(names)
