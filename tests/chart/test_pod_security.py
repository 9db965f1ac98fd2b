"""What the chart runs, before the real API server with pod security: where it is let in."""

import pytest
import yaml

from chart import releases
from chart.test_collectors import CASES
from testbed import connections

pytest_plugins = ["chart.fixtures"]
pytestmark = pytest.mark.controlplane

ENFORCE = "pod-security.kubernetes.io/enforce"
LEVELS = ("restricted", "baseline", "privileged")


@pytest.fixture(scope="module")
def levels(release):
    """A namespace for each level of pod security, with the accounts that the pods name."""
    client = release.administrator
    for level in LEVELS:
        labels = {ENFORCE: level}
        metadata = {"name": f"level-{level}", "labels": labels}
        client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        for name in ("shorthaul", "shorthaul-collector", "shorthaul-agent"):
            release.make_account(f"level-{level}", name)
    return release


def _manifests(release, *more):
    text = release.helm.template("--set", CASES["agents"], *more)
    return [each for each in yaml.safe_load_all(text) if each]


def _pod(release, name, *more):
    """The pod that a workload of the chart would make."""
    [workload] = [
        each
        for each in _manifests(release, *more)
        if each["kind"] in ("Deployment", "DaemonSet") and each["metadata"]["name"] == name
    ]
    template = workload["spec"]["template"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "asked", "labels": template["metadata"]["labels"]},
        "spec": template["spec"],
    }


def _refusal(release, pod, level):
    try:
        release.administrator.create(pod, f"level-{level}", dry_run=True)
    except connections.ApiError as error:
        return error.message
    return ""


@pytest.mark.parametrize("name", ["shorthaul", "shorthaul-collector"])
def test_operator_and_collector_are_let_in_where_pods_are_restricted(levels, name):
    more = ("--set", "collector.spool.enabled=true")

    assert _refusal(levels, _pod(levels, name, *more), "restricted") == ""


def test_the_agent_is_let_in_only_where_its_namespace_says_so(levels):
    pod = _pod(levels, "shorthaul-agent")

    assert _refusal(levels, pod, "privileged") == ""
    refusal = _refusal(levels, pod, "baseline")
    assert "host namespaces" in refusal
    assert "BPF" in refusal


def test_the_api_server_takes_every_object_of_collector_and_agent(levels):
    client = levels.administrator
    made = [
        each
        for each in _manifests(levels, "--set", "collector.spool.enabled=true")
        if each["metadata"].get("labels", {}).get("app.kubernetes.io/component")
        and each["kind"] != "Namespace"
    ]
    kinds = {each["kind"] for each in made}
    releases.make_namespace(client, "shorthaul-agent")

    for each in made:
        client.create(each, each["metadata"]["namespace"], dry_run=True)

    assert {"DaemonSet", "Service", "NetworkPolicy", "ServiceAccount"} <= kinds
