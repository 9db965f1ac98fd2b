"""Evictions are counted as the audit log has them."""

from demoshop import evictions


def event(pod: str, *, code: int = 201, dry_run: bool = False, uid: str = "u1") -> dict:
    options = {"preconditions": {"uid": uid}} | ({"dryRun": ["All"]} if dry_run else {})
    return {
        "requestURI": f"/api/v1/namespaces/shop/pods/{pod}/eviction",
        "user": {"username": "system:serviceaccount:shorthaul-system:shorthaul"},
        "objectRef": {"namespace": "shop", "name": pod, "subresource": "eviction"},
        "requestObject": {"deleteOptions": options},
        "responseStatus": {"code": code},
    }


def test_dry_runs_and_refusals_are_not_evictions():
    events = [event("a"), event("a", dry_run=True), event("b", code=429), event("c", code=409)]

    found = evictions.count(events)

    assert (found.granted, found.over_budget, found.refused, found.dry_runs) == (1, 1, 1, 1)
    assert found.by_user == (("system:serviceaccount:shorthaul-system:shorthaul", 1),)


def test_a_pod_that_was_evicted_twice_is_named():
    assert evictions.count([event("a"), event("a")]).repeated == ("shop/a (u1)",)


def test_a_new_pod_of_the_same_name_is_another_pod():
    assert evictions.count([event("db-0"), event("db-0", uid="u2")]).repeated == ()
