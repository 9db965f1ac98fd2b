"""Lines of many kinds, right and wrong, for whoever compares two ways to read them."""

import json

from hypothesis import strategies as st

from telemetry import export_lines

PODS = ("shop/web-1", "shop/web-2", "shop/cart-1", "team/db-0", "host", "world", "remote-node")
ODD = (
    *(b"", b" ", b"\t \x0b", b"{", b"[]", b"null", b"17", b"{}", b'{"flow":null}', b'{"flow":{}}'),
    b'{"flow":{"time":"2026-01-01T00:00:00Z"},"flow":{"verdict":"DROPPED"}}',
    b'{"node_status":{},"node_name":"n1"}',
    b'{"flow":{"source":{"namespace":"a","pod_name":"b"},"source":null}}',
    b'{"agent_event":{"type":"IPCACHE_UPSERTED"},"node_name":"n1"}',
    export_lines.lost(3),
    export_lines.line("shop/web-1", "shop/cart-1") + b" \r",
    export_lines.line("shop/web-1", "shop/cart-1") + b"x",
    b"\xef\xbb\xbf" + export_lines.line("shop/web-1", "shop/cart-1"),
)
SNIPPETS = (
    *(b"null", b"-1", b"01", b"1e3", b"1.0", b"1.50", b"9" * 25, b"true", b"false", b'""', b"[]"),
    *(b"{}", b"{", b"}", b",", b":", b'"', b"\\", b'\\"', b"\\u0041", b"\\ud800", b"\\u00e9"),
    *("é".encode(), b"\xff", b"\x00", b"\x1f", b"\n", b"\x7f", b" ", b"\t", b"\r", b"[" * 40),
    *(b'"flow":', b'"time":', b'"source":', b'"uuid":"u"', b'"is_reply":', b'"lost_events":{},'),
)

times = st.one_of(
    st.floats(0, 200).map(export_lines.stamp),
    st.sampled_from(
        (
            *("", "2026-02-29T00:00:00Z", "2024-02-29T23:59:59.9Z", "1970-01-01T00:00:00Z"),
            *("2100-01-01T00:00:00Z", "2099-12-31T23:59:59.999999999Z", "2026-13-01T00:00:00Z"),
            *("2026-03-26T02:35:60Z", "2026-03-26T24:00:00Z", "2026-03-26T02:35:29.Z", "now"),
            *(
                "2026-03-26T02:35:29.1234567890Z",
                "2026-03-26T02:35:29+02:00",
                "2000-01-01T00:00:00Z",
            ),
            *("2026-03-26 02:35:29Z", "2026-03-26t02:35:29z", "٢٠٢٦-03-26T02:35:29Z"),
        )
    ),
)
names = st.sampled_from(("n1", "n2", "cluster/n1", "", "n\n", "né", 'n"', "n" * 300))
counts = st.sampled_from((0, 1, 7, 2**32 - 1, 2**40, 10**10, "3", "-1", "x", -1, 1.5, None, 2**64))
ports = st.fixed_dictionaries(
    {}, optional={"source_port": counts, "destination_port": st.sampled_from((1, 8080, "x"))}
)


@st.composite
def ends(draw):
    end = export_lines.end(draw(st.sampled_from(PODS)))
    changed = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "identity": st.sampled_from((0, 1, 2, 7, 300, 1 << 24, -3, "1", 1.0, 10**12)),
                "cluster_name": st.sampled_from(("", "default", "other", None)),
                "namespace": st.sampled_from(("", "shop", "no name", "é")),
                "pod_name": st.sampled_from(("", "web-1", "-web", "a" * 300, None)),
                "labels": st.sampled_from(([], ["reserved:world"], ["}]{", '"', "é"], None, "x")),
                "workloads": st.sampled_from(
                    (
                        *([], None, "x", [{}], [{"name": "web", "kind": "Deployment"}]),
                        *([{"name": "a}]b", "kind": "Job"}], [{"name": 1}], [{"name": "x"}, {}]),
                    )
                ),
                "ID": st.integers(0, 3),
                "unknown": st.sampled_from((None, 1.25, {"a": [{"b": {}}]}, "x\\u0041\n")),
            },
        )
    )
    return {**end, **changed}


@st.composite
def events(draw):
    pair = draw(st.sampled_from(PODS)), draw(st.sampled_from(PODS))
    event = export_lines.event(*pair, draw(st.floats(0, 200)), reply=draw(st.booleans()))
    event["flow"] |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "time": times,
                "uuid": st.sampled_from(("", "u-1", "u-2", "é", "a\\b", None, 3)),
                "verdict": st.sampled_from(("", "FORWARDED", "DROPPED", "NEW", "É", None)),
                "Type": st.sampled_from(("", "L3_L4", "L7", "a b")),
                "trace_observation_point": st.sampled_from(("", "TO_ENDPOINT", "TO_STACK", "?")),
                "source": st.one_of(ends(), st.sampled_from((None, [], "x"))),
                "destination": ends(),
                "is_reply": st.sampled_from((None, True, False, 0)),
                "reply": st.sampled_from((None, True, False, "true")),
                "node_name": names,
                "l4": st.one_of(
                    st.dictionaries(st.sampled_from(("TCP", "UDP", "ICMPv4")), ports),
                    st.sampled_from((None, "x")),
                ),
                "aggregate": st.fixed_dictionaries(
                    {}, optional={"ingress_flow_count": counts, "egress_flow_count": counts}
                ),
                "IP": st.sampled_from(({"source": "198.51.100.9"}, {"destination": "x"}, None, 3)),
            },
        )
    )
    absent = draw(st.sets(st.sampled_from(("is_reply", "reply", "source", "Type", "node_name"))))
    for name in absent:
        event["flow"].pop(name, None)
    event |= draw(st.fixed_dictionaries({}, optional={"node_name": names, "time": times}))
    return event


@st.composite
def lines(draw):
    """A line without its end, as exporters write it, or damaged."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(ODD))
    styles = {"separators": draw(st.sampled_from(((",", ":"), (", ", ": "))))}
    line = json.dumps(draw(events()), ensure_ascii=draw(st.booleans()), **styles).encode()
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2)))):
        at, cut = draw(st.integers(0, len(line))), draw(st.integers(0, 12))
        line = line[:at] + draw(st.sampled_from((b"", *SNIPPETS))) + line[at + cut :]
    return line.replace(b"\n", b"")
