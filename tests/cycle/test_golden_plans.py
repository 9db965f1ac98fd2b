"""Plans of small named worlds, kept as files: a change of a plan is seen in review.

When a change is meant, write them anew with `SHORTHAUL_GOLDEN=write pytest tests/cycle`, and read
the difference before committing it. Versions of libraries are left out: they are no part of a plan.
"""

import difflib
import json
import os
from pathlib import Path

import pytest

from cycle import golden_worlds
from shorthaul.cluster import checkers
from shorthaul.plan import manifests
from shorthaul.plan.planning import make_plan

PLANS = Path(__file__).parent / "plans"
VERSIONS = ("numpy",)


def written(plan):
    found = manifests.manifest(plan)
    for name in VERSIONS:
        found["spec"]["inputs"].pop(name)
    for key in ("digest",):
        found["spec"].pop(key)
    found["metadata"].pop("name")
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", golden_worlds.NAMES)
def test_the_plan_of_a_world_is_the_golden_one(name):
    found = written(make_plan(golden_worlds.request(name)))
    path = PLANS / f"{name}.json"
    if os.environ.get("SHORTHAUL_GOLDEN") == "write":
        path.write_text(found)

    expected = path.read_text()
    difference = difflib.unified_diff(
        expected.splitlines(), found.splitlines(), "golden", "found", lineterm="", n=2
    )
    assert found == expected, "\n" + "\n".join(difference)


@pytest.mark.parametrize("name", golden_worlds.NAMES)
def test_golden_plans_pass_the_reference_checker(name):
    request = golden_worlds.request(name)
    plan = make_plan(request)
    waves = [
        [(move.pod, move.target) for move in plan.moves if move.wave == number]
        for number in sorted({move.wave for move in plan.moves})
    ]

    assert checkers.check_moves(request.snapshot, waves, request.rules, 0.0) == ()
