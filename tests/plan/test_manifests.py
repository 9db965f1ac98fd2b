"""The PlacementPlan object: its fields, its digest, and its bounded form."""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from shorthaul.api import placementplans as api
from shorthaul.api.affinitypolicies import Mode
from shorthaul.api.policies import PolicyRef
from shorthaul.cluster.reasons import Reason
from shorthaul.plan import manifests
from shorthaul.plan.planning import make_plan
from shorthaul.plan.plans import Refusal
from solve import chance_worlds
from worlds import builders

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TIERS = ["host", "rack", "zone", "region", "beyond"]


def a_plan():
    plan = make_plan(chance_worlds.request(10, chance_worlds.Shape(nodes=6, workloads=6)))
    assert plan.moves
    return plan


def proposed(plan):
    return manifests.proposal(
        plan,
        mode=Mode.PROPOSE,
        policies=[(PolicyRef("shop", "gather"), 3)],
        now=NOW,
        expiry_seconds=60,
    )


def test_the_manifest_has_every_field_that_scripts_are_written_against():
    spec = manifests.manifest(a_plan())["spec"]

    assert {"name", "unit", "before", "after", "lowerBound", "boundMethod", "boundAssumes"} == set(
        spec["objective"]
    )
    assert list(spec["locality"]["after"]) == TIERS
    assert math.isclose(sum(spec["locality"]["before"].values()), 1)
    expected = {"namespace", "pod", "uid", "workload", "from", "to", "wave", "gain", "reason"}
    assert all(set(move) == expected for move in spec["moves"])
    assert set(spec["moves"][0]["gain"]) == {"value", "unit"}
    refused = {"namespace", "pod", "reason", "message"}
    assert all(set(refusal) == refused for refusal in spec["refusals"])
    assert {"seed", "engine", "numpy"} <= set(spec["inputs"])


def test_what_kubectl_shows_of_the_gain_has_six_digits():
    plan = a_plan()
    shown = proposed(plan).spec.predicted

    assert shown is not None
    assert shown.value == pytest.approx(plan.value.before - plan.value.after, rel=1e-5)
    assert len(f"{shown.value!r}".replace(".", "").strip("0")) <= 6


def test_the_manifest_is_plain_data_that_the_api_can_read():
    text = json.dumps(manifests.manifest(a_plan()))

    read = msgspec.json.decode(text, type=api.PlacementPlan)
    assert len(read.spec.moves) == len(a_plan().moves)


def test_both_forms_carry_the_same_digest():
    plan = a_plan()

    assert manifests.manifest(plan)["spec"]["digest"] == proposed(plan).spec.digest


def test_a_digest_names_these_moves_and_no_others():
    plan = a_plan()
    fewer = replace(plan, moves=plan.moves[1:])
    reseeded = replace(plan, inputs={**plan.inputs, "seed": "9"})

    digests = {manifests.digest(one) for one in (plan, fewer, reseeded)}
    assert len(digests) == 3


def test_the_bounded_form_has_at_most_500_moves_and_20_samples_of_a_reason():
    plan = a_plan()
    many = replace(
        plan,
        moves=tuple(
            replace(plan.moves[0], pod=builders.reference(f"p-{i}"), wave=i) for i in range(700)
        ),
        refusals=tuple(
            Refusal(builders.reference(f"r-{i:03}"), Reason("TooYoung", "x" * 5000))
            for i in range(90)
        ),
    )
    made = proposed(many)

    assert len(made.spec.moves) == 500
    assert len(made.spec.refusals) == 20
    assert made.spec.refusal_counts[0].count == 90
    assert "the first 500 of 700 moves" in made.spec.notes[-1]
    msgspec.json.decode(msgspec.json.encode(made), type=api.PlacementPlan)


def test_a_proposal_says_when_it_expires_and_whose_it_is():
    made = proposed(a_plan())

    assert made.spec.expires_at is not None
    assert (made.spec.expires_at - NOW).total_seconds() == 60
    assert made.spec.policies[0].name == "gather"
    assert made.spec.mode is Mode.PROPOSE
