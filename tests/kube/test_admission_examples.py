"""The examples in examples/ are what the API server and the structs accept, without a warning."""

from pathlib import Path

import msgspec
import pytest
import yaml

from chart import releases
from shorthaul.api import v1alpha1

pytest_plugins = ["chart.fixtures"]

KINDS = {kind.name: kind for kind in v1alpha1.KINDS}
FILES = sorted((releases.ROOT / "examples").glob("*/*.yaml"))
EXAMPLES = pytest.mark.parametrize(
    "path", FILES, ids=lambda path: str(Path(path).relative_to(releases.ROOT))
)


def _objects(path):
    documents = yaml.safe_load_all(path.read_text())
    return [each for each in documents if each and each["apiVersion"] == v1alpha1.API_VERSION]


def test_every_policy_example_is_in_the_list():
    readme = (releases.ROOT / "examples/policies/README.md").read_text()
    names = [path.name for path in FILES if path.parent.name == "policies"]

    assert len(names) >= 6
    assert [name for name in names if f"`{name}`" not in readme] == []


@EXAMPLES
def test_an_example_decodes(path):
    for each in _objects(path):
        msgspec.convert(each, KINDS[each["kind"]].type)


@pytest.mark.controlplane
@EXAMPLES
def test_an_example_is_accepted_without_an_unknown_field(release, path):
    for each in _objects(path):
        kind = KINDS[each["kind"]]
        where = "/namespaces/opened" if kind.namespaced else ""
        each["metadata"]["namespace"] = "opened" if kind.namespaced else None
        target = f"/apis/{v1alpha1.API_VERSION}{where}/{kind.plural}"
        query = {"dryRun": "All", "fieldValidation": "Strict"}

        made = release.administrator.endpoint.send("POST", target, each, query=query)

        assert made["kind"] == kind.name
