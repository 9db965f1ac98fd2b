"""A status and a body become the one error that callers decide by."""

import json

import pytest

from shorthaul.kube.failures import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    RequestFailed,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    from_reply,
)


def body(message: str, **details: object) -> bytes:
    return json.dumps({"kind": "Status", "message": message, "details": details}).encode()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Invalid),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (410, Gone),
        (422, Invalid),
        (500, Unavailable),
        (503, Unavailable),
        (504, Unavailable),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[RequestFailed]):
    failure = from_reply(status, body("why"), {})

    assert (type(failure), failure.message, failure.status) == (kind, "why", status)


def test_a_budgets_no_is_told_from_the_servers_load():
    causes = [{"reason": "DisruptionBudget", "message": "needs 3 healthy pods and has 3"}]

    policy = from_reply(429, body("cannot evict", causes=causes), {})
    load = from_reply(429, body("too many requests"), {"Retry-After": "7"})

    assert isinstance(policy, TooManyRequests)
    assert isinstance(load, TooManyRequests)
    assert (policy.by_budget, load.by_budget) == (True, False)
    assert policy.message == "cannot evict needs 3 healthy pods and has 3"
    assert load.retry_after_seconds == 7.0


def test_a_missing_right_is_named_with_its_scope():
    everywhere = Forbidden(
        'pods is forbidden: User "x" cannot list resource "pods" in API group "" '
        "at the cluster scope"
    )
    one = Forbidden(
        'User "x" cannot create resource "leases" in API group "coordination.k8s.io" in the '
        'namespace "shop"'
    )
    admission = Forbidden("ValidatingAdmissionPolicy 'a' denied request: no")

    assert everywhere.missing_right == "list pods (core) in every namespace"
    assert one.missing_right == "create leases (coordination.k8s.io) in namespace shop"
    assert admission.missing_right == ""


def test_a_body_that_is_no_status_is_still_told():
    failure = from_reply(502, b"<html>bad gateway</html>", {})

    assert failure.message == "<html>bad gateway</html>"


def test_an_empty_body_is_told_by_its_status():
    assert from_reply(500, b"", {}).message == "status 500"
