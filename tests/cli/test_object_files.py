"""Objects from files are held to their schema, with file, line and field in the refusal."""

import json

import pytest
import yaml

from cli.commands import OFFLINE
from shorthaul.api.affinitypolicies import AffinityPolicy
from shorthaul.api.topologies import Topology
from shorthaul.cli.object_files import read_objects
from shorthaul.errors import BadInput

POLICY = (OFFLINE / "policy.yaml").read_text()


def refusal(tmp_path, text, name="policy.yaml"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadInput) as caught:
        read_objects([str(path)], AffinityPolicy)
    message = str(caught.value)
    assert message.startswith(f"{path}")
    assert "\n" not in message
    return message.removeprefix(str(path))


def test_documents_are_read_from_yaml_and_others_are_passed_over(tmp_path):
    path = tmp_path / "all.yaml"
    path.write_text("kind: Namespace\nmetadata: {name: shop}\n---\n" + POLICY + "\n---\n")

    found = read_objects([str(path)], AffinityPolicy)

    assert [policy.metadata.name for policy in found] == ["shop", "pay"]


def test_a_list_as_kubectl_prints_it_is_read_from_json(tmp_path):
    path = tmp_path / "policies.json"
    items = list(yaml.safe_load_all(POLICY))
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent="\t"))

    assert len(read_objects([str(path)], AffinityPolicy)) == 2


def test_the_example_topology_is_read():
    (found,) = read_objects([str(OFFLINE / "topology.yaml")], Topology)

    assert found.spec.prices_per_gb.beyond == 0.02


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("leastHosts: 2", "leastHosts: 0", ":10: AffinityPolicy spec.availability.leastHosts"),
        ("leastHosts: 2", "leestHosts: 2", ":10: AffinityPolicy has no field spec.availability.le"),
        ("leastHosts: 2", "leastHosts: '2'", ":10: AffinityPolicy spec.availability.leastHosts"),
        ("leastHosts: 2", "leastHosts: .nan", ":10: AffinityPolicy spec.availability.leastHosts"),
        ("objective: bytes", "objective: byte", ":8: AffinityPolicy spec.objective: invalid enum"),
        ("v1alpha1", "v9", ":1: apiVersion is 'shorthaul.dev/v9', must be shorthaul.dev/v1alpha1"),
        ("workloads: {}", "workloads: [", ": neither YAML nor JSON"),
    ],
)
def test_what_does_not_fit_the_schema_is_refused_with_line_and_field(tmp_path, old, new, expected):
    found = refusal(tmp_path, POLICY.replace(old, new, 1))

    assert expected in found if expected.startswith(": ") is False else "neither YAML" in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ": no AffinityPolicy in there"),
        ("- 1\n", ":1: list where an object of Kubernetes is expected"),
        ('{"a":\n\n]}', ":3: "),
        ("[" * 100_000, "nested deeper than 100 levels"),
        ('{"a":' * 100_000, "nested"),
        (b"\x00\x01", "neither YAML nor JSON"),
        (b"kind: x\nname: \xff", ":2: not UTF-8 text"),
        ("a: &x [*x]", "AffinityPolicy"),
    ],
)
def test_what_is_no_object_is_refused(tmp_path, text, expected):
    assert expected in refusal(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput, match="cannot be read: no such file"):
        read_objects([str(tmp_path / "none.yaml")], AffinityPolicy)
