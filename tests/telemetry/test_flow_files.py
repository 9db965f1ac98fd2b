"""`--flows`: files of all kinds to observations, and one clear line for each that is unusable."""

import gzip
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.errors import BadInput
from shorthaul.telemetry.flow_files import read_flows
from shorthaul.telemetry.hubble_lines import LONGEST_LINE_BYTES
from shorthaul.traffic import anchors
from shorthaul.traffic.observations import Observations
from shorthaul.traffic.pair_sums import PairSum
from shorthaul.units import PodRef, Unit, WorkloadRef
from telemetry import export_lines

WEB, CART = PodRef("shop", "web-1"), PodRef("shop", "cart-1")
HEADER = b"src_namespace,src_kind,src_name,dst_namespace,dst_kind,dst_name,rate,unit\n"
ROW = b"shop,Deployment,web,shop,StatefulSet,db,12.5,bytes/s\n"
LINES = [
    export_lines.line("shop/web-1", "shop/cart-1", 0, node="n2"),
    export_lines.line("shop/web-1", "shop/cart-1", 4, node="n1", reply=True),
    export_lines.line("shop/web-1", "shop/cart-1", 10, node="n2"),
]


@pytest.fixture
def write(tmp_path):
    def writer(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(export_lines.joined(content) if isinstance(content, list) else content)
        return str(path)

    return writer


def everything(observations: Observations) -> int:
    """The lines in any count; each must be in one."""
    return (
        observations.counted_lines
        + observations.lost_lines
        + sum(observations.ignored.values())
        + sum(leftover.records for leftover in observations.leftovers)
    )


def records(observations: Observations) -> dict[str, int]:
    """Leftovers by reason; their examples depend on the order of lines."""
    return {leftover.reason: leftover.records for leftover in observations.leftovers}


def test_events_are_summed_by_pair_direction_and_observer(write):
    observations = read_flows([write("events.log", LINES)])

    assert list(observations.pairs) == [
        PairSum(WEB, CART, 2, 1, frozenset({"n2"}), frozenset({"n1"}))
    ]
    assert (observations.unit, observations.seconds) == (Unit.FLOWS, 10)
    assert observations.warnings == ()


def test_the_span_is_that_of_all_flows_over_all_files(write):
    dropped = export_lines.line("shop/web-1", "shop/cart-1", 100, verdict="DROPPED")
    paths = [write("a", LINES), write("b", [dropped])]

    assert read_flows(paths).seconds == 100


def test_the_span_is_at_least_a_second(write):
    assert read_flows([write("a", LINES[:1])]).seconds == 1


def test_a_rotated_set_in_a_folder_is_read_whole_plain_and_compressed(write, tmp_path):
    write("hubble/events.log", LINES[2:])
    write("hubble/events-2026-01-01.log", LINES[1:2])
    write("hubble/old/events-2025-12-31.log.gz", gzip.compress(export_lines.joined(LINES[:1])))
    write("hubble/.hidden", b"not for us")

    observations = read_flows([str(tmp_path / "hubble")])

    assert observations.pairs == read_flows([write("whole", LINES)]).pairs


def test_what_a_file_is_its_content_tells(write):
    observations = read_flows([write("flows.csv", gzip.compress(export_lines.joined(LINES)))])

    assert observations.counted_lines == 3


def test_the_same_report_in_two_files_counts_once(write):
    line = export_lines.line("shop/web-1", "shop/cart-1", uuid="8f14e45f")
    paths = [write("events.log", [line]), write("events-copy.log", [line])]

    observations = read_flows(paths)

    assert observations.pairs[0].events == 1
    assert observations.ignored == {"read twice (same uuid, node and time)": 1}


def test_events_without_a_uuid_are_never_taken_for_repeats(write):
    assert read_flows([write("events.log", [LINES[0], LINES[0]])]).pairs[0].events == 2


def test_a_file_that_is_named_twice_is_read_once(write, tmp_path):
    path = write("events.log", LINES)
    (tmp_path / "link").symlink_to(path)

    assert read_flows([path, path, str(tmp_path)]).counted_lines == 3


def test_bad_lines_are_counted_by_reason_with_the_first_place(write):
    path = write("events.log", [LINES[0], b"\x00\x01", LINES[1][:90], LINES[2]])

    observations = read_flows([path])

    assert [(left.reason, left.records, left.example) for left in observations.leftovers] == [
        ("line that is no JSON object", 2, f"{path}:2")
    ]
    assert observations.counted_lines == 2


def test_a_line_over_the_limit_is_counted_and_the_next_one_is_read(write):
    path = write("events.log", [b"x" * (3 * LONGEST_LINE_BYTES), *LINES])

    observations = read_flows([path])

    assert observations.counted_lines == 3
    assert [left.example for left in observations.leftovers] == [f"{path}:1"]
    assert observations.lines == 4


def test_blank_lines_line_ends_of_windows_and_byte_order_marks_do_not_matter(write):
    content = b"\xef\xbb\xbf" + b"\r\n\r\n".join(LINES) + b"\r\n"

    assert read_flows([write("events.log", content)]).counted_lines == 3


def test_a_compressed_file_that_ends_early_is_used_with_a_warning(write):
    lines = [
        export_lines.line("shop/web-1", "shop/cart-1", i, uuid=random.Random(i).randbytes(16).hex())
        for i in range(2000)
    ]
    whole = gzip.compress(export_lines.joined(lines))
    path = write("events.log.gz", whole[: len(whole) * 3 // 4])

    observations = read_flows([path])

    assert observations.counted_lines > 500
    assert f"{path}: the compressed data is damaged" in observations.warnings[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no flows in it"),
        (b"\n\n", "no flows in it"),
        (b"\x00\x01\x02\n\xff", ":1: line that is no JSON object"),
        (b'{"kind":"List","apiVersion":"v1"}\n', ":1: JSON object that is no Hubble export line"),
        (b"\x1f\x8b\x08garbage", "damaged or ends early"),
        (HEADER, "no flows in it"),
    ],
)
def test_a_file_with_nothing_usable_is_refused_by_name(write, content, message):
    path = write("flows", content)

    with pytest.raises(BadInput) as refused:
        read_flows([path])

    assert str(refused.value).startswith(path)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_file_and_an_empty_folder_are_refused_by_name(tmp_path):
    with pytest.raises(BadInput, match="nowhere: no such file"):
        read_flows([str(tmp_path / "nowhere")])
    with pytest.raises(BadInput, match="no file in"):
        read_flows([str(tmp_path)])


def test_an_empty_file_beside_others_is_only_mentioned(write):
    path = write("empty", b"")

    assert read_flows([write("events.log", LINES), path]).warnings == (
        f"{path}: the file is empty",
    )


@pytest.mark.parametrize(
    "content",
    [
        HEADER + ROW,
        b'unit, rate,"src_name",src_kind,src_namespace,dst_namespace,dst_kind,dst_name,note\n'
        b'bytes/s, 12.5 ,web,deployment,shop,shop,STATEFULSET,db,"a, b"\n',
        b'{"src_namespace":"shop","src_kind":"Deployment","src_name":"web","dst_namespace":"shop",'
        b'"dst_kind":"StatefulSet","dst_name":"db","rate":12.5,"unit":"bytes/s"}\n',
    ],
    ids=["csv", "csv in another order", "json lines"],
)
def test_edge_lists_are_read_in_both_forms(write, content):
    observations = read_flows([write("edges", content)])

    [edge] = observations.declared
    assert edge.client == WorkloadRef("shop", "Deployment", "web")
    assert edge.server == WorkloadRef("shop", "StatefulSet", "db")
    assert (edge.rate, observations.unit) == (12.5, Unit.BYTES)


def test_an_edge_list_may_name_pods(write):
    row = b"shop,Pod,web-1,shop,pod,cart-1,1e3,flows/s\n"

    [edge] = read_flows([write("edges.csv", HEADER + row)]).declared

    assert (edge.client, edge.server, edge.rate) == (WEB, CART, 1000)


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (b"NaN", "'NaN'"),
        (b"-1", "'-1'"),
        (b"inf", "'inf'"),
        (b"18446744073709551616", "'18446744073709551616'"),
        (b"1e999", "'1e999'"),
        (b"fast", "'fast'"),
        (b"1_000", "'1_000'"),
        ("١٢".encode(), "'١٢'"),
        (b"", "''"),
    ],
)
def test_a_rate_that_is_none_is_refused_with_its_place_and_value(write, rate, shown):
    path = write("edges.csv", HEADER + ROW + ROW.replace(b"12.5", rate))

    with pytest.raises(BadInput) as refused:
        read_flows([path])

    assert str(refused.value).startswith(f"{path}:3: rate {shown} is no number")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER + ROW.replace(b"bytes/s", b"MB/s"), "edges:2: unit 'MB/s' is not known"),
        (HEADER.replace(b",unit", b"") + ROW, "edges:1: no column unit"),
        (HEADER + b"shop,Pod\n", "edges:2: 2 fields under 8 columns"),
        (HEADER + ROW.replace(b",db,", b",,"), "edges:2: dst_name '' is no name"),
        (HEADER + b"\xff\xfe\n", "edges:2: no UTF-8 text"),
        (HEADER + b'shop,"Pod\n', "edges:2: no CSV"),
        (b'{"src_name":"a","dst_name":"b","rate":1}\n', "edges:1: no column src_namespace"),
        (b'{"src_name":"a","dst_name":"b","rate":1}\n'.replace(b"rate", b"Rate"), "edges:1: JSON"),
    ],
)
def test_a_mistake_in_an_edge_list_is_refused_with_its_place(write, content, message):
    path = write("edges", content)

    with pytest.raises(BadInput) as refused:
        read_flows([path])

    assert message in str(refused.value)
    assert str(refused.value).startswith(path)


