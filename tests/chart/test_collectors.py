"""The collector and the agent that the chart can run, with the real helm and no cluster.

What they render to is kept as files, so that a change is seen in review; when it is meant, write
them anew with `SHORTHAUL_GOLDEN=write pytest tests/chart`.
"""

import difflib
import os
from pathlib import Path

import pytest
import yaml

from chart import releases
from shorthaul.cli import collectors, main, sentinels

pytest_plugins = ["chart.fixtures"]
pytestmark = pytest.mark.controlplane

GOLDENS = Path(__file__).with_name("goldens")
ENABLED = "collector.enabled=true"
COLLECTOR = f"{ENABLED},collector.allow={{10.0.0.0/8}}"
AGENT = "agent.enabled=true,agent.image.repository=agents/netobserv,agent.image.tag=v1.2.3"
CASES = {
    "collector": COLLECTOR,
    "agents": f"{COLLECTOR},collector.kind=DaemonSet,{AGENT}",
    "shared": f"{COLLECTOR},collector.replicas=3",
}
EVERYTHING = CASES["agents"] + ",serviceMonitor.enabled=true,prober.enabled=true"
RIGHTS = ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")


def _objects(text, kind=None):
    documents = [each for each in yaml.safe_load_all(text) if each]
    return [each for each in documents if kind is None or each["kind"] == kind]


def _of(text, component, kind=None):
    """The objects of one component."""
    label = "app.kubernetes.io/component"
    return [
        each
        for each in _objects(text, kind)
        if each["metadata"].get("labels", {}).get(label) == component
    ]


def _pod(text, component, kind):
    [workload] = _of(text, component, kind)
    return workload["spec"]["template"]["spec"]


def _collector(helm, *values, kind="Deployment"):
    text = helm.template("--set", ",".join((COLLECTOR, *values)))
    return _pod(text, "collector", kind)


@pytest.mark.parametrize("name", CASES)
def test_what_is_rendered_is_what_was_reviewed(helm_offline, name):
    text = helm_offline.template("--set", CASES[name])
    ours = [*_of(text, "collector"), *_of(text, "agent")]
    found = yaml.safe_dump_all(ours, sort_keys=False)
    path = GOLDENS / f"{name}.yaml"
    if os.environ.get("SHORTHAUL_GOLDEN") == "write":
        path.write_text(found)

    expected = path.read_text()
    difference = difflib.unified_diff(expected.splitlines(), found.splitlines(), lineterm="", n=2)
    assert found == expected, "\n".join(difference)


@pytest.mark.parametrize("values", CASES.values())
def test_lint_objects_to_nothing(helm_offline, values):
    answer = helm_offline.run("lint", "--strict", str(releases.CHART), "--set", values)

    assert answer.returncode == 0, answer.stdout


def test_neither_is_there_until_it_is_asked_for(helm_offline):
    text = helm_offline.template()

    assert _of(text, "collector") == _of(text, "agent") == []


def test_they_bring_no_right_in_the_api(helm_offline):
    plain = [each for kind in RIGHTS for each in _objects(helm_offline.template(), kind)]
    text = helm_offline.template("--set", CASES["agents"])
    accounts = [*_of(text, "collector", "ServiceAccount"), *_of(text, "agent", "ServiceAccount")]

    assert [each for kind in RIGHTS for each in _objects(text, kind)] == plain
    assert [each["automountServiceAccountToken"] for each in accounts] == [False, False]
    for component, kind in (("collector", "DaemonSet"), ("agent", "DaemonSet")):
        pod = _pod(text, component, kind)
        assert pod["automountServiceAccountToken"] is False
        assert pod["serviceAccountName"] in {each["metadata"]["name"] for each in accounts}


