"""A flow whose time is no time is told as such, not as one that was read before."""

import pytest

from shorthaul.telemetry.batches import Batch, Totals
from shorthaul.telemetry.relay.channels import Server
from shorthaul.telemetry.relay.hubble_relay import HubbleRelay
from shorthaul.telemetry.relay.progresses import Progress
from shorthaul.traffic.flows import NANOSECONDS
from telemetry import export_lines
from telemetry.relay import messages_made

NOW = export_lines.START_SECONDS + 60


def told(event):
    """What a source that began a minute ago makes of one flow."""
    source, totals = HubbleRelay(Server("relay:80"), kept_seconds=1800), Totals()
    progress = Progress(export_lines.START_SECONDS * NANOSECONDS)
    raw = messages_made.raw(export_lines.encode(event))
    source._take(raw, NOW, progress, Batch(totals))
    return totals


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        (None, "flow with no time"),
        (
            "1970-01-01T00:00:07Z",
            "flow with time '1970-01-01T00:00:07Z' that is not between 2000 and 2100",
        ),
    ],
)
def test_a_flow_with_no_usable_time_is_told_as_such(time, reason):
    event = export_lines.event("shop/web-1", "shop/cart-1", uuid="u")
    del event["time"], event["flow"]["time"]
    if time is not None:
        event["flow"]["time"] = time

    totals = told(event)

    [leftover] = totals.skips.leftovers()
    assert (leftover.reason, leftover.records) == (reason, 1)
    assert (totals.lines, totals.bad_lines) == (1, 1)
    assert not totals.skips.ignored


def test_a_flow_from_before_the_start_is_still_read_before():
    totals = told(export_lines.event("shop/web-1", "shop/cart-1", -60, uuid="u"))

    assert totals.skips.ignored == {"read before (the stream was begun again)": 1}
    assert not totals.skips.leftovers()
