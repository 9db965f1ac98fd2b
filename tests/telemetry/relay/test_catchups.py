"""Windows wait for what was missed, and for nobody who is gone."""

import pytest

from shorthaul.telemetry.relay.catchups import PATIENCE_SECONDS, QUIET_SECONDS, CatchUp
from shorthaul.traffic.flows import NANOSECONDS

CUT, OPENED = 1000.0, 1010.0


@pytest.fixture
def catch_up():
    made = CatchUp(CUT, OPENED, {"n1", "n2"})
    made.see({"n1", "n2"}, OPENED + 1)
    return made


def newest(**seconds):
    return lambda node: int(seconds.get(node, 0) * NANOSECONDS)


def test_it_is_over_when_every_nodes_flows_have_reached_the_present(catch_up):
    assert not catch_up.is_over(OPENED + 2, newest(n1=OPENED + 1, n2=CUT))
    assert catch_up.is_over(OPENED + 2, newest(n1=OPENED + 1, n2=OPENED))


def test_a_node_with_nothing_more_to_say_is_not_waited_for(catch_up):
    catch_up.hear("n2", OPENED + 3)

    assert not catch_up.is_over(OPENED + 2 + QUIET_SECONDS, newest())
    assert catch_up.is_over(OPENED + 3 + QUIET_SECONDS, newest())


def test_a_node_that_is_not_connected_is_waited_for_with_patience(catch_up):
    catch_up.see({"n1"}, OPENED + 1)
    current = newest(n1=OPENED + 1)

    assert not catch_up.is_over(CUT + PATIENCE_SECONDS, current)
    assert catch_up.is_over(CUT + PATIENCE_SECONDS + 1, current)


def test_before_anybody_is_connected_nothing_is_over():
    assert not CatchUp(CUT, OPENED).is_over(OPENED + 1, newest())
    assert not CatchUp(CUT).is_over(OPENED + 1, newest())
