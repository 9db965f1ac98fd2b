"""`shorthaul record` refuses what cannot be asked, in one line, before it asks anybody."""

import pytest

from cli.commands import refused

NOBODY = "http://127.0.0.1:1"
ONE = """
name: ours
metrics: [our_bytes_total]
unit: bytes
one_side: there is only one
source: {namespace: a, name: b, kind: c}
destination: {namespace: d, pod: e}
"""


def line_of(url=NOBODY, profile="istio", *words):
    return refused("record", "--prometheus", url, "--profile", profile, *words)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (NOBODY, "cannot be asked"),
        ("prometheus:9090", "is no address"),
        ("ftp://prometheus", "is no address"),
        ("http://:9090", "is no address"),
        ("http://prometheus:port", "is no address"),
        ("http://prometheus?query=up", "is no address"),
        ("http://somebody:secret@prometheus", "use a token file"),
    ],
)
def test_addresses_that_cannot_be_asked(url, expected):
    line = line_of(url)

    assert expected in line
    assert "secret" not in line


def test_a_token_does_not_travel_in_the_clear():
    assert "use https" in line_of("http://prometheus:9090", "istio", "--token-file", "token")


def test_a_token_file_that_is_not_there():
    assert "absent: the token cannot be read" in line_of(NOBODY, "istio", "--token-file", "absent")


@pytest.mark.parametrize(
    ("profile", "expected"),
    [("calico", "Goldmane"), ("nobody", "there is no profile 'nobody'"), ("no.yaml", "be read")],
)
def test_profiles_that_are_not_there(profile, expected):
    assert expected in line_of(NOBODY, profile)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("our_bytes_total", "'up} or vector(1) #'", "is no name of a metric"),
        ("namespace: a", "namespace: 'a) or (b'", "is no name of a label"),
        ("unit: bytes", "unit: bits", "$.unit"),
        ("pod: e", "pod: e, address: f", "give one of"),
        ("pod: e", "kind: e", "give one of"),
        ("one_side: there is only one", "one_side: ''", "one_side is empty"),
        ("name: ours", "name: ours\nsampling: {factor: .nan}", "sampling.factor"),
        ("name: ours", "nmae: ours", "unknown field `nmae`"),
        ("name: ours", "name: [", "no YAML"),
    ],
)
def test_profiles_that_are_amiss(tmp_path, old, new, expected):
    file = tmp_path / "ours.yaml"
    file.write_text(ONE.replace(old, new))

    line = line_of(NOBODY, str(file))

    assert expected in line
    assert str(file) in line


@pytest.mark.parametrize("until", ["now", "2026", "1970-01-01T00:00:00Z"])
def test_times_that_are_none(until):
    assert "is no time such as" in line_of(NOBODY, "istio", "--until", until)


def test_packets_are_no_plan():
    assert "take its bytes" in line_of(NOBODY, "netobserv-packets")


@pytest.mark.parametrize("condition", ["cluster", "=prod", "a}b=c", ""])
def test_conditions_that_are_none(condition):
    assert "is no LABEL=VALUE" in line_of(NOBODY, "istio", "--where", condition)
