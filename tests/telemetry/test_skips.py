"""However many reasons input makes up, they are counted in bounded memory."""

from shorthaul.telemetry.hubble_events import Skipped
from shorthaul.telemetry.skips import REASON_LIMIT, Skips
from shorthaul.traffic.graphs import Leftover


def test_reasons_beyond_the_limit_count_together():
    skips = Skips()

    for shown in (False, True):
        for i in range(REASON_LIMIT + 7):
            skips.add(Skipped(f"reason {i}", shown), "events.log", i + 1)
        skips.add(Skipped("reason 0", shown), "later.log", 1)

    assert len(skips.ignored) == REASON_LIMIT + 1
    assert (skips.ignored["reason 0"], skips.ignored["other reasons"]) == (2, 7)
    leftovers = skips.leftovers()
    assert len(leftovers) == REASON_LIMIT + 1
    assert leftovers[0] == Leftover("other reasons", 7, f"events.log:{REASON_LIMIT + 1}")
    assert leftovers[1] == Leftover("reason 0", 2, "events.log:1")


def test_what_has_no_line_number_is_shown_with_where_it_came_from():
    skips = Skips()

    skips.add(Skipped("no response", shown=True), "relay:80")

    assert skips.leftovers() == (Leftover("no response", 1, "relay:80"),)