def test_no_selector_of_the_operator_takes_another_pod(helm_offline):
    text = helm_offline.template("--set", EVERYTHING)
    labels = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"]
        for kind in ("Deployment", "DaemonSet")
        for each in _objects(text, kind)
    }
    selectors = {
        (each["kind"], each["metadata"]["name"]): each["spec"]
        .get("podSelector", {})
        .get("matchLabels")
        or each["spec"]["selector"].get("matchLabels", each["spec"]["selector"])
        for kind in ("Deployment", "DaemonSet", "Service", "NetworkPolicy")
        for each in _objects(text, kind)
    }

    for named, selector in selectors.items():
        taken = [name for name, own in labels.items() if selector.items() <= own.items()]
        assert len(taken) == 1, (named, taken)


def test_what_is_scraped_is_the_component_that_a_monitor_is_named_after(helm_offline):
    text = helm_offline.template("--set", EVERYTHING)
    services = {
        each["metadata"]["name"]: each["metadata"]["labels"] for each in _objects(text, "Service")
    }
    taken = {
        monitor["metadata"]["name"]: {
            name
            for name, labels in services.items()
            if monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
        }
        for monitor in _objects(text, "ServiceMonitor")
    }

    assert "shorthaul-prober" in services
    assert taken == {
        "shorthaul": {"shorthaul-metrics"},
        "shorthaul-collector": {"shorthaul-collector", "shorthaul-collectors"},
    }


def test_the_collector_understands_every_argument_that_the_chart_gives_it(helm_offline):
    known = {name for option in collectors.command.params for name in option.opts}
    command, *given = _collector(helm_offline)["containers"][0]["args"]

    assert command == "collector"
    assert {argument.partition("=")[0] for argument in given} - known == set()


def test_the_collector_understands_the_arguments_of_its_spool(helm_offline):
    known = {name for option in collectors.command.params for name in option.opts}
    values = ("collector.spool.enabled=true", "collector.spool.tlsSecretName=certs")
    _, *given = _collector(helm_offline, *values)["containers"][0]["args"]

    assert {"--spool", "--serve-tls"} <= {argument.partition("=")[0] for argument in given}
    assert {argument.partition("=")[0] for argument in given} - known == set()


@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet"])
def test_the_collectors_pod_keeps_the_restricted_profile(helm_offline, kind):
    values = (f"collector.kind={kind}", "collector.spool.enabled=true")
    pod = _collector(helm_offline, *values, kind=kind)
    (container,) = pod["containers"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"livenessProbe", "readinessProbe", "resources"} <= set(container)
    assert "hostPort" not in str(container["ports"])


def test_a_node_sends_to_its_own_collector_and_an_exporter_stays_with_one(helm_offline):
    text = helm_offline.template("--set", CASES["agents"])
    flows, all_of_them = _of(text, "collector", "Service")

    assert flows["spec"]["internalTrafficPolicy"] == "Local"
    assert flows["spec"]["sessionAffinity"] == "ClientIP"
    assert all_of_them["spec"]["clusterIP"] == "None"
    assert [(port["protocol"], port["port"]) for port in flows["spec"]["ports"]] == [
        ("UDP", 2055),
        ("UDP", 4739),
        ("TCP", 4740),
    ]


def test_a_node_that_no_pod_is_tolerated_on_has_its_collector_too(helm_offline):
    kind = ("collector.kind=DaemonSet",)
    own = "collector.tolerations[0].key=own"

    assert "tolerations" not in _collector(helm_offline)
    assert _collector(helm_offline, *kind, kind="DaemonSet")["tolerations"] == [
        {"operator": "Exists"}
    ]
    assert _collector(helm_offline, *kind, own, kind="DaemonSet")["tolerations"] == [{"key": "own"}]


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
def test_from_outside_the_exporters_address_is_kept(helm_offline, kind):
    text = helm_offline.template("--set", f"{COLLECTOR},collector.service.type={kind}")

    flows, _ = _of(text, "collector", "Service")

    assert flows["spec"]["externalTrafficPolicy"] == "Local"


