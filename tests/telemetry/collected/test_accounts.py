"""Exporters' numbers over several collectors: received and lost are sent, whoever got what."""

import random

from hypothesis import given
from hypothesis import strategies as st

from shorthaul.telemetry.collected.accounts import Account, Accounts
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.numberings import Numbering
from shorthaul.telemetry.netflow.sequences import WORD, Sequence
from shorthaul.telemetry.netflow_lines import NumbersLine

EXPORTER = Sender("10.0.0.9", 2_055)
WINDOW_MILLISECONDS = 60_000


def line(spans, told_ms=0, version=10, boot_ms=0, rule=0, port=2_055):
    return NumbersLine("10.0.0.9", 0, version, told_ms, tuple(spans), port, rule, boot_ms)


class Collecting:
    """Collectors that each keep an account of one exporter, and tell it as spools do."""

    def __init__(self, number, make=Sequence):
        self.sequences = [make() for _ in range(number)]

    def told(self, moment, **given):
        """What all tell of the time since they were asked last."""
        found = []
        for each in self.sequences:
            rule = getattr(each, "rule", 0)
            spans = getattr(each, "told", each).take_spans()
            if spans:
                found.append(line(spans, moment, rule=rule, **given))
        return found


messages = st.lists(
    st.tuples(st.integers(1, 30), st.integers(0, 2), st.booleans(), st.booleans()),
    min_size=2,
    max_size=60,
)
"""Of each: its units, the collector that gets it, whether it is lost, whether windows end here."""


@given(messages, st.integers(0, WORD - 1), st.randoms(use_true_random=False))
def test_nothing_is_lost_but_what_nobody_got(sent, start, chance):
    collecting, accounts, number, moment = Collecting(3), Accounts(), start, 1_000
    sent = [(sent[0][0], sent[0][1], False, False), *sent, (1, 0, False, True)]
    for units, whose, gone, ends in sent:
        if not gone:
            collecting.sequences[whose].see(number % WORD, units)
        number += units
        if ends:
            told = collecting.told(moment, version=5)
            chance.shuffle(told)
            accounts.learn(told)
            moment += WINDOW_MILLISECONDS

    lost = sum(units for units, _, gone, _ in sent if gone)
    assert accounts.total == Account(number - start - lost, lost)


@given(messages, st.integers(0, 2))
def test_a_collector_that_tells_late_fills_what_was_missing_without_it(sent, late):
    collecting, accounts, number, waiting = Collecting(3), Accounts(), 500, []
    sent = [(1, (late + 1) % 3, False, True), *sent, (1, (late + 1) % 3, False, True)]
    for at, (units, whose, _, ends) in enumerate(sent):
        collecting.sequences[whose].see(number, units, boot=77)
        number += units
        if ends:
            for each, told in enumerate(collecting.sequences):
                spans = told.take_spans()
                made = [line(spans, at * WINDOW_MILLISECONDS, version=9, boot_ms=77)] * bool(spans)
                waiting += made if each == late else ()
                accounts.learn(() if each == late else made)

    of_late = sum(units for units, whose, _, _ in sent if whose == late)
    assert accounts.total.lost == of_late
    for each in waiting:
        accounts.learn([each])
    assert accounts.total == Account(number - 500, 0)


def test_a_collector_that_is_gone_for_good_is_missed_from_its_last_window_to_its_successor():
    accounts = Accounts()

    first = accounts.learn([line([(100, 50)], 1_000)])
    second = accounts.learn([line([(180, 20)], 61_000)])

    assert (first, second) == (Account(50, 0), Account(20, 30))
    assert second.share() == 0.6


def test_one_that_was_heard_first_and_tells_last_shows_what_was_lost_between():
    accounts = Accounts()
    accounts.learn([line([(880, 100)], 20_000)])

    accounts.learn([line([(0, 500), (510, 250)], 2_000)])
    accounts.learn([line([(980, 20)], 80_000)])

    assert accounts.total == Account(870, 130)


def test_an_exporter_that_begins_anew_at_another_collector_has_lost_nothing():
    told_by_numbers, told_by_boot = Accounts(), Accounts()

    for accounts, boot in ((told_by_numbers, 0), (told_by_boot, 1_000_000)):
        accounts.learn([line([(5_000, 100)], 1_000, boot_ms=boot)])
        accounts.learn([line([(0, 10)], 61_000, boot_ms=boot and 2_000_000)])
        accounts.learn([line([(10, 10)], 121_000, boot_ms=boot and 2_000_000)])

    assert told_by_numbers.total == told_by_boot.total == Account(120, 0)


def test_what_is_told_of_an_earlier_run_changes_nothing_of_the_present_one():
    accounts = Accounts()
    accounts.learn([line([(5_000, 100)], 1_000, boot_ms=1_000_000)])
    accounts.learn([line([(0, 10)], 61_000, boot_ms=2_000_000)])

    accounts.learn([line([(5_100, 50)], 2_000, boot_ms=1_000_000)])
    accounts.learn([line([(10, 10)], 121_000, boot_ms=2_000_000)])

    assert accounts.total.lost == 0


def test_two_ports_of_one_address_are_two_exporters():
    accounts = Accounts()

    accounts.learn([line([(0, 10)], port=1), line([(500, 10)], port=2)])

    assert accounts.total == Account(20, 0)


@given(st.lists(st.integers(1, 30), min_size=40, max_size=120), st.integers(0, 1_000))
def test_an_exporter_that_numbers_otherwise_loses_nothing_on_its_way_between_collectors(
    sizes, start
):
    chance = random.Random(start)
    taught = Numbering()
    number = start
    for units in (5, 9, 2, 30, 7) * 8:
        number += units
        taught.see(number, units, 0, whole=True)
    collecting, accounts = Collecting(2, lambda: Numbering(taught.known_rule)), Accounts()
    begin = number
    for at, units in enumerate(sizes):
        number += units
        collecting.sequences[chance.randrange(2)].see(number, units, 0, whole=True)
        if at % 10 == 9 or at + 1 == len(sizes):
            accounts.learn(collecting.told(at * WINDOW_MILLISECONDS))

    assert taught.rule == 1
    assert accounts.total.lost == 0 or {each.rule for each in collecting.sequences} != {1}
    assert accounts.total.received >= number - begin - sizes[0]


def test_an_uptime_that_wraps_is_no_restart_and_hides_no_loss():
    accounts = Accounts()

    accounts.learn([line([(0, 10)], 1_000, version=9, boot_ms=1_000_000)])
    later = line([(12, 10)], 61_000, version=9, boot_ms=1_000_000 + WORD)

    assert accounts.learn([later]) == Account(10, 2)
