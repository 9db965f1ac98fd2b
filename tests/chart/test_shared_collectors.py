"""Collectors of several replicas: what the chart makes so that they share exporters.

What is rendered is read as the kernel, the network and the collector itself would read it; what the
API server makes of it is asked of a real one.
"""

import re

import pytest
import yaml

from chart import releases
from shorthaul.cli import collectors

pytest_plugins = ["chart.fixtures"]
pytestmark = pytest.mark.controlplane

SHARED = "collector.enabled=true,collector.allow={10.0.0.0/8},collector.replicas=3"
NAME = "shorthaul-collector"
LONGEST = "a" * 42


def _all(helm, *values):
    text = helm.template("--set", ",".join((SHARED, *values)))
    return [each for each in yaml.safe_load_all(text) if each]


def _one(objects, kind, name=NAME):
    [found] = [each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def _kinds(helm, *values):
    """The kinds of what is named as the collector is."""
    return {each["kind"] for each in _all(helm, *values) if each["metadata"]["name"] == NAME}


def _given(workload):
    """What the collector itself makes of its arguments."""
    [container] = workload["spec"]["template"]["spec"]["containers"]
    command, *arguments = container["args"]
    assert command == "collector"
    with collectors.command.make_context(command, arguments) as context:
        return context.params, container


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ("collector.replicas=1", "Deployment"),
        ("collector.replicas=0", "Deployment"),
        ("collector.replicas=2", "StatefulSet"),
        ("collector.replicas=1,collector.kind=StatefulSet", "StatefulSet"),
        ("collector.replicas=3,collector.kind=DaemonSet", "DaemonSet"),
    ],
)
def test_several_replicas_are_a_stateful_set(helm_offline, values, kind):
    workloads = _kinds(helm_offline, values) & {"Deployment", "StatefulSet", "DaemonSet"}

    assert workloads == {kind}


def test_each_finds_all_by_the_name_of_a_headless_service_and_the_port_that_they_listen_on(
    helm_offline,
):
    objects = _all(helm_offline, "collector.peers.port=9876")
    workload = _one(objects, "StatefulSet")
    given, container = _given(workload)
    headless = _one(objects, "Service", f"{NAME}s")
    [listening] = [each for each in container["ports"] if each["name"] == "peers"]
    [served] = [each for each in headless["spec"]["ports"] if each["name"] == "peers"]

    assert given["peers"] == (f"{NAME}s.{releases.NAMESPACE}.svc:9876",)
    assert given["peer_port"] == listening["containerPort"] == served["port"] == 9876
    assert given["peer_name"] == ""  # the pod's own name, which it keeps
    assert headless["spec"]["clusterIP"] == "None"
    assert workload["spec"]["serviceName"] == headless["metadata"]["name"]
    labels = workload["spec"]["template"]["metadata"]["labels"]
    assert headless["spec"]["selector"].items() <= labels.items()


def test_certificates_come_from_a_secret_and_are_for_the_name_that_they_find_each_other_by(
    helm_offline,
):
    workload = _one(_all(helm_offline, "collector.peers.tlsSecretName=own"), "StatefulSet")
    given, container = _given(workload)
    [mount] = [each for each in container["volumeMounts"] if each["name"] == "peers-tls"]
    volumes = workload["spec"]["template"]["spec"]["volumes"]
    [volume] = [each for each in volumes if each["name"] == "peers-tls"]

    assert mount["mountPath"] == given["peer_tls"]
    assert mount["readOnly"] is True
    assert volume["secret"]["secretName"] == "own"
    plain, _ = _given(_one(_all(helm_offline), "StatefulSet"))
    assert plain["peer_tls"] == ""
    alone = _one(
        _all(helm_offline, "collector.replicas=1,collector.peers.tlsSecretName=own"), "Deployment"
    )
    assert "peers-tls" not in str(alone)


KEPT = "collector.persistence.enabled=true"


def test_each_keeps_its_spool_in_a_claim_of_its_own_where_that_is_asked_for(helm_offline):
    values = "collector.persistence.size=20Gi,collector.persistence.storageClassName=fast"
    workload = _one(_all(helm_offline, KEPT, values), "StatefulSet")
    given, container = _given(workload)
    [mount] = [each for each in container["volumeMounts"] if each["name"] == "spool"]
    [claim] = workload["spec"]["volumeClaimTemplates"]

    assert mount["mountPath"] == given["spool"]
    assert "spool" not in [e["name"] for e in workload["spec"]["template"]["spec"]["volumes"]]
    assert claim["metadata"] == {"name": "spool"}
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast",
        "resources": {"requests": {"storage": "20Gi"}},
    }