@pytest.mark.parametrize("namespace", ['""', "null", "[]", "0", "false", "{}"])
def test_a_place_outside_has_no_namespace_in_json_and_nothing_else_for_one(write, namespace):
    row = (
        f'{{"src_namespace":{namespace},"src_kind":"Anchor","src_name":"b","dst_namespace":"a",'
        '"dst_kind":"Pod","dst_name":"c","rate":1,"unit":"flows/s"}\n'
    ).encode()
    path = write("edges.json", row)

    if namespace in ('""', "null"):
        assert read_flows([path]).declared[0].client == anchors.vertex("b")
        return
    with pytest.raises(BadInput, match=r"edges\.json:1: src_namespace .* is no name"):
        read_flows([path])


@pytest.mark.parametrize("rate", ["true", '"1"', "null", "[1]", "1e400", "1" + "0" * 400])
def test_json_rates_are_numbers_or_numbers_in_a_string(write, rate):
    row = (
        '{"src_namespace":"a","src_kind":"Pod","src_name":"b","dst_namespace":"a",'
        f'"dst_kind":"Pod","dst_name":"c","rate":{rate},"unit":"flows/s"}}\n'
    ).encode()
    path = write("edges.json", row)

    if rate == '"1"':
        assert read_flows([path]).declared[0].rate == 1
        return
    with pytest.raises(BadInput, match=r"edges\.json:1: "):
        read_flows([path])


