"""Whatever a dump holds, reading it ends with a snapshot or with one line that names the file."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from shorthaul.cluster.snapshots import Snapshot
from shorthaul.errors import BadInput
from shorthaul.kube.conversions import READERS
from shorthaul.kube.dumps import read_dump

ODD = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=5),
    lambda inner: (
        some.lists(inner, max_size=2)
        | some.dictionaries(
            some.sampled_from(["name", "spec", "status", "items", "kind", "cpu", "labels"]),
            inner,
            max_size=2,
        )
    ),
    max_leaves=4,
)
FIELDS = {
    "metadata": ["name", "namespace", "uid", "labels", "annotations", "ownerReferences"],
    "spec": [
        "containers",
        "initContainers",
        "affinity",
        "replicas",
        "taints",
        "volumes",
        "hard",
        "selector",
        "drivers",
        "tolerations",
        "overhead",
    ],
    "status": ["allocatable", "conditions", "phase", "replicas", "podIPs", "used"],
}
SETTINGS = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@some.composite
def objects(draw):
    group, kind = draw(some.sampled_from(sorted(READERS)))
    made = {"apiVersion": f"{group}/v1" if group else "v1", "kind": kind}
    for part, fields in FIELDS.items():
        made[part] = {name: draw(ODD) for name in draw(some.lists(some.sampled_from(fields)))}
    made["metadata"]["name"] = draw(some.sampled_from(["a", "b"]))
    if draw(some.booleans()):
        made[draw(some.sampled_from(["metadata", "spec", "kind", "endpoints"]))] = draw(ODD)
    return made


def outcome(path):
    try:
        return read_dump([str(path)])
    except BadInput as error:
        return error


def assert_in_order(answer, path):
    if isinstance(answer, BadInput):
        assert str(path) in str(answer)
        assert "\n" not in str(answer)
    else:
        assert isinstance(answer, Snapshot)


@SETTINGS
@given(some.lists(objects(), max_size=3))
def test_odd_objects_are_read_or_refused(tmp_path, made):
    path = tmp_path / "odd.json"
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}
    path.write_text(json.dumps([node, *made]))

    assert_in_order(outcome(path), path)


GOOD = json.dumps(
    [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"nodeName": "n1"}},
    ],
    indent=1,
).encode()


@SETTINGS
@given(some.integers(0, len(GOOD) - 1), some.binary(max_size=3), some.integers(0, 9))
def test_a_file_with_spoilt_bytes_is_read_or_refused(tmp_path, at, spoilt, cut):
    path = tmp_path / "spoilt.json"
    path.write_bytes(GOOD[:at] + spoilt + GOOD[at + cut :])

    assert_in_order(outcome(path), path)


@SETTINGS
@given(some.binary(max_size=60) | some.text(max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path, body):
    path = tmp_path / "bytes"
    path.write_bytes(body)

    assert_in_order(outcome(path), path)


def test_yaml_nested_to_overrun_the_stack_is_refused_in_one_line(tmp_path):
    path = tmp_path / "deep.yaml"
    path.write_text("a: " + "[" * 100_000 + "\n")

    with pytest.raises(BadInput, match="nested deeper than 100 levels"):
        read_dump([str(path)])
