"""The fault proxy before the control plane, and the administrator's way through it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faultproxy.proxies import FaultProxy
from testbed import controlplanes


@pytest.fixture
def proxy(control_plane: controlplanes.ControlPlane) -> Iterator[FaultProxy]:
    with FaultProxy(control_plane.server, control_plane.authority) as running:
        yield running


@pytest.fixture
def kubeconfig(
    control_plane: controlplanes.ControlPlane, proxy: FaultProxy, tmp_path: Path
) -> Path:
    """The administrator's kubeconfig by way of the proxy."""
    path = tmp_path / "kubeconfig"
    text = control_plane.kubeconfig.read_text()
    path.write_text(text.replace(control_plane.server, proxy.address))
    return path