def test_several_units_are_an_error_unless_one_is_chosen(write):
    paths = [write("events.log", LINES), write("edges.csv", HEADER + ROW)]

    with pytest.raises(BadInput, match=r"several units: bytes/s .*edges\.csv:2.*flows/s"):
        read_flows(paths)

    by_bytes, by_flows = (read_flows(paths, unit=unit) for unit in (Unit.BYTES, Unit.FLOWS))
    assert (len(by_bytes.pairs), len(by_bytes.declared)) == (0, 1)
    assert (len(by_flows.pairs), len(by_flows.declared)) == (1, 0)
    assert everything(by_bytes) == by_bytes.lines == everything(by_flows) == 4


def test_files_of_one_unit_may_be_mixed(write):
    row = b"shop,Pod,web-1,shop,Pod,cart-1,2,flows/s\n"

    observations = read_flows([write("events.log", LINES), write("e.csv", HEADER + row)])

    assert (len(observations.pairs), len(observations.declared)) == (1, 1)


def test_a_unit_that_the_flows_do_not_have_is_refused(write):
    with pytest.raises(BadInput, match="Hubble flows carry no byte counts"):
        read_flows([write("events.log", LINES)], unit=Unit.BYTES)


def test_a_recording_of_drops_says_that_trace_events_are_off(write):
    line = export_lines.line("a/b", "c/d", verdict="DROPPED", trace_observation_point=None)

    observations = read_flows([write("events.log", [line])])

    assert "trace events are off" in observations.warnings[0]


