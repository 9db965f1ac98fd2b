"""Raw selectors, affinities and spread constraints to the values that `cluster` matches with.

`matchLabelKeys` and `mismatchLabelKeys` become ordinary requirements, with the pod's own values,
as the API server and the scheduler do it. A null selector stays None: it matches nothing.
"""

from collections.abc import Iterable, Mapping, Sequence

from shorthaul.cluster import snapshots
from shorthaul.cluster.selectors import NodeTerm, Requirement, Selector
from shorthaul.kube import objects, pod_objects
from shorthaul.units import Namespace


def requirements_of(raw: Iterable[objects.Expression] | None) -> tuple[Requirement, ...]:
    """Expressions as requirements; a scope selector's key is its scope name."""
    return tuple(
        Requirement(part.key or part.scope_name, part.operator, tuple(part.values or ()))
        for part in raw or ()
    )


def selector_of(raw: objects.LabelSelector | None) -> Selector | None:
    """A label selector; None stays None."""
    if raw is None:
        return None
    return Selector(
        tuple(sorted((raw.match_labels or {}).items())), requirements_of(raw.match_expressions)
    )


def selector_of_labels(labels: Mapping[str, str] | None) -> Selector | None:
    """The selector of a Service: labels only, and none when there are none."""
    return Selector(tuple(sorted(labels.items()))) if labels else None


def node_terms_of(raw: objects.NodeSelector | None) -> tuple[NodeTerm, ...] | None:
    """The terms of which one must match a node; None when nothing is required."""
    if raw is None:
        return None
    return tuple(
        NodeTerm(requirements_of(term.match_expressions), requirements_of(term.match_fields))
        for term in raw.node_selector_terms or ()
    )


def affinity_terms_of(
    raw: pod_objects.PodAffinity | None, namespace: Namespace, labels: Mapping[str, str]
) -> tuple[snapshots.AffinityTerm, ...]:
    """Required terms; one that names no namespace means the pod's own."""
    if raw is None:
        return ()
    return tuple(_affinity_term(term, namespace, labels) for term in raw.required or ())


def _affinity_term(
    raw: pod_objects.PodAffinityTerm, namespace: Namespace, labels: Mapping[str, str]
) -> snapshots.AffinityTerm:
    named = tuple(Namespace(name) for name in raw.namespaces or ())
    chosen = selector_of(raw.namespace_selector)
    selector = _merged(selector_of(raw.label_selector), raw.match_label_keys, labels, "In")
    return snapshots.AffinityTerm(
        topology_key=raw.topology_key,
        selector=_merged(selector, raw.mismatch_label_keys, labels, "NotIn"),
        namespaces=named if named or chosen is not None else (namespace,),
        namespace_selector=chosen,
    )


def _merged(
    selector: Selector | None, keys: Sequence[str] | None, labels: Mapping[str, str], operator: str
) -> Selector | None:
    """Adds a requirement per key that the pod has, unless the API server has added it already."""
    if selector is None or not keys:
        return selector
    wanted = (Requirement(key, operator, (labels[key],)) for key in keys if key in labels)
    added = tuple(part for part in wanted if part not in selector.requirements)
    return Selector(selector.labels, selector.requirements + added)


def spread_of(
    raw: Iterable[pod_objects.TopologySpreadConstraint] | None, labels: Mapping[str, str]
) -> tuple[snapshots.SpreadConstraint, ...]:
    """The constraints that forbid; those that only prefer are left out."""
    return tuple(
        snapshots.SpreadConstraint(
            topology_key=part.topology_key,
            max_skew=part.max_skew,
            selector=_merged(selector_of(part.label_selector), part.match_label_keys, labels, "In"),
            min_domains=part.min_domains,
            honor_affinity=(part.node_affinity_policy or "Honor") == "Honor",
            honor_taints=(part.node_taints_policy or "Ignore") == "Honor",
        )
        for part in raw or ()
        if part.when_unsatisfiable == "DoNotSchedule"
    )


def crosses_namespaces(raw: pod_objects.Affinity | None) -> bool:
    """Whether any pod (anti-)affinity, preferred too, looks into other namespaces."""
    if raw is None:
        return False
    parts = [part for part in (raw.pod_affinity, raw.pod_anti_affinity) if part is not None]
    terms = [term for part in parts for term in part.required or ()]
    terms += [wish.pod_affinity_term for part in parts for wish in part.preferred or ()]
    return any(term.namespaces or term.namespace_selector is not None for term in terms)
