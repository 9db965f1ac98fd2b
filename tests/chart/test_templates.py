"""What the chart renders, with the real helm and no cluster."""

import dataclasses
import json
import re

import pytest
import yaml

from chart import releases
from shorthaul import settings
from shorthaul.cli import operators

pytest_plugins = ["chart.fixtures"]
pytestmark = pytest.mark.controlplane

SET_BY_THE_CHART = {"namespace", "probe_namespace", "identity", "kubeconfig", "context"}
MUTATING = "MutatingAdmissionPolicy"
POLICY = "NetworkPolicy"


def _objects(text, kind=None):
    documents = [each for each in yaml.safe_load_all(text) if each]
    return [each for each in documents if kind is None or each["kind"] == kind]


def _operator(text):
    (deployment,) = _objects(text, "Deployment")
    return deployment["spec"]["template"]["spec"]


@pytest.mark.parametrize("values", ["replicas=1", "namespaces={shop}", "evictEverywhere=true"])
def test_the_chart_has_nothing_that_lint_objects_to(helm_offline, values):
    answer = helm_offline.run("lint", "--strict", str(releases.CHART), "--set", values)

    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("replicas=-1", "/replicas"),
        ("evictEverywhere=maybe", "/evictEverywhere"),
        ("namespaces={Up_per}", "/namespaces/0"),
        ("namespaces={shop,shop}", "/namespaces"),
        ("settings.windowSeconds=0", "/settings/windowSeconds"),
        ("settings.bogus=1", "/settings"),
        ("image.pullPolicy=Sometimes", "/image/pullPolicy"),
        ("image.digest=latest", "/image/digest"),
        ("probeNamespace=kube-system", "/probeNamespace"),
        ("hubbleRelay.secretName=Up_per", "/hubbleRelay/secretName"),
        ("admission.mutatingApiVersion=v2", "/admission/mutatingApiVersion"),
        ("networkPolicy.apiServerAddresses={everywhere}", "/networkPolicy/apiServerAddresses"),
        ("unknown=1", "''"),
    ],
)
def test_a_wrong_value_is_refused_by_name(helm_offline, wrong, told):
    where = ("--kube-version", releases.KUBERNETES)
    answer = helm_offline.run("template", "x", str(releases.CHART), *where, "--set", wrong)

    assert answer.returncode != 0
    assert told in answer.stderr


def test_kubernetes_before_1_34_is_refused(helm_offline):
    answer = helm_offline.run("template", "x", str(releases.CHART), "--kube-version", "1.33.5")

    assert answer.returncode != 0
    assert "incompatible with Kubernetes v1.33.5" in answer.stderr


def test_the_operators_pod_keeps_the_restricted_profile(helm_offline):
    pod = _operator(helm_offline.template())

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"livenessProbe", "readinessProbe", "resources"} <= set(container)


def test_settings_become_options_without_exponents(helm_offline):
    chosen = json.dumps({"windowSeconds": 0.5, "seed": 1000000, "historySeconds": 2592000})
    arguments = _operator(helm_offline.template("--set-json", f"settings={chosen}"))["containers"][
        0
    ]["args"]

    assert {"--window-seconds=0.5", "--seed=1000000", "--history-seconds=2592000"} <= set(arguments)


def test_the_operator_reaches_hubble_relay_with_its_certificates_when_told_to(helm_offline):
    where = ("--set", "hubbleRelay.enabled=true,hubbleRelay.secretName=relay-certs")
    text = helm_offline.template(*where)
    pod = _operator(text)
    (policy,) = _objects(text, "NetworkPolicy")

    mount = {"name": "hubble-relay", "mountPath": "/etc/shorthaul/hubble-relay", "readOnly": True}
    assert mount in pod["containers"][0]["volumeMounts"]
    assert {"secretName": "relay-certs", "defaultMode": 0o440} in [
        volume.get("secret") for volume in pod["volumes"]
    ]
    assert [{"protocol": "TCP", "port": 4245}] in [
        rule["ports"] for rule in policy["spec"]["egress"]
    ]
    assert mount not in _operator(helm_offline.template())["containers"][0]["volumeMounts"]


