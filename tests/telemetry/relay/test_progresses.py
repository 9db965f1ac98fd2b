"""Whatever is sent again, in whatever pieces: each report counts once and none is left out."""

from hypothesis import given
from hypothesis import strategies as st

from shorthaul.telemetry.relay.progresses import OVERLAP_NANOSECONDS, Progress
from shorthaul.telemetry.relay.responses import Report
from shorthaul.traffic.flows import NANOSECONDS

START = 1_760_000_000 * NANOSECONDS
NEVER = 1 << 62


def report(node, seconds, key=0):
    return Report(node, START + int(seconds * NANOSECONDS), key)


def taken(progress, reports):
    return [each for each in reports if progress.is_new(each, NEVER)]


timed = st.tuples(st.sampled_from(["n1", "n2", "n3"]), st.integers(0, 300), st.integers(0, 5)).map(
    lambda it: report(*it)
)


@given(st.sets(timed, max_size=80), st.lists(st.integers(0, 80), max_size=4))
def test_a_stream_cut_anywhere_and_begun_again_gives_every_report_once(reports, cuts):
    stream = sorted(reports, key=lambda each: (each.time_nanoseconds, each.node, each.key))
    progress, found = Progress(START), []

    for cut in [*cuts, len(stream)]:
        since = progress.since()
        found += taken(progress, [it for it in stream if it.time_nanoseconds >= since][:cut])

    assert sorted(found) == sorted(reports)


@given(st.sets(timed, min_size=1, max_size=40), st.data())
def test_one_node_that_is_sent_anew_by_itself_doubles_nothing(reports, data):
    stream = sorted(reports, key=lambda each: each.time_nanoseconds)
    node = data.draw(st.sampled_from(sorted({each.node for each in stream})))
    progress = Progress(START)
    taken(progress, stream)

    assert taken(progress, [each for each in stream if each.node == node]) == []


def test_reports_a_little_out_of_order_are_all_taken():
    progress = Progress(START)
    seconds = OVERLAP_NANOSECONDS / NANOSECONDS

    assert progress.is_new(report("n1", 100), NEVER)
    assert progress.is_new(report("n1", 100 - seconds), NEVER)
    assert not progress.is_new(report("n1", 100 - 2 * seconds), NEVER)


def test_a_report_from_the_future_proves_nothing_about_those_before():
    progress = Progress(START)

    assert progress.is_new(report("n1", 10_000), START + 60 * NANOSECONDS)
    assert progress.is_new(report("n1", 1), START + 60 * NANOSECONDS)
    assert progress.newest("n1") == START + NANOSECONDS


def test_only_the_keys_of_the_overlap_are_kept():
    progress = Progress(START)
    taken(progress, [report("n1", i) for i in range(3600)])

    assert sum(map(len, progress._nodes["n1"].keys.values())) <= 20


def test_a_silent_node_holds_the_beginning_back_no_further_than_anybody_wants():
    progress = Progress(START)
    taken(progress, [report("n1", 1000), report("idle", 1)])
    wanted = START + 500 * NANOSECONDS

    assert progress.since() == START
    progress.forget(wanted)
    assert progress.since() == START + 1000 * NANOSECONDS - OVERLAP_NANOSECONDS
    assert not progress.is_new(report("idle", 1), NEVER)
