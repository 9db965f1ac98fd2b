"""The structs are the single source of the schemas: what is generated is what is written."""

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml

from shorthaul.api import schemas, v1alpha1
from shorthaul.api.placementhints import key
from shorthaul.units import Namespace, WorkloadRef

ROOT = Path(__file__).resolve().parents[2]
UNBOUNDED = ("apiVersion", "kind", "metadata")
KINDS = pytest.mark.parametrize("kind", v1alpha1.KINDS, ids=lambda kind: kind.name)


def _leaves(schema, path=()):
    if schema.get("type") == "object" and "properties" in schema:
        for name, part in schema["properties"].items():
            yield from _leaves(part, (*path, name))
        return
    yield path, schema
    if "items" in schema:
        yield from _leaves(schema["items"], (*path, "*"))
    if "additionalProperties" in schema:
        yield from _leaves(schema["additionalProperties"], (*path, "*"))


def test_the_files_hold_what_the_structs_say():
    answer = subprocess.run(
        [sys.executable, "hack/crds", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (answer.returncode, answer.stdout) == (0, "")


@KINDS
def test_every_field_is_bounded(kind):
    root = schemas.schema(kind)
    unbounded = [
        ".".join(path)
        for path, leaf in _leaves(root)
        if path[0] not in UNBOUNDED and not _is_bounded(leaf)
    ]

    assert unbounded == []


def _is_bounded(leaf):
    match leaf.get("type"):
        case "string":
            return "enum" in leaf or "maxLength" in leaf
        case "integer" | "number":
            return "minimum" in leaf and "maximum" in leaf
        case "array":
            return "maxItems" in leaf and "x-kubernetes-list-type" in leaf
        case "object":
            return "maxProperties" in leaf
        case "boolean":
            return True
        case None:
            return leaf.get("x-kubernetes-int-or-string") and schemas.RULES in leaf
    return False


@KINDS
def test_every_kind_can_be_listed_by_short_name_and_category(kind):
    names = schemas.definition(kind)["spec"]["names"]

    assert names["shortNames"] == [kind.short]
    assert names["categories"] == ["shorthaul"]


def test_short_names_and_plurals_are_unique():
    words = [word for kind in v1alpha1.KINDS for word in (kind.short, kind.plural, kind.singular)]

    assert sorted(words) == sorted(set(words))


@KINDS
def test_columns_point_at_fields_that_exist(kind):
    root = schemas.schema(kind)
    for column in kind.columns:
        plain = re.sub(r"\[\?[^]]*\]", ".*", column.path).strip(".").split(".")
        if plain[0] != "metadata":
            assert _at(root, plain) is not None, column.path


def _at(schema, path):
    for name in path:
        inner = schema.get("items") if name == "*" else schema.get("properties", {}).get(name)
        if inner is None:
            return None
        schema = inner
    return schema


@KINDS
def test_what_is_encoded_decodes_to_the_same(kind):
    smallest = _smallest(schemas.schema(kind), name="x")
    smallest["metadata"] = {"name": "x"}
    smallest |= {"apiVersion": v1alpha1.API_VERSION, "kind": kind.name}

    read = msgspec.convert(smallest, kind.type)
    written = msgspec.json.decode(msgspec.json.encode(read))

    assert (written["apiVersion"], written["kind"]) == (v1alpha1.API_VERSION, kind.name)
    assert msgspec.convert(written, kind.type) == read


def _smallest(schema, name):
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            parts = schema.get("properties", {})
            return {each: _smallest(parts[each], each) for each in schema.get("required", ())}
        case "array":
            return [_smallest(schema["items"], name)] * schema.get("minItems", 0)
        case "integer" | "number":
            return schema.get("minimum", 0)
    if "sha256" in schema.get("pattern", ""):
        return "sha256:" + "0" * 64
    return "Deployment" if name in ("kind", "reason") else "/x" if name == "path" else "x"


def test_the_default_of_every_optional_part_of_a_spec_is_shown():
    spec = schemas.schema(v1alpha1.AFFINITY_POLICY)["properties"]["spec"]["properties"]

    assert spec["mode"]["default"] == "Observe"
    assert spec["availability"]["default"] == {"leastHosts": 2, "leastZones": 1}
    assert spec["disruption"]["properties"]["movesPerHour"]["default"] == 10
    assert "default" not in schemas.schema(v1alpha1.POD_MOVE)["properties"]["status"]


def test_the_charts_copies_are_kept_when_the_release_goes():
    for path in sorted((ROOT / "charts/shorthaul/templates/crds").glob("*.yaml")):
        lines = [line for line in path.read_text().splitlines() if not line.startswith("{{")]
        metadata = yaml.safe_load("\n".join(lines))["metadata"]

        assert metadata["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_a_hint_is_keyed_by_kind_and_name():
    workload = WorkloadRef(Namespace("shop"), "Deployment", "cart")

    assert key(workload) == "Deployment.cart"
