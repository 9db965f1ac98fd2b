"""Hubble Relay is a pod as Cilium's own chart makes it, so that NetworkPolicies know it."""

from pathlib import Path

import yaml

from realnodes import ciliums, layouts, ownimages

ROOT = Path(__file__).resolve().parents[2]
READY = {"type": "Ready", "status": "True"}


def layout(tmp_path):
    return layouts.Layout("test", tmp_path, 3, 2, "cilium", "1.36.3")


def pod(address, labels=None, conditions=(READY,)):
    return {
        "metadata": {"labels": ciliums.RELAY_LABELS if labels is None else labels},
        "status": {"podIP": address, "conditions": list(conditions)},
    }


def test_the_service_and_the_deployment_take_the_pod_that_they_make(tmp_path):
    service, deployment = ciliums.relay(layout(tmp_path))
    template = deployment["spec"]["template"]
    (container,) = template["spec"]["containers"]
    (port,) = service["spec"]["ports"]

    labels = template["metadata"]["labels"]
    assert service["spec"]["selector"] == labels
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert port["targetPort"] in {one["name"] for one in container["ports"]}
    assert container["image"] == ownimages.RELAY.reference
    assert "--peer-service=10.250.0.11:4244" in container["args"]


def test_the_charts_network_policy_lets_the_operator_out_to_that_pod(tmp_path):
    _, deployment = ciliums.relay(layout(tmp_path))
    text = (ROOT / "charts/shorthaul/templates/networkpolicy.yaml").read_text()
    values = yaml.safe_load((ROOT / "charts/shorthaul/values.yaml").read_text())

    (label,) = deployment["spec"]["template"]["metadata"]["labels"].items()
    assert "matchLabels: {{{}: {}}}".format(*label) in text
    assert f"port: {ciliums.RELAY_PORT}" in text
    assert values["hubbleRelay"]["namespace"] == deployment["metadata"]["namespace"]


def test_relay_is_where_its_ready_pod_is():
    unready = {"type": "Ready", "status": "False"}
    found = [
        pod("10.244.1.2", labels={}),
        pod("10.244.1.3", conditions=()),
        pod("10.244.1.4", conditions=[unready]),
        pod("10.244.2.9"),
    ]

    assert ciliums.relay_address(found) == "10.244.2.9:4245"
    assert ciliums.relay_address(found[:3]) is None