def test_who_may_send_and_who_may_read_is_said_twice_and_the_collector_calls_nobody(helm_offline):
    values = f"{COLLECTOR},collector.allow={{10.1.0.0/16}},collector.spool.enabled=true"
    text = helm_offline.template("--set", values)
    [policy] = _of(text, "collector", "NetworkPolicy")
    flows, _, windows = policy["spec"]["ingress"]
    [operator] = [
        each for each in _objects(text, "NetworkPolicy") if each["metadata"]["name"] == "shorthaul"
    ]

    assert flows["from"] == [{"ipBlock": {"cidr": "10.1.0.0/16"}}]
    assert "--allow=10.1.0.0/16" in _pod(text, "collector", "Deployment")["containers"][0]["args"]
    assert [peer["podSelector"] for peer in windows["from"]] == [operator["spec"]["podSelector"]]
    assert policy["spec"]["egress"] == []
    assert [{"protocol": "TCP", "port": "windows"}] in [
        rule["ports"] for rule in operator["spec"]["egress"]
    ]


def _senders(helm, *values):
    """Who may send flows by the NetworkPolicy; nobody is named where all may."""
    [policy] = _of(helm.template("--set", ",".join(values)), "collector", "NetworkPolicy")
    return policy["spec"]["ingress"][0].get("from")


def test_anybody_may_send_where_that_was_said(helm_offline):
    assert _senders(helm_offline, ENABLED, "collector.openToAll=true") is None
    more = (AGENT, "collector.kind=DaemonSet")
    assert _senders(helm_offline, ENABLED, "collector.openToAll=true", *more) is None


def test_only_agents_may_send_to_collectors_beside_them_where_nobody_else_is_named(helm_offline):
    values = (ENABLED, AGENT, "collector.kind=DaemonSet")
    [agent] = _of(helm_offline.template("--set", ",".join(values)), "agent", "DaemonSet")
    [peer] = _senders(helm_offline, *values)

    namespace = peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
    assert namespace == agent["metadata"]["namespace"]
    assert peer["podSelector"] == agent["spec"]["selector"]


@pytest.mark.parametrize(
    "values",
    [
        (),
        (AGENT,),
        (AGENT, "collector.kind=DaemonSet,agent.target.host=192.0.2.7"),
        (AGENT, "collector.kind=DaemonSet,networkPolicy.enabled=false"),
        ("collector.flowsFrom[0].podSelector.matchLabels.a=b,networkPolicy.enabled=false",),
    ],
)
def test_a_collector_that_is_open_without_a_word_is_refused(helm_offline, values):
    where = ("--kube-version", releases.KUBERNETES, "--set", ",".join((ENABLED, *values)))
    answer = helm_offline.run("template", "x", str(releases.CHART), *where)

    assert answer.returncode != 0
    assert "give collector.allow the exporters' networks" in answer.stderr
    assert "collector.openToAll: true says that anybody may" in answer.stderr


def test_peers_are_named_enough_where_the_network_policy_is_there(helm_offline):
    values = (ENABLED, "collector.flowsFrom[0].podSelector.matchLabels.a=b")

    assert _senders(helm_offline, *values) == [{"podSelector": {"matchLabels": {"a": "b"}}}]


def test_budget_and_monitor_are_made_when_asked_for(helm_offline):
    more = "collector.podDisruptionBudget.enabled=true,serviceMonitor.enabled=true"
    deployment = helm_offline.template("--set", f"{COLLECTOR},{more}")
    daemons = helm_offline.template("--set", f"{COLLECTOR},collector.kind=DaemonSet,{more}")

    assert len(_of(deployment, "collector", "PodDisruptionBudget")) == 1
    assert len(_of(deployment, "collector", "ServiceMonitor")) == 1
    assert _of(daemons, "collector", "PodDisruptionBudget") == []


def test_the_agent_has_the_capabilities_that_it_names_and_no_more(helm_offline):
    text = helm_offline.template("--set", CASES["agents"])
    [namespace] = _of(text, "agent", "Namespace")
    context = _pod(text, "agent", "DaemonSet")["containers"][0]["securityContext"]
    whole = helm_offline.template("--set", CASES["agents"] + ",agent.privileged=true")
    privileged = _pod(whole, "agent", "DaemonSet")["containers"][0]["securityContext"]

    enforced = namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    assert enforced == "privileged"
    assert context["capabilities"] == {"drop": ["ALL"], "add": ["BPF", "PERFMON", "NET_ADMIN"]}
    assert context["allowPrivilegeEscalation"] is False
    assert "privileged" not in context
    assert privileged["privileged"] is True


