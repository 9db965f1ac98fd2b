"""What the chart renders for the probers of latency."""

import json
import re

import pytest
import yaml

from chart import releases
from shorthaul.cli import probers

pytest_plugins = ["chart.fixtures"]
pytestmark = pytest.mark.controlplane


def objects(text):
    return {
        (each["kind"], each["metadata"]["name"]): each
        for each in yaml.safe_load_all(text)
        if each and "prober" in each["metadata"]["name"] and "Role" not in each["kind"]
    }


@pytest.fixture
def rendered(helm_offline):
    chosen = json.dumps({"enabled": True, "settings": {"roundSeconds": 5, "peersPerRound": 20}})
    return objects(helm_offline.template("--set-json", f"prober={chosen}"))


def test_without_being_asked_for_there_is_no_prober(helm_offline):
    assert objects(helm_offline.template()) == {}


def test_a_prober_runs_on_each_node_without_rights(rendered):
    pod = rendered["DaemonSet", "shorthaul-prober"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert pod["automountServiceAccountToken"] is False
    assert "serviceAccountName" not in pod
    assert "hostNetwork" not in pod
    assert pod["tolerations"] == [{"operator": "Exists"}]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_it_understands_every_argument_that_the_chart_gives_it(rendered):
    pod = rendered["DaemonSet", "shorthaul-prober"]["spec"]["template"]["spec"]
    command, *given = pod["containers"][0]["args"]
    known = {name for option in probers.command.params for name in option.opts}

    assert command == "prober"
    assert {argument.partition("=")[0] for argument in given} - known == set()
    assert {"--round-seconds=5", "--peers-per-round=20"} <= set(given)
    assert "--peer=shorthaul-prober.shorthaul-system.svc" in given


def test_every_setting_of_the_schema_is_an_option():
    schema = json.loads((releases.CHART / "values.schema.json").read_text())
    names = schema["properties"]["prober"]["properties"]["settings"]["properties"]
    known = {name for option in probers.command.params for name in option.opts}

    found = {"--" + re.sub(r"([A-Z])", lambda each: "-" + each.group(1).lower(), n) for n in names}
    assert found - known == set()


def test_the_service_is_headless_and_finds_the_probers_only(rendered):
    service = rendered["Service", "shorthaul-prober"]["spec"]
    labels = rendered["DaemonSet", "shorthaul-prober"]["spec"]["template"]["metadata"]["labels"]

    assert service["clusterIP"] == "None"
    assert service["selector"].items() <= labels.items()
    assert labels["app.kubernetes.io/name"] == "shorthaul-prober"
    assert {port["name"]: port["port"] for port in service["ports"]} == {
        "probe": 8620,
        "report": 8621,
    }


def test_only_probers_may_probe_and_only_the_operator_may_read(rendered):
    spec = rendered["NetworkPolicy", "shorthaul-prober"]["spec"]
    reader = rendered["NetworkPolicy", "shorthaul-prober-reader"]["spec"]
    names = {
        rule["ports"][0]["port"]: [
            peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for peer in rule["from"]
        ]
        for rule in spec["ingress"]
    }

    assert names == {"probe": ["shorthaul-prober"], "report": ["shorthaul"]}
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert reader["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "shorthaul"
    assert reader["egress"][0]["ports"] == [{"protocol": "TCP", "port": "report"}]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [("prober.port=0", "/prober/port"), ("prober.settings.bogus=1", "/prober/settings")],
)
def test_a_wrong_value_is_refused_by_name(helm_offline, wrong, told):
    where = ("--kube-version", releases.KUBERNETES)
    answer = helm_offline.run("template", "x", str(releases.CHART), *where, "--set", wrong)

    assert answer.returncode != 0
    assert told in answer.stderr