def test_a_claim_has_room_for_what_the_spool_keeps_and_the_clusters_own_class(helm_offline):
    values = "collector.spool.bytes=4000000000,collector.persistence.accessModes={ReadWriteOncePod}"
    workload = _one(_all(helm_offline, KEPT, values), "StatefulSet")

    [claim] = workload["spec"]["volumeClaimTemplates"]
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOncePod"],
        "resources": {"requests": {"storage": "5000000000"}},
    }


def test_no_claim_is_made_unless_it_is_asked_for(helm_offline):
    assert "volumeClaimTemplates" not in _one(_all(helm_offline), "StatefulSet")["spec"]


def test_exporters_still_reach_any_of_them_by_one_service(helm_offline):
    objects = _all(helm_offline)
    flows, workload = _one(objects, "Service"), _one(objects, "StatefulSet")
    labels = workload["spec"]["template"]["metadata"]["labels"]
    [container] = workload["spec"]["template"]["spec"]["containers"]
    named = {each["name"]: each["containerPort"] for each in container["ports"]}

    assert flows["spec"]["selector"].items() <= labels.items()
    assert "statefulset.kubernetes.io/pod-name" not in flows["spec"]["selector"]
    assert "internalTrafficPolicy" not in flows["spec"]
    assert {port["port"]: named[port["targetPort"]] for port in flows["spec"]["ports"]} == {
        2055: 2055,
        4739: 4739,
        4740: 4740,
    }


def test_only_collectors_hand_on_to_collectors_and_all_that_they_begin_is_that_and_names(
    helm_offline,
):
    objects = _all(helm_offline, "networkPolicy.dnsPorts={5353}")
    spec = _one(objects, "NetworkPolicy")["spec"]
    own = {"podSelector": spec["podSelector"]}
    peers = [{"protocol": "TCP", "port": "peers"}]
    names = [{"protocol": "UDP", "port": 5353}, {"protocol": "TCP", "port": 5353}]

    assert {"ports": peers, "from": [own]} in spec["ingress"]
    assert [rule for rule in spec["ingress"] if rule["ports"] == peers] == [
        {"ports": peers, "from": [own]}
    ]
    assert spec["egress"] == [{"ports": peers, "to": [own]}, {"ports": names}]
    labels = _one(objects, "StatefulSet")["spec"]["template"]["metadata"]["labels"]
    assert spec["podSelector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize("values", ["collector.replicas=1", "collector.kind=DaemonSet"])
def test_who_shares_with_nobody_has_no_port_for_it_and_begins_nothing(helm_offline, values):
    objects = _all(helm_offline, values)
    policy = _one(objects, "NetworkPolicy")["spec"]
    [workload] = [
        each
        for each in objects
        if each["metadata"]["name"] == NAME and "template" in each.get("spec", {})
    ]
    given, _ = _given(workload)

    assert given["peers"] == ()
    assert policy["egress"] == []
    assert "peers" not in str(_one(objects, "Service", f"{NAME}s")["spec"]["ports"])
    assert "peers" not in str(policy["ingress"])


@pytest.mark.parametrize(
    ("values", "made"),
    [
        ("collector.replicas=3", True),
        ("collector.replicas=1", False),
        ("collector.replicas=1,collector.podDisruptionBudget.enabled=true", True),
        ("collector.replicas=3,collector.podDisruptionBudget.enabled=false", False),
        ("collector.kind=DaemonSet,collector.podDisruptionBudget.enabled=true", False),
    ],
)
def test_several_go_one_after_the_other_unless_told_otherwise(helm_offline, values, made):
    assert ("PodDisruptionBudget" in _kinds(helm_offline, values)) is made


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ("collector.peers.port=9995", "port 9995 is more than one of"),
        ("collector.peers.port=0", "/collector/peers/port"),
        ("collector.replicas=65", "/collector/replicas"),
        ("collector.spool.claimName=one", "/collector/replicas"),
        (
            f"{KEPT},collector.replicas=1",
            "each collector of a StatefulSet a claim of its own, and this is a Deployment",
        ),
        (f"{KEPT},collector.kind=DaemonSet", "and this is a DaemonSet"),
        (f"{KEPT},collector.spool.enabled=false", "collector.spool.enabled is false"),
        (f"{KEPT},collector.spool.claimName=one", "/collector/replicas"),
        ("collector.persistence.size=much", "/collector/persistence/size"),
        ("collector.persistence.accessModes={ReadOnlyMany}", "/collector/persistence/accessModes"),
        (
            f"fullnameOverride={LONGEST}b",
            f"{LONGEST}b-collector has 53 letters of 52 at most; give a fullnameOverride of 42",
        ),
    ],
)
def test_what_they_cannot_share_by_is_refused(helm_offline, values, told):
    where = ("--kube-version", releases.KUBERNETES, "--set", f"{SHARED},{values}")
    answer = helm_offline.run("template", "x", str(releases.CHART), *where)

    assert answer.returncode != 0
    assert told in answer.stderr, answer.stderr