@pytest.mark.parametrize(
    ("values", "host", "port", "export"),
    [
        ("agent.protocol=udp", "shorthaul-collector.shorthaul-system.svc", "4739", "ipfix+udp"),
        ("agent.protocol=tcp", "shorthaul-collector.shorthaul-system.svc", "4740", "ipfix+tcp"),
        (
            "agent.protocol=tcp,collector.tcpPort=4741",
            "shorthaul-collector.shorthaul-system.svc",
            "4741",
            "ipfix+tcp",
        ),
        ("agent.target.host=192.0.2.7,agent.target.port=2055", "192.0.2.7", "2055", "ipfix+udp"),
    ],
)
def test_the_agent_sends_ipfix_to_the_collector_or_where_it_is_told(
    helm_offline, values, host, port, export
):
    text = helm_offline.template("--set", f"{COLLECTOR},{AGENT},{values}")
    (container,) = _pod(text, "agent", "DaemonSet")["containers"]
    told = {each["name"]: each.get("value") for each in container["env"]}

    assert (told["EXPORT"], told["TARGET_HOST"], told["TARGET_PORT"]) == (export, host, port)


@pytest.mark.parametrize(
    ("values", "sent_to"),
    [
        ("agent.protocol=udp", ("4739", "udp")),
        ("agent.protocol=tcp", ("4740", "tcp")),
        ("agent.target.host=192.0.2.7,agent.target.port=2055", ("2055", "udp")),
    ],
)
def test_the_agent_lives_by_the_sentinel_of_the_socket_that_it_sends_from(
    helm_offline, values, sent_to
):
    more = "agent.sentinel.port=8700,image.repository=ours,image.tag=v3"
    text = helm_offline.template("--set", f"{COLLECTOR},{AGENT},{values},{more}")
    pod = _pod(text, "agent", "DaemonSet")
    [agent], [sentinel] = pod["containers"], pod["initContainers"]
    environment = {each["name"]: each.get("value") for each in agent["env"]}
    given = dict(each.split("=") for each in sentinel["args"][1:])
    asked = agent["livenessProbe"]["httpGet"]

    assert (given["--target-port"], given["--transport"]) == sent_to
    assert environment["TARGET_PORT"] == sent_to[0]
    assert environment["EXPORT"] == f"ipfix+{sent_to[1]}"
    assert (asked["host"], str(asked["port"])) == ("127.0.0.1", given["--port"])
    assert given["--port"] == "8700"
    assert sentinel["startupProbe"]["httpGet"] == asked
    # It runs before the agent begins and as long as it.
    assert sentinel["restartPolicy"] == "Always"
    assert sentinel["image"] == "ours:v3"


def test_the_sentinel_is_a_command_that_takes_what_the_chart_gives(helm_offline):
    [sentinel] = _pod(helm_offline.template("--set", CASES["agents"]), "agent", "DaemonSet")[
        "initContainers"
    ]
    command, *options = sentinel["args"]

    assert command in main.COMMANDS
    with sentinels.command.make_context(command, options) as context:
        given = context.params
    assert (given["target_port"], given["transport"], given["port"]) == (4739, "udp", 8622)


