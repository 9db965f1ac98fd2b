"""Fixtures of the installed chart; a test module takes them by `pytest_plugins`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chart import releases


@pytest.fixture(scope="session")
def helm_offline(
    control_plane_programs: None, tmp_path_factory: pytest.TempPathFactory
) -> releases.Helm:
    """Return the real helm without any cluster."""
    return releases.Helm(tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def release(
    control_plane_programs: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[releases.Release]:
    """Return the chart installed on a control plane of its own, shared by all tests."""
    for started in releases.start(tmp_path_factory.mktemp("helm")):
        releases.install(started)
        yield started