@pytest.mark.parametrize("values", ["", f",{KEPT}"])
def test_lint_objects_to_nothing(helm_offline, values):
    answer = helm_offline.run("lint", "--strict", str(releases.CHART), "--set", SHARED + values)

    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(
    ("values", "warned"),
    [
        ("networkPolicy.enabled=true", False),
        ("networkPolicy.enabled=false", True),
        ("networkPolicy.enabled=false,collector.peers.tlsSecretName=own", False),
        ("networkPolicy.enabled=false,collector.replicas=1", False),
    ],
)
def test_who_installs_is_warned_where_anybody_could_hand_datagrams_on(release, values, warned):
    where = ("--namespace", releases.NAMESPACE, "--dry-run=server", "--set", f"{SHARED},{values}")
    told = release.helm.done("upgrade", releases.RELEASE, str(releases.CHART), *where)

    assert ("WARNING: collectors hand on to each other in the clear" in told) is warned


def _pods(client, prefix, namespace="shared"):
    names = (each["metadata"]["name"] for each in client.list("pods", namespace))
    return sorted(name for name in names if name.startswith(prefix))


def _components(text):
    return [
        each
        for each in yaml.safe_load_all(text)
        if each and each["metadata"].get("labels", {}).get("app.kubernetes.io/component")
    ]


def test_a_real_cluster_makes_their_pods_and_lets_one_go_at_a_time(release):
    """With the longest name, since a StatefulSet whose pods cannot be made is taken as well."""
    client = release.administrator
    namespace = {"name": "shared", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}
    client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": namespace})
    text = release.helm.template(
        "--namespace", "shared", "--set", f"{SHARED},fullnameOverride={LONGEST}"
    )
    ours = _components(text)
    kinds = [each["kind"] for each in ours]

    for each in ours:
        client.create(each, "shared")

    wanted = [f"{LONGEST}-collector-{number}" for number in range(3)]
    client.wait_for(lambda: _pods(client, LONGEST) == wanted, what="the collectors' pods")
    assert sorted(kinds) == [
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Service",
        "Service",
        "ServiceAccount",
        "StatefulSet",
    ]
    pod = client.get("pods", wanted[0], "shared")["spec"]
    assert pod["hostname"] == wanted[0]
    assert pod["subdomain"] == f"{LONGEST}-collectors"
    client.wait_for(
        lambda: (
            client.get("poddisruptionbudgets.policy", f"{LONGEST}-collector", "shared")
            .get("status", {})
            .get("expectedPods")
            == 3
        ),
        what="the budget to count three pods",
    )


def test_a_real_cluster_makes_a_claim_for_each_which_an_upgrade_of_the_chart_leaves_alone(release):
    client, namespace = release.administrator, "kept"
    client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    where = ("--namespace", namespace, "--set", f"{SHARED},{KEPT},crds.install=false")
    text = release.helm.template(*where)
    client.apply(_components(text), namespace)
    newer = dict.fromkeys(("helm.sh/chart", "app.kubernetes.io/version"), "9.9.9")
    for label, value in newer.items():
        text = re.sub(rf"^( +{label}): .*", rf"\1: {value}", text, flags=re.MULTILINE)

    client.apply(_components(text), namespace)

    found = client.get("statefulsets.apps", NAME, namespace)
    assert found["metadata"]["labels"].items() >= newer.items()
    wanted = [f"{NAME}-{number}" for number in range(3)]
    client.wait_for(lambda: _pods(client, NAME, namespace) == wanted, what="the collectors' pods")
    claims = {
        each["metadata"]["name"]: each for each in client.list("persistentvolumeclaims", namespace)
    }
    assert sorted(claims) == [f"spool-{name}" for name in wanted]
    for name in wanted:
        volumes = client.get("pods", name, namespace)["spec"]["volumes"]
        [spool] = [each for each in volumes if each["name"] == "spool"]
        assert spool["persistentVolumeClaim"] == {"claimName": f"spool-{name}"}
        asked = claims[f"spool-{name}"]["spec"]["resources"]["requests"]
        assert asked == {"storage": "1342177280"}