def test_the_sentinel_has_no_privilege_and_can_be_left_out(helm_offline):
    text = helm_offline.template("--set", CASES["agents"])
    [sentinel] = _pod(text, "agent", "DaemonSet")["initContainers"]
    without = helm_offline.template("--set", CASES["agents"] + ",agent.sentinel.enabled=false")
    bare = _pod(without, "agent", "DaemonSet")

    assert sentinel["securityContext"]["runAsNonRoot"] is True
    assert sentinel["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert sentinel["securityContext"]["allowPrivilegeEscalation"] is False
    assert "initContainers" not in bare
    assert "livenessProbe" not in bare["containers"][0]


@pytest.mark.parametrize(("watched", "names"), [("true", ["a", "b"]), ("false", ["a"])])
def test_the_agents_pod_may_pull_both_images(helm_offline, watched, names):
    secrets = "agent.image.pullSecrets[0].name=a,image.pullSecrets[0].name=b"
    more = f"{CASES['agents']},agent.sentinel.enabled={watched},{secrets}"
    pod = _pod(helm_offline.template("--set", more), "agent", "DaemonSet")

    assert [each["name"] for each in pod["imagePullSecrets"]] == names


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ("agent.enabled=true,agent.image.tag=v1,agent.target.host=h", "agent.image.repository"),
        ("agent.enabled=true,agent.image.repository=r,agent.target.host=h", "agent.image.tag"),
        (f"{AGENT},agent.image.tag=latest,{COLLECTOR}", "/agent/image/tag"),
        (AGENT, "agent.enabled needs collector.enabled"),
        (f"{AGENT},{COLLECTOR},agent.protocol=tcp,collector.tcpPort=0", "collector.tcpPort is 0"),
        (f"{AGENT},{COLLECTOR},agent.namespace=kube-system", "/agent/namespace"),
        (f"{AGENT},{COLLECTOR},agent.sentinel.port=80", "/agent/sentinel/port"),
        (f"{AGENT},{COLLECTOR},agent.capabilities={{SYS_ADMIN}}", "/agent/capabilities/0"),
        (f"{COLLECTOR},collector.tcpPort=4739", "port 4739 is more than one of"),
        (f"{COLLECTOR},collector.udpPorts={{9091}}", "port 9091 is more than one of"),
        (f"{COLLECTOR},collector.udpPorts={{2055,9995}}", "port 9995 is more than one of"),
        (f"{COLLECTOR},collector.openToAll=true", "collector.openToAll is true, but"),
        (f"{COLLECTOR},collector.kind=Job", "/collector/kind"),
        (f"{COLLECTOR},collector.udpPorts={{514}}", "/collector/udpPorts/0"),
        (f"{COLLECTOR},collector.allow={{everywhere}}", "/collector/allow/0"),
        (
            f"{COLLECTOR},collector.spool.enabled=true,collector.spool.claimName=one,"
            "collector.replicas=2",
            "/collector/replicas",
        ),
    ],
)
def test_a_wrong_value_is_refused_by_name(helm_offline, values, told):
    where = ("--kube-version", releases.KUBERNETES)
    answer = helm_offline.run("template", "x", str(releases.CHART), *where, "--set", values)

    assert answer.returncode != 0
    assert told in answer.stderr, answer.stderr


def test_the_agent_is_kept_out_of_the_releases_own_namespace(helm_offline):
    values = ("--set", CASES["agents"] + ",agent.namespace=measured")
    where = ("--namespace", "measured", "--kube-version", releases.KUBERNETES)
    answer = helm_offline.run("template", "x", str(releases.CHART), *where, *values)

    assert answer.returncode != 0
    assert "agent.namespace measured is the release's own namespace" in answer.stderr


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ((), "--map-edges=0"),
        (("--set", "settings.mapEdges=7"), "--map-edges=7"),
        (("--set-json", 'networkPolicy.metricsFrom=[{"podSelector":{}}]'), None),
        (
            (
                "--set-json",
                'networkPolicy.metricsFrom=[{"podSelector":{}}]',
                "--set",
                "networkPolicy.enabled=false",
            ),
            "--map-edges=0",
        ),
    ],
)
def test_the_map_has_names_where_its_readers_are_named(helm_offline, values, shown):
    [operator] = _objects(helm_offline.template(*values), "Deployment")
    arguments = operator["spec"]["template"]["spec"]["containers"][0]["args"]

    assert [each for each in arguments if "map-edges" in each] == ([shown] if shown else [])
