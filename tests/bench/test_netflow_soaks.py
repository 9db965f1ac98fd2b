"""The soak in short: more than a collector can take, and every record accounted for."""

from dataclasses import replace

import pytest

from benchmarks import commands, netflow_senders, netflow_soaks
from benchmarks.netflow_soaks import Outcome, Soak

SMALL_BYTES = 1 << 14
"""A buffer that has no room for what one call sends, however fast somebody reads."""
GOOD = Outcome(
    shape="v9",
    seconds=1.0,
    asked_times=2.0,
    rated_records_per_second=100.0,
    sent_records_per_second=200.0,
    counted_records_per_second=98.0,
    counted_records_per_cpu_second=300.0,
    sent_records=320,
    counted_records=256,
    sent_units=10,
    received_units=8,
    lost_units=2,
    unreadable_units=0,
    restarts=0,
    sent_datagrams=10,
    taken_datagrams=8,
    dropped_datagrams=2,
    records_per_unit=32,
)


@pytest.mark.parametrize("shape", ["v9", "ipfix", "v5", "ipfix-single"])
def test_what_is_sent_is_received_or_declared_lost_exactly(shape):
    [outcome] = netflow_soaks.run([Soak(shape, 0.5, 2.0, 1, SMALL_BYTES)], results=None)

    assert outcome.faults == ()
    assert 0 < outcome.counted_records <= outcome.sent_records
    assert outcome.dropped_datagrams > 0
    assert outcome.sent_datagrams > netflow_senders.EXPORTERS * netflow_senders.WRAP_AFTER_MESSAGES


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"lost_units": 1}, "received + lost + unreadable units are 9, not 10"),
        ({"dropped_datagrams": 1}, "taken + dropped datagrams are 9, not 10"),
        ({"counted_records": 255}, "counted + lost records are 319, not 320"),
        ({"restarts": 1}, "restarts are 1, not 0"),
    ],
)
def test_an_account_that_does_not_add_up_is_told_with_its_numbers(wrong, told):
    assert GOOD.faults == ()
    assert told in replace(GOOD, **wrong).faults


def test_a_soak_that_does_not_reach_its_multiple_says_so():
    slow = replace(GOOD, sent_records_per_second=190.0)

    assert GOOD.shortfalls == ()
    assert slow.shortfalls == ("sent at 1.90 times the rated speed, not 2",)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({}, None),
        ({"sent_records_per_second": 190.0}, "  v9: sent at 1.90 times the rated speed, not 2"),
        ({"restarts": 1}, "  v9: restarts are 1, not 0"),
    ],
)
def test_a_soak_is_good_when_its_accounts_hold_at_the_multiple_that_was_asked_for(wrong, told):
    lines = []

    good = netflow_soaks.show([replace(GOOD, **wrong)], lines.append)

    assert good == (told is None)
    assert lines[2:] == ([told] if told else [])


@pytest.mark.parametrize("seconds", ["0", "-1", "86400", "x"])
def test_a_soak_without_an_end_is_refused(seconds, capsys):
    with pytest.raises(SystemExit):
        commands.main(["soak", "--seconds", seconds])

    assert "--seconds" in capsys.readouterr().err
