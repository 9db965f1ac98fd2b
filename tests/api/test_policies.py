"""Policies as rules: selection, conflict, consent."""

from shorthaul.api import policies
from shorthaul.api.affinitypolicies import (
    AffinityPolicy,
    AffinityPolicySpec,
    Isolation,
    LabelExpression,
    LabelSelector,
    Mode,
    Peer,
    SelectorOperator,
    Workloads,
)
from shorthaul.api.objects import ObjectMeta
from shorthaul.cluster.snapshots import Workload
from shorthaul.units import Namespace, Objective, WorkloadRef


def _policy(name, namespace="shop", peers=(), workloads=None, **spec):
    return policies.read(
        AffinityPolicy(
            metadata=ObjectMeta(name=name, namespace=namespace, generation=3),
            spec=AffinityPolicySpec(
                workloads=workloads or Workloads(),
                objective=spec.pop("objective", Objective.FLOWS),
                peers=tuple(Peer(namespace=peer) for peer in peers),
                **spec,
            ),
        )
    )


def _workload(name, namespace="shop", kind="Deployment", **labels):
    return Workload(WorkloadRef(Namespace(namespace), kind, name), labels=labels)


CART, CARD, DATABASE = (
    _workload("cart", tier="front"),
    _workload("card", namespace="pay"),
    _workload("database", kind="StatefulSet", tier="back"),
)
EVERYTHING = (CART, CARD, DATABASE)


def test_a_policy_without_a_selector_is_for_all_workloads_of_its_namespace_only():
    shop = _policy("all")

    governed = policies.govern([shop], EVERYTHING)

    assert governed.workloads[shop.ref] == {CART.ref, DATABASE.ref}


def test_selector_and_kinds_both_have_to_fit():
    front = LabelSelector(
        match_labels={"tier": "front"},
        match_expressions=(
            LabelExpression(key="tier", operator=SelectorOperator.NOT_IN, values=("back",)),
        ),
    )
    by_label = _policy("front", workloads=Workloads(selector=front))
    by_kind = _policy("sets", workloads=Workloads(kinds=("StatefulSet",)))
    by_both = _policy("none", workloads=Workloads(selector=front, kinds=("StatefulSet",)))

    governed = policies.govern([by_label, by_kind, by_both], EVERYTHING)

    assert governed.workloads[by_label.ref] == {CART.ref}
    assert governed.workloads[by_kind.ref] == {DATABASE.ref}
    assert governed.workloads[by_both.ref] == frozenset()
    assert governed.conflicts == {}


def test_two_policies_on_one_workload_conflict_and_neither_moves_anything():
    whole = _policy("whole")
    sets = _policy("sets", workloads=Workloads(kinds=("StatefulSet",)))

    governed = policies.govern([whole, sets], EVERYTHING)
    rules = policies.rules([whole, sets], governed, {whole.ref, sets.ref})

    assert governed.conflicts[whole.ref] == (policies.Conflict(DATABASE.ref, sets.ref),)
    assert governed.conflicts[sets.ref] == (policies.Conflict(DATABASE.ref, whole.ref),)
    assert not rules.of(CART.ref).movable
    assert not rules.of(DATABASE.ref).movable
    assert rules.of(CART.ref).resting.code == "SameWorkload"


def test_policies_of_two_namespaces_never_conflict():
    governed = policies.govern([_policy("near"), _policy("near", namespace="pay")], EVERYTHING)

    assert governed.conflicts == {}


def test_consent_needs_both_sides_to_name_each_other_in_any_mode():
    shop = _policy("near", peers=["pay", "ops"], mode=Mode.AUTO)
    pay = _policy("near", namespace="pay", peers=["shop"], mode=Mode.OBSERVE)
    ops = _policy("near", namespace="ops")

    assert policies.consents([shop, pay, ops]) == {
        "shop": {"shop", "pay"},
        "pay": {"pay", "shop"},
        "ops": {"ops"},
    }
    assert policies.unanswered([shop, pay, ops]) == {shop.ref: ("ops",)}


def test_a_peer_attracts_only_the_workloads_of_the_policy_that_names_it():
    front = Workloads(kinds=("Deployment",))
    named = _policy("front", peers=["pay"], workloads=front)
    other = _policy("back", workloads=Workloads(kinds=("StatefulSet",)))
    pay = _policy("near", namespace="pay", peers=["shop"])
    everyone = [named, other, pay]

    rules = policies.rules(everyone, policies.govern(everyone, EVERYTHING), {named.ref, other.ref})

    assert rules.of(CART.ref).attracted_by == {"shop", "pay"}
    assert rules.of(DATABASE.ref).attracted_by == {"shop"}


def test_only_acting_policies_move_but_all_trust_domains_hold():
    shop = _policy("near")
    pay = _policy("near", namespace="pay", isolation=Isolation(trust_domain="cards"))
    everyone = [shop, pay]

    rules = policies.rules(everyone, policies.govern(everyone, EVERYTHING), {shop.ref})

    assert rules.of(CART.ref).movable
    assert not rules.of(CARD.ref).movable
    assert rules.of(CARD.ref).resting.code == "OtherPlan"
    assert rules.of(CARD.ref).trust_domain == "cards"


def test_a_workload_that_no_policy_is_for_is_never_moved_and_attracts_nobody():
    rules = policies.rules([], policies.govern([], EVERYTHING), set())

    assert not rules.of(CART.ref).movable
    assert rules.of(CART.ref).attracted_by == frozenset()


def test_the_defaults_of_a_policy_are_careful():
    shop = _policy("near")

    rules = policies.rules([shop], policies.govern([shop], EVERYTHING), {shop.ref})
    found = rules.of(CART.ref)

    assert shop.spec.mode is Mode.OBSERVE
    assert (found.least_hosts, found.least_zones) == (2, 1)
    assert not found.allow_single_replica
    assert not found.allow_empty_dir
    assert found.minimum_age_seconds == 300


def test_there_is_one_plan_per_objective_and_mode():
    one = _policy("a", mode=Mode.AUTO)
    two = _policy("b", namespace="pay", mode=Mode.AUTO)
    three = _policy("c", mode=Mode.AUTO, objective=Objective.COST)

    grouped = policies.groups([three, two, one])

    assert grouped == {
        policies.Group(Objective.FLOWS, Mode.AUTO): (two, one),
        policies.Group(Objective.COST, Mode.AUTO): (three,),
    }
