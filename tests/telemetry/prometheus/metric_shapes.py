"""Series as the projects expose them: names, types and labels from their documentation.

For each profile: what goes from `web` to `db` in the namespaces shop and store, with what must not
be counted beside it (the other reporter, other directions, other verdicts).
"""

from dataclasses import dataclass, field

from shorthaul.traffic.identities import Directory, PodIdentity
from shorthaul.units import Namespace, NodeName, PodRef, WorkloadRef

WEB = WorkloadRef(Namespace("shop"), "Deployment", "web")
DB = WorkloadRef(Namespace("store"), "StatefulSet", "db")
WEB_POD = PodRef(Namespace("shop"), "web-7d4b9c6f5-abcde")
DB_POD = PodRef(Namespace("store"), "db-0")
DIRECTORY = Directory(
    pods={
        WEB_POD: PodIdentity(WEB, NodeName("a")),
        DB_POD: PodIdentity(DB, NodeName("b")),
    },
    workloads=frozenset((WEB, DB)),
    pods_by_address={"10.0.0.1": WEB_POD, "10.0.0.2": DB_POD},
)


@dataclass(frozen=True)
class Shape:
    """Series of the reporters at both ends; `share` is what each counted one has of the whole.

    A counted series grows by `share` times the traffic, any other one by something large.
    """

    source: object
    destination: object
    at_source: list = field(default_factory=list)
    at_destination: list = field(default_factory=list)


def series(name, labels, *, counted=1, kind="counter"):
    return name, kind, labels, counted


def netobserv(**other):
    return {
        "SrcK8S_Namespace": "shop",
        "SrcK8S_OwnerName": "web",
        "SrcK8S_OwnerType": "Deployment",
        "SrcK8S_Type": "Pod",
        "DstK8S_Namespace": "store",
        "DstK8S_OwnerName": "db",
        "DstK8S_OwnerType": "StatefulSet",
        "DstK8S_Type": "Pod",
        "SrcSubnetLabel": "Pods",
        "DstSubnetLabel": "Pods",
        "K8S_FlowLayer": "app",
        **other,
    }


def obi(**other):
    return {
        "k8s_src_namespace": "shop",
        "k8s_src_owner_name": "web",
        "k8s_src_name": WEB_POD.name,
        "k8s_dst_namespace": "store",
        "k8s_dst_owner_name": "db",
        "k8s_dst_name": DB_POD.name,
        "k8s_cluster_name": "one",
        "src_address": "10.0.0.1",
        "dst_address": "10.0.0.2",
        "src_cidr": "10.0.0.0/8",
        "dst_cidr": "10.0.0.0/8",
        **other,
    }


def istio(reporter):
    return {
        "reporter": reporter,
        "source_workload": "web",
        "source_workload_namespace": "shop",
        "destination_workload": "db",
        "destination_workload_namespace": "store",
        "destination_service_name": "db",
        "source_cluster": "one",
        "destination_cluster": "one",
        "request_protocol": "http",
    }


def linkerd(direction, peer):
    return {
        "direction": direction,
        "peer": peer,
        "namespace": "shop",
        "pod": WEB_POD.name,
        "deployment": "web",
        "dst_namespace": "store",
        "dst_statefulset": "db",
        "dst_service": "db",
    }


def retina(direction):
    return {
        "direction": direction,
        "source_ip": "10.0.0.1",
        "source_namespace": "shop",
        "source_podname": WEB_POD.name,
        "source_workload_kind": "Deployment",
        "source_workload_name": "web",
        "destination_ip": "10.0.0.2",
        "destination_namespace": "store",
        "destination_podname": DB_POD.name,
        "destination_workload_kind": "StatefulSet",
        "destination_workload_name": "db",
    }


COROOT = {
    "container_id": f"/k8s/shop/{WEB_POD.name}/nginx",
    "app_id": "/k8s/shop/web",
    "destination": "10.96.0.7:5432",
    "actual_destination": "10.0.0.2:5432",
}


