"""Nothing waits for the operator: what is deleted while it is down goes; it cleans up later."""

from __future__ import annotations

import pytest

from process import stages
from process.stages import Shop, Stage

pytestmark = pytest.mark.controlplane


def gather(shop: Shop) -> None:
    shop.set_policy("Auto")
    shop.wait(lambda: shop.condition("Ready")[1] == "NothingToGain", "rest", shop.state)
    assert shop.hinted()


def test_a_policy_goes_at_once_without_the_operator_and_its_hints_go_with_it_later(running: Stage):
    with running.shop("absent") as shop:
        gather(shop)
        running.stop_operator()

        shop.client.delete(stages.POLICIES, "near", shop.namespace)

        assert not shop.client.exists(stages.POLICIES, "near", shop.namespace)
        assert shop.hinted()
        running.start_operator()
        shop.wait(lambda: not shop.hinted(), "end of the hints", shop.hinted)


def test_a_namespace_goes_without_the_operator_and_later_plans_are_made_all_the_same(
    running: Stage,
):
    with running.shop("vanishing") as shop:
        shop.set_policy("Auto", disruption={"concurrent": 1, "minimumPodAgeSeconds": 0})
        shop.wait(shop.moves, "moves", shop.state)
        running.stop_operator()

        shop.client.delete("namespaces", shop.namespace)
        shop.wait(
            lambda: not shop.client.exists("namespaces", shop.namespace), "end of the namespace"
        )

    running.start_operator()
    with running.shop("next") as other:
        other.set_policy("Auto")
        other.wait(
            lambda: any(move.get("status", {}).get("phase") == "Landed" for move in other.moves()),
            "move that landed",
            lambda: (other.state(), other.client.list(stages.PLANS)),
        )