def test_the_operator_prefers_the_node_of_the_relay_and_then_its_zone(helm_offline):
    relay = ("--set", "hubbleRelay.enabled=true,hubbleRelay.namespace=cilium")
    own = json.dumps({"nodeAffinity": {}})
    found = _operator(helm_offline.template(*relay))["affinity"]["podAffinity"]
    terms = found["preferredDuringSchedulingIgnoredDuringExecution"]

    assert [(each["weight"], each["podAffinityTerm"]["topologyKey"]) for each in terms] == [
        (100, "kubernetes.io/hostname"),
        (50, "topology.kubernetes.io/zone"),
    ]
    assert {tuple(each["podAffinityTerm"]["namespaces"]) for each in terms} == {("cilium",)}
    assert "affinity" not in _operator(helm_offline.template())
    chosen = _operator(helm_offline.template(*relay, "--set-json", f"affinity={own}"))
    assert chosen["affinity"] == {"nodeAffinity": {}}


def test_the_operator_reaches_prometheus_with_what_it_is_let_in_by_when_told_to(helm_offline):
    where = ("--set", "prometheus.enabled=true,prometheus.secretName=asker")
    text = helm_offline.template(*where)
    pod = _operator(text)
    (policy,) = _objects(text, "NetworkPolicy")

    mount = {"name": "prometheus", "mountPath": "/etc/shorthaul/prometheus", "readOnly": True}
    assert mount in pod["containers"][0]["volumeMounts"]
    assert {"secretName": "asker", "defaultMode": 0o440} in [
        volume.get("secret") for volume in pod["volumes"]
    ]
    assert [{"protocol": "TCP", "port": port} for port in (9090, 9091)] in [
        rule["ports"] for rule in policy["spec"]["egress"]
    ]
    assert mount not in _operator(helm_offline.template())["containers"][0]["volumeMounts"]


def test_the_chart_knows_exactly_the_settings_that_the_operator_has():
    schema = json.loads((releases.CHART / "values.schema.json").read_text())
    known = {_snake(name) for name in schema["properties"]["settings"]["properties"]}
    existing = {field.name for field in dataclasses.fields(settings.Settings)}

    assert known == existing - SET_BY_THE_CHART


def _snake(name):
    return re.sub(r"([A-Z])", lambda found: "_" + found.group(1).lower(), name)


def test_the_operator_understands_every_argument_that_the_chart_gives_it(helm_offline):
    schema = json.loads((releases.CHART / "values.schema.json").read_text())
    settings = schema["properties"]["settings"]["properties"]
    every = {name: "x" if part["type"] == "string" else 1 for name, part in settings.items()}
    text = helm_offline.template("--set-json", f"settings={json.dumps(every)}")
    command, *given = _operator(text)["containers"][0]["args"]
    known = {name for option in operators.command.params for name in option.opts}

    assert command == "operator"
    assert {argument.partition("=")[0] for argument in given} - known == set()


def test_every_value_is_in_the_schema_and_in_the_readme():
    values = yaml.safe_load((releases.CHART / "values.yaml").read_text())
    schema = json.loads((releases.CHART / "values.schema.json").read_text())
    readme = (releases.CHART / "README.md").read_text()

    assert set(values) == set(schema["properties"]) - {"global"}
    assert [name for name in values if f"`{name}" not in readme] == []


def test_evictions_are_granted_in_the_named_namespaces_only(helm_offline):
    nowhere = helm_offline.template()
    named = helm_offline.template("--set", "namespaces={shop,pay}")
    everywhere = helm_offline.template("--set", "namespaces={shop},evictEverywhere=true")

    assert _evictors(nowhere) == []
    assert _evictors(named) == [("RoleBinding", "shop"), ("RoleBinding", "pay")]
    assert _evictors(everywhere) == [("ClusterRoleBinding", None)]