def kubeskoop(source_type="pod"):
    return {
        "protocol": "TCP",
        "src": "10.0.0.1",
        "src_type": source_type,
        "src_node": "a",
        "src_namespace": "shop",
        "src_pod": WEB_POD.name,
        "dst": "10.0.0.2",
        "dst_type": "pod",
        "dst_node": "b",
        "dst_namespace": "store",
        "dst_pod": DB_POD.name,
        "sport": "41012",
        "dport": "5432",
    }


def hubble(**other):
    return {
        "protocol": "TCP",
        "type": "Trace",
        "subtype": "to-endpoint",
        "verdict": "FORWARDED",
        "source_namespace": "shop",
        "source_workload": "web",
        "source_workload_kind": "Deployment",
        "destination_namespace": "store",
        "destination_workload": "db",
        "destination_workload_kind": "StatefulSet",
        **other,
    }


def _netobserv(what):
    counted = f"netobserv_workload_ingress_{what}_total"
    return Shape(
        WEB,
        DB,
        at_source=[series(f"netobserv_workload_egress_{what}_total", netobserv(), counted=0)],
        at_destination=[
            series(counted, netobserv()),
            series(
                counted, netobserv(DstK8S_Type="Service", DstK8S_OwnerType="Service"), counted=0
            ),
        ],
    )


def _both_pods(metric, labels, kind="counter"):
    """Both ends' reporters count the pair whole, one of them a little less."""
    return Shape(
        WEB_POD,
        DB_POD,
        at_source=[series(metric, labels, kind=kind)],
        at_destination=[series(metric, labels, counted=0.9, kind=kind)],
    )


def _istio(*metrics):
    return Shape(
        WEB,
        DB,
        at_source=[series(name, istio("source"), counted=1 / len(metrics)) for name in metrics],
        at_destination=[series(name, istio("destination"), counted=0) for name in metrics],
    )


SHAPES = {
    "netobserv": _netobserv("bytes"),
    "netobserv-packets": _netobserv("packets"),
    "obi": _both_pods("obi_network_flow_bytes_total", obi()),
    "beyla": _both_pods("beyla_network_flow_bytes_total", obi()),
    "istio": _istio(
        "istio_tcp_sent_bytes_total",
        "istio_tcp_received_bytes_total",
        "istio_request_bytes_sum",
        "istio_response_bytes_sum",
    ),
    "istio-requests": _istio("istio_requests_total"),
    "linkerd": Shape(
        WEB,
        DB,
        at_source=[
            series("tcp_write_bytes_total", linkerd("outbound", "dst"), counted=0.25),
            series("tcp_read_bytes_total", linkerd("outbound", "dst"), counted=0.75),
            series("tcp_write_bytes_total", linkerd("outbound", "src"), counted=0),
        ],
        at_destination=[series("tcp_read_bytes_total", linkerd("inbound", "src"), counted=0)],
    ),
    "retina": Shape(
        WEB_POD,
        DB_POD,
        at_source=[
            series("networkobservability_adv_forward_bytes", retina("EGRESS"), kind="gauge")
        ],
        at_destination=[
            series(
                "networkobservability_adv_forward_bytes", retina("INGRESS"), counted=0, kind="gauge"
            )
        ],
    ),
    "coroot": Shape(
        WEB_POD,
        DB_POD,
        at_source=[
            series("container_net_tcp_bytes_sent_total", COROOT, counted=0.5),
            series("container_net_tcp_bytes_received_total", COROOT, counted=0.5),
        ],
    ),
    "kubeskoop": _both_pods("kubeskoop_flow_bytes", kubeskoop(), kind="gauge"),
    "hubble": Shape(
        WEB,
        DB,
        at_source=[
            series("hubble_flows_processed_total", hubble(subtype="to-overlay"), counted=0),
            series(
                "hubble_flows_processed_total",
                hubble(verdict="DROPPED", type="Drop", subtype=""),
                counted=0,
            ),
        ],
        at_destination=[series("hubble_flows_processed_total", hubble())],
    ),
}