def test_a_recording_of_layer_7_says_why_nothing_counts(write):
    line = export_lines.line("a/b", "c/d", Type="L7", trace_observation_point=None)

    assert "are L7" in read_flows([write("events.log", [line])]).warnings[0]


def test_aggregation_that_leaves_no_ingress_events_says_so(write):
    line = export_lines.line("a/b", "c/d", aggregate={"egress_flow_count": 4})

    assert "no ingress events" in read_flows([write("events.log", [line])]).warnings[0]


def test_two_clusters_read_as_one_are_warned_about(write):
    def line(cluster):
        ends = {
            side: export_lines.end(f"shop/{side}", cluster_name=cluster)
            for side in ("source", "destination")
        }
        return export_lines.line("shop/a", "shop/b", **ends)

    observations = read_flows([write("east", [line("east")]), write("west", [line("west")])])

    assert "2 clusters" in observations.warnings[0]
    assert list(observations.clusters) == ["east", "west"]


def test_lost_events_are_summed_and_warned_about_when_they_are_many(write):
    few = read_flows([write("few", [*LINES * 20, export_lines.lost(2)])])
    many = read_flows([write("many", [*LINES, export_lines.lost(7, node="n9")])])

    assert (few.lost_events, few.warnings) == (2, ())
    assert many.observers["n9"].lost_events == 7
    assert "7 events were lost" in many.warnings[0]


def test_recordings_of_days_far_apart_are_warned_about(write):
    late = export_lines.line("shop/web-1", "shop/cart-1", 10 * 86_400)

    assert "span 10 days" in read_flows([write("events.log", [*LINES, late])]).warnings[0]


def test_progress_ends_at_the_size_of_all_files(write):
    told = []
    paths = [
        write("events.log", LINES * 500),
        write("more.gz", gzip.compress(export_lines.joined(LINES))),
    ]

    read_flows(paths, progress=lambda done, total: told.append((done, total)))

    assert told[-1][0] == told[-1][1]
    assert told == sorted(told)


BOM = b"\xef\xbb\xbf"

any_line = st.one_of(
    st.sampled_from(LINES),
    st.builds(
        lambda i, point, verdict: export_lines.line(
            f"shop/web-{i}", "shop/cart-1", i, trace_observation_point=point, verdict=verdict
        ),
        st.integers(0, 5),
        st.sampled_from(["TO_ENDPOINT", "TO_STACK", None]),
        st.sampled_from(["FORWARDED", "DROPPED", "NEW"]),
    ),
    st.builds(lambda i: export_lines.line("a/b", "c/d", i, uuid=f"u{i}"), st.integers(0, 3)),
    st.builds(export_lines.lost, st.integers(0, 9)),
    st.just(b'{"agent_event":{}}'),
    # What may begin a file and is no line: gzip's magic number, a byte order mark.
    st.binary(min_size=1, max_size=40).filter(
        lambda b: b"\n" not in b and not b.isspace() and b[:2] != b"\x1f\x8b" and b[:3] != BOM
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(any_line, min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_every_line_is_counted_exactly_once_whatever_the_order_and_the_files(
    tmp_path_factory, lines, chance
):
    lines = [LINES[0], *lines]
    folder = tmp_path_factory.mktemp("flows")
    whole, parts = folder / "whole", folder / "parts"
    whole.mkdir()
    parts.mkdir()
    (whole / "all").write_bytes(export_lines.joined(lines))
    chance.shuffle(lines)
    cut = chance.randrange(len(lines)) + 1
    (parts / "a").write_bytes(export_lines.joined([LINES[1], *lines[:cut]]))
    (parts / "b").write_bytes(export_lines.joined([*lines[cut:], LINES[2]]))
    with open(whole / "all", "ab") as file:
        file.write(export_lines.joined(LINES[1:]))

    one, other = read_flows([str(whole)]), read_flows([str(parts)])

    assert everything(one) == one.lines == everything(other) == other.lines
    assert one.pairs == other.pairs
    assert one.ignored == other.ignored
    assert one.seconds == other.seconds
    assert records(one) == records(other)