def _evictors(text):
    return [
        (each["kind"], each["metadata"].get("namespace"))
        for each in _objects(text)
        if each.get("roleRef", {}).get("name") == "shorthaul-evictor"
    ]


@pytest.mark.parametrize(
    ("kubernetes", "options", "versions"),
    [
        ("1.36.3", (), ["v1"]),
        ("1.37.0", (), ["v1"]),
        (
            "1.35.1",
            ("--api-versions", f"admissionregistration.k8s.io/v1beta1/{MUTATING}"),
            ["v1beta1"],
        ),
        ("1.34.4", ("--set", "admission.mutatingApiVersion=v1beta1"), ["v1beta1"]),
    ],
)
def test_hints_use_the_version_of_the_policy_that_the_cluster_has(
    helm_offline, kubernetes, options, versions
):
    found = _objects(helm_offline.template(*options, kubernetes=kubernetes), MUTATING)

    assert [each["apiVersion"].rpartition("/")[2] for each in found] == versions


def test_pods_of_the_system_and_of_the_release_are_never_looked_at(helm_offline):
    (policy,) = _objects(
        helm_offline.template("--set", "admission.excludedNamespaces={quiet}"), MUTATING
    )
    (expression,) = policy["spec"]["matchConstraints"]["namespaceSelector"]["matchExpressions"]

    assert policy["spec"]["failurePolicy"] == "Ignore"
    assert expression["operator"] == "NotIn"
    assert expression["values"] == ["kube-system", "shorthaul-system", "quiet"]


def test_the_network_policy_lets_in_health_and_metrics_and_out_to_the_api_server(helm_offline):
    (policy,) = _objects(
        helm_offline.template("--set", "networkPolicy.apiServerAddresses={10.0.0.1/32}"),
        "NetworkPolicy",
    )
    ports = [port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]]

    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert ports == ["health", "metrics"]
    assert policy["spec"]["egress"][0]["to"] == [{"ipBlock": {"cidr": "10.0.0.1/32"}}]


@pytest.mark.parametrize(("values", "ports"), [((), [53]), (("5353",), [5353])])
def test_every_pod_that_asks_for_names_is_let_out_to_the_ports_of_dns(helm_offline, values, ports):
    given = [f"networkPolicy.dnsPorts={{{','.join(values)}}}"] if values else []
    text = helm_offline.template("--set", ",".join(["prober.enabled=true", *given]))
    policies = [each for each in yaml.safe_load_all(text) if each and each["kind"] == POLICY]
    let_out = {
        each["metadata"]["name"]: [
            port["port"]
            for rule in each["spec"].get("egress", ())
            for port in rule["ports"]
            if port["protocol"] == "UDP"
        ]
        for each in policies
    }

    assert {name: found for name, found in let_out.items() if found} == {
        "shorthaul": ports,
        "shorthaul-prober": ports,
    }


def test_what_is_off_by_default_can_be_switched_on(helm_offline):
    kinds = {"PodDisruptionBudget", "ServiceMonitor"}
    plain = {each["kind"] for each in _objects(helm_offline.template())}
    more = helm_offline.template(
        "--set", "podDisruptionBudget.enabled=true,serviceMonitor.enabled=true,replicas=2"
    )

    assert kinds & plain == set()
    assert kinds <= {each["kind"] for each in _objects(more)}


def test_another_name_reaches_every_reference(helm_offline):
    text = helm_offline.template("--set", "fullnameOverride=nearby")
    names = {each["metadata"]["name"] for each in _objects(text)}

    assert "nearby-hints" in names
    assert "system:serviceaccount:shorthaul-system:nearby" in text
    for each in _objects(text):
        if "roleRef" in each:
            assert each["roleRef"]["name"] in names
