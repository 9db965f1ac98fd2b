"""What the shop's own tests on real nodes need; skips with the reason where it is not there."""

import os

import pytest

import built_programs
from realnodes import bringups, needs
from realshop import pythons
from testbed import binaries


@pytest.fixture(scope="session")
def real_nodes(request):
    """Real nodes can be made here, and helm and the agent of bytes are there."""
    _get(request, install=False)


@pytest.fixture(scope="session")
def real_nodes_or_packages(request):
    """As before, and what is missing of Debian's packages is unpacked into the user's cache."""
    _get(request, install=True)


def _get(request, *, install):
    try:
        needs.check("ptp", install=install)
    except needs.Missing as error:
        pytest.skip(str(error))
    programs = (*bringups.programs_for("ptp"), "helm", binaries.NETOBSERV_AGENT)
    built_programs.get(programs, request, "no real nodes: no Go to build their programs")


@pytest.fixture(scope="session")
def image_parts():
    """Images can be made here and run apart from the machine."""
    if os.geteuid() != 0:
        pytest.skip("an image's entry point is run as another user, which needs root")
    try:
        pythons.layer()
    except pythons.Unavailable as error:
        pytest.skip(str(error))
