"""Windows of bytes count once, in any order, and what is cut off is not lost."""

from dataclasses import replace

from hypothesis import given, strategies

from shorthaul.traffic import anchors
from shorthaul.traffic.volume_recorders import EARLY, LATE, OFF_GRID, VolumeRecorder, bounded
from shorthaul.traffic.volumes import Left, Sent, Volume
from traffic import volume_worlds as worlds
from traffic.volume_worlds import NOW, RULES, patient, volume


def recorded(told, now=NOW):
    recorder = VolumeRecorder(RULES)
    for source, each in told:
        recorder.add(source, each, now)
    return recorder


@patient
@given(worlds.told, strategies.randoms(use_true_random=False))
def test_neither_order_nor_repetition_of_windows_matters(told, random):
    again = [*told, *told]
    random.shuffle(again)

    assert recorded(told).windows(NOW) == recorded(again).windows(NOW)


@patient
@given(worlds.told)
def test_a_source_keeps_its_newest_windows_only(told):
    for windows in recorded(told).windows(NOW).values():
        assert len(windows) <= RULES.kept_windows
        assert all(window.start_seconds >= NOW - 40 for window in windows)


@patient
@given(worlds.volumes, strategies.integers(0, 5))
def test_of_too_many_edges_the_largest_stay_and_no_byte_is_lost(drawn, most):
    kept = bounded(drawn, most)

    assert len(kept.edges) <= most
    assert kept.billed_bytes + kept.left_bytes == drawn.billed_bytes + drawn.left_bytes
    dropped = [sent.bytes for ends, sent in drawn.edges.items() if ends not in kept.edges]
    assert all(sent.bytes >= size for sent in kept.edges.values() for size in dropped)


def test_traffic_with_a_place_pushes_no_edge_between_pods_out_of_a_window():
    drawn = volume(990, ("web", "db", 9, 0))
    office = worlds.workload("web"), anchors.vertex("office")

    kept = bounded(replace(drawn, edges={office: Sent(90), **drawn.edges}), 1)

    assert kept.edges == drawn.edges
    assert kept.left_bytes == 90


def test_a_window_that_turns_out_to_be_whole_replaces_the_one_that_was_not():
    part, whole = volume(990, ("web", "db", 9, 0), complete=False), volume(990, ("web", "db", 5, 0))

    for told in ([part, whole], [whole, part]):
        assert recorded([("one", each) for each in told]).windows(NOW) == {"one": (whole,)}


def test_a_later_revision_counts_whatever_it_says():
    whole = replace(volume(990, ("web", "db", 9, 0)), revision=1)
    part = replace(volume(990, ("web", "db", 5, 0), complete=False), revision=2)

    for told in ([whole, part], [part, whole]):
        recorder = VolumeRecorder(RULES)
        for each in told:
            recorder.add("one", each, NOW)
        assert recorder.windows(NOW) == {"one": (part,)}


def test_what_is_told_again_is_nothing_new():
    recorder = VolumeRecorder(RULES)

    assert recorder.add("one", volume(990, ("web", "db", 9, 0)), NOW)
    assert not recorder.add("one", volume(990, ("web", "db", 9, 0)), NOW)


def test_windows_of_another_grid_from_the_future_and_from_long_ago_are_refused_by_reason():
    recorder = recorded(
        [
            ("one", Volume(start_seconds=980, seconds=20)),
            ("one", volume(1_000)),
            ("one", volume(950)),
            ("one", volume(960)),
        ]
    )

    assert recorder.refused == {OFF_GRID: 1, EARLY: 1, LATE: 1}
    assert [window.start_seconds for window in recorder.windows(NOW)["one"]] == [960]


def test_after_an_outage_the_windows_from_before_it_are_no_recent_ones():
    recorder = recorded([("one", volume(start)) for start in (960, 970, 980, 990)])
    recorder.add("one", volume(9_990), 10_000)

    assert recorder.windows(10_000) == {"one": (volume(9_990),)}


def test_a_source_that_fell_silent_has_its_newest_whole_window_only():
    silent, part = volume(980), volume(9_990, complete=False)
    recorder = recorded([("one", each) for each in (volume(970), silent)])
    told = recorder.windows(10_000)
    recorder.add("one", part, 10_000)

    assert told == {"one": (silent,)}
    assert recorder.windows(10_000) == {"one": (silent, part)}


def test_a_source_that_is_forgotten_says_nothing_any_more():
    recorder = recorded([("one", volume(990)), ("other", volume(990))])

    recorder.forget("one")

    assert list(recorder.windows(NOW)) == ["other"]


def test_of_two_tellings_the_one_with_more_between_pods_stays_whatever_places_carry():
    """Both tell of as many bytes; without names those of the place are left by a reason."""
    office = worlds.workload("web"), anchors.vertex("office")

    def told(between, outside, left, named):
        drawn = volume(990, ("web", "db", between, 0), left=[("lost", left)])
        if named:
            return replace(drawn, edges={**drawn.edges, office: Sent(outside)})
        return replace(drawn, leftovers=(*drawn.leftovers, Left("world", outside)))

    for named in (True, False):
        more, less = told(9, 15, 5, named), told(5, 24, 0, named)
        for order in ([more, less], [less, more]):
            assert recorded([("one", each) for each in order]).windows(NOW) == {"one": (more,)}
