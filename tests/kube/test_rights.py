"""What the operator's ServiceAccount may do, as the real API server sees it, against a golden file.

Every right is listed, less those that any authenticated user has. A right more fails the test: who
adds one says why in the commit that changes `rights.txt`.
"""

from pathlib import Path

import pytest

from chart import releases
from shorthaul.kube import endpoints

pytest_plugins = ["chart.fixtures"]
pytestmark = pytest.mark.controlplane

GOLDEN = Path(__file__).with_name("rights.txt")
EVERYWHERE = "everywhere"
NAMESPACES = (releases.OPENED, releases.NAMESPACE, releases.PROBES)
DANGEROUS = [
    ("opened", "", "pods", "delete"),
    ("opened", "", "pods", "deletecollection"),
    ("opened", "", "pods", "create"),
    ("opened", "", "pods", "patch"),
    ("opened", "", "pods/status", "patch"),
    ("opened", "", "pods/binding", "create"),
    ("opened", "", "pods/exec", "create"),
    ("opened", "", "bindings", "create"),
    ("opened", "", "secrets", "get"),
    ("opened", "", "secrets", "list"),
    ("opened", "", "configmaps", "get"),
    ("opened", "", "serviceaccounts/token", "create"),
    ("opened", "apps", "deployments", "patch"),
    ("opened", "shorthaul.dev", "affinitypolicies", "update"),
    ("opened", "shorthaul.dev", "affinitypolicies", "patch"),
    ("closed", "", "pods/eviction", "create"),
    ("kube-system", "", "pods/eviction", "create"),
    ("shorthaul-system", "", "pods/eviction", "create"),
    ("shorthaul-system", "", "pods", "create"),
    ("shorthaul-probe", "", "pods", "delete"),
    ("shorthaul-probe", "", "pods/eviction", "create"),
    ("kube-system", "coordination.k8s.io", "leases", "update"),
    ("", "", "nodes", "patch"),
    ("", "", "namespaces", "patch"),
    ("", "", "users", "impersonate"),
    ("", "shorthaul.dev", "placementplans", "approve"),
    ("", "shorthaul.dev", "placementplans", "override"),
    ("", "apiextensions.k8s.io", "customresourcedefinitions", "patch"),
    ("", "admissionregistration.k8s.io", "mutatingadmissionpolicies", "patch"),
    ("", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "create"),
    ("", "rbac.authorization.k8s.io", "clusterroles", "escalate"),
    ("", "rbac.authorization.k8s.io", "clusterrolebindings", "create"),
]


def _rights(client, namespace):
    review = client.create(
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "metadata": {},
            "spec": {"namespace": namespace},
        }
    )
    assert not review["status"]["incomplete"]
    return {
        " ".join([verb, resource + (f".{group}" if group else ""), *names])
        for rule in review["status"]["resourceRules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for names in [(f"named {name}",) for name in rule.get("resourceNames", ())] or [()]
    }


def _told(rights):
    verbs = {}
    for right in sorted(rights):
        verb, _, what = right.partition(" ")
        verbs.setdefault(what, []).append(verb)
    return [f"  {what}: {' '.join(found)}" for what, found in sorted(verbs.items())]


def _listing(release):
    operator, nobody = release.operator, release.make_account("default", "nobody")
    common = _rights(operator, releases.CLOSED)
    lines = [EVERYWHERE, *_told(common - _rights(nobody, releases.CLOSED))]
    for namespace in NAMESPACES:
        more = _rights(operator, namespace) - common - _rights(nobody, namespace)
        lines += [f"in {namespace}", *_told(more)]
    return lines


def test_the_operator_may_do_exactly_what_the_golden_file_says(release):
    assert _listing(release) == GOLDEN.read_text().splitlines()


def test_what_may_be_listed_is_what_the_operator_reads():
    lines = [line.strip() for line in GOLDEN.read_text().splitlines()]
    listed = {line.partition(":")[0] for line in lines if "list" in line.partition(":")[2].split()}
    kinds = [each for each in vars(endpoints).values() if isinstance(each, endpoints.Endpoint)]
    named = {f"{each.plural}.{each.group}" if each.group else each.plural for each in kinds}

    assert listed == named - {"leases.coordination.k8s.io", "events.events.k8s.io"}


@pytest.mark.parametrize(("namespace", "group", "resource", "verb"), DANGEROUS)
def test_the_operator_may_not(release, namespace, group, resource, verb):
    plural, _, subresource = resource.partition("/")
    attributes = {"namespace": namespace, "group": group, "resource": plural, "verb": verb}
    review = release.operator.create(
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "metadata": {},
            "spec": {"resourceAttributes": {**attributes, "subresource": subresource}},
        }
    )

    assert not review["status"].get("allowed"), review["status"].get("reason")


def test_evictions_are_allowed_where_the_values_say(release):
    attributes = {"resource": "pods", "subresource": "eviction", "verb": "create"}
    review = release.operator.create(
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "metadata": {},
            "spec": {"resourceAttributes": {**attributes, "namespace": releases.OPENED}},
        }
    )

    assert review["status"]["allowed"]
