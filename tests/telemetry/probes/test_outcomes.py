"""What came of probes, and what is told of them."""

import pytest

from shorthaul.errors import BadInput
from shorthaul.telemetry.probes import outcomes, reports
from shorthaul.telemetry.probes.outcomes import Outcome, Outcomes, Probe


def answered(*milliseconds, at=0.0):
    return [Probe(at, Outcome.ANSWERED, each) for each in milliseconds]


def kept(probes, peer="10.0.0.1", seconds=100.0):
    found = Outcomes(seconds)
    for probe in probes:
        found.add(peer, probe)
    return found


def test_losses_are_counted_beside_latencies():
    found = kept([*answered(3.0, 1.0, 2.0), Probe(9.0, Outcome.TIMEOUT)])

    (summary,) = found.summaries(10.0, 9).values()

    assert (summary.probes, summary.failures) == (4, {Outcome.TIMEOUT: 1})
    assert (summary.least, summary.median, summary.p99) == (1.0, 2.0, 3.0)


def test_latencies_are_as_old_as_the_newest_answer():
    late = [Probe(9.0, Outcome.TIMEOUT)]
    (told,) = kept([*answered(1.0), *answered(2.0, at=4.0), *late]).summaries(10.0, 9).values()
    (lost,) = kept(late).summaries(10.0, 9).values()

    assert (told.age_seconds, lost.age_seconds) == (6.0, 1.0)


def test_without_an_answer_there_is_no_latency():
    (summary,) = kept([Probe(0.0, Outcome.REFUSED)]).summaries(0.0, 9).values()

    assert (summary.least, summary.median, summary.p99) == (None, None, None)


def test_old_probes_do_not_count():
    found = kept([*answered(1.0), *answered(5.0, at=90.0)])
    found.expire(150.0)
    (summary,) = found.summaries(150.0, 9).values()

    assert (summary.probes, summary.least) == (1, 5.0)
    found.expire(300.0)
    assert found.summaries(300.0, 9) == {}


def test_memory_is_bounded_and_the_peer_probed_longest_ago_makes_room(monkeypatch):
    monkeypatch.setattr(outcomes, "MOST_PEERS", 3)
    found = Outcomes(100.0)
    for peer in "abca":
        found.add(peer, *answered(1.0))
    for _ in range(200):
        found.add("d", *answered(1.0))

    told = found.summaries(0.0, 9)

    assert list(told) == ["d", "a", "c"]
    assert told["d"].probes == outcomes.MOST_PROBES_PER_PEER
    assert list(found.summaries(0.0, 1)) == ["d"]


def test_a_report_tells_what_its_reader_takes():
    found = kept([*answered(1.23456, 2.0), Probe(0.0, Outcome.UNREACHABLE)])

    report = reports.decode(reports.encode("n1", found.summaries(2.5, 9)))

    assert report.node == "n1"
    (peer,) = report.peers
    assert (peer.address, peer.probes, peer.unreachable, peer.timeouts) == ("10.0.0.1", 3, 1, 0)
    assert (peer.least_milliseconds, peer.median_milliseconds) == (1.2346, 1.2346)
    assert (peer.p99_milliseconds, peer.age_seconds) == (2.0, 2.5)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"peers":[{"address":"10.0.0.1","probes":-1,"ageSeconds":0}]}',
        b'{"peers":[{"address":"10.0.0.1","probes":1,"ageSeconds":-5}]}',
        b'{"peers":[{"address":"10.0.0.1","probes":1,"ageSeconds":0,"leastMilliseconds":-1}]}',
        b'{"peers":[{"address":"10.0.0.1","probes":1,"ageSeconds":0,"leastMilliseconds":1e9}]}',
        b'{"peers":[{"address":"10.0.0.1","probes":1,"ageSeconds":0,"leastMilliseconds":NaN}]}',
        b'{"peers":[{"address":"' + b"1" * 65 + b'","probes":1,"ageSeconds":0}]}',
        b'{"peers":' + b"[" * 2000 + b"]" * 2000 + b"}",
    ],
)
def test_what_is_no_report_is_refused_in_one_line(body):
    with pytest.raises(BadInput, match="no report of a prober") as caught:
        reports.decode(body)

    assert "\n" not in str(caught.value)
