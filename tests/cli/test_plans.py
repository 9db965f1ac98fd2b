"""`plan`, `score`, `frontier` and `explain` on the example and on recordings of real clusters."""

import json
from pathlib import Path

import pytest
import yaml

from cli.commands import CLUSTER, EDGES, HUBBLE, OFFLINE, refused, shorthaul
from shorthaul.units import TIERS

POLICY = str(OFFLINE / "policy.yaml")
TOPOLOGY = str(OFFLINE / "topology.yaml")
INPUTS = ("--cluster", CLUSTER, "--flows", EDGES)
TIER_NAMES = [str(tier) for tier in TIERS]


def planned(*words):
    outcome = shorthaul("plan", *words, "-o", "json")
    assert outcome.status == 0, outcome
    assert outcome.err == ""
    return json.loads(outcome.out)


@pytest.fixture(scope="module")
def example():
    return planned(*INPUTS)


def test_the_plan_is_the_object_that_the_contract_names(example):
    spec = example["spec"]

    assert (example["apiVersion"], example["kind"]) == ("shorthaul.dev/v1alpha1", "PlacementPlan")
    assert set(spec["objective"]) == {
        "name",
        "unit",
        "before",
        "after",
        "lowerBound",
        "boundAssumes",
        "boundMethod",
    }
    assert (
        spec["objective"]["lowerBound"] <= spec["objective"]["after"] < spec["objective"]["before"]
    )
    for shares in spec["locality"].values():
        assert list(shares) == TIER_NAMES
        assert sum(shares.values()) == pytest.approx(1)
    for move in spec["moves"]:
        assert {
            "namespace",
            "pod",
            "uid",
            "workload",
            "from",
            "to",
            "wave",
            "gain",
            "reason",
        } == set(move)
    for refusal in spec["refusals"]:
        assert set(refusal) == {"namespace", "pod", "reason", "message"}
    assert {"cluster", "flows", "seed", "shorthaul", "engine"} <= set(spec["inputs"])


def test_the_same_input_gives_the_same_bytes():
    first, second = (shorthaul("plan", *INPUTS, "-o", "json").out for _ in range(2))

    assert first == second


def test_yaml_is_the_same_object(example):
    assert yaml.safe_load(shorthaul("plan", *INPUTS, "-o", "yaml").out) == example


def test_the_order_of_files_does_not_matter():
    files = sorted((OFFLINE / "hubble").iterdir())

    forth = planned("--cluster", CLUSTER, "--flows", *files)
    back = planned("--cluster", CLUSTER, "--flows", *reversed(files))
    folder = planned("--cluster", CLUSTER, "--flows", HUBBLE)

    assert forth == back == folder


def test_pods_that_must_stay_stay_with_their_reasons(example):
    moved = {move["pod"] for move in example["spec"]["moves"]}
    reasons = {refusal["pod"]: refusal["reason"] for refusal in example["spec"]["refusals"]}

    assert not any(pod.startswith(("agent-", "batch-", "ledger-")) for pod in moved)
    assert reasons[next(pod for pod in reasons if pod.startswith("batch-"))] == "HostPathVolume"
    assert reasons[next(pod for pod in reasons if pod.startswith("ledger-"))] == "BudgetSpent"


def test_a_score_of_the_plan_agrees_with_the_plan(example, tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(example))

    outcome = shorthaul("score", *INPUTS, "--plan", path, "-o", "json")

    found, promised = json.loads(outcome.out), example["spec"]["objective"]
    assert (found["before"], found["after"]) == (promised["before"], promised["after"])
    assert found["locality"] == example["spec"]["locality"]
    assert found["moves"] == len(example["spec"]["moves"])


def test_a_score_without_a_plan_tells_what_is():
    found = json.loads(shorthaul("score", *INPUTS, "-o", "json").out)

    assert found["after"] is None
    assert found["before"] > 0


@pytest.mark.parametrize(
    ("words", "way"),
    [
        (("plan",), "routed"),
        (("plan", "-o", "html"), "routed"),
        (("score",), "routed"),
        (("map",), "observed"),
        (("map", "--routing", "zone"), "observed"),
    ],
)
def test_titles_tell_tiers_as_observed_from_tiers_as_routed(words, way):
    out = shorthaul(*words, "--cluster", CLUSTER, "--flows", HUBBLE).out

    assert f"by the smallest tier that both ends share, as {way}" in out


def test_the_map_of_an_edge_list_has_tiers_as_routed():
    assert "both ends share, as routed\n" in shorthaul("map", *INPUTS).out


def test_a_score_on_other_flows_says_that_they_are_other(example, tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump(example))

    outcome = shorthaul("score", "--cluster", CLUSTER, "--flows", HUBBLE, "--plan", path)

    assert outcome.status == 0
    assert "the plan was made with flows sha256:" in outcome.out


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"pod": "ghost"}, "pod shop/ghost is not in the cluster"),
        ({"uid": "other"}, "the plan is for other"),
        ({"from": "n9"}, "the plan moves it from n9"),
        ({"to": "n9"}, "node n9 is not in the cluster"),
    ],
)
def test_a_plan_that_is_out_of_date_is_refused(example, tmp_path, change, expected):
    changed = json.loads(json.dumps(example))
    changed["spec"]["moves"][0] |= change
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(changed))

    line = refused("score", *INPUTS, "--plan", path)

    assert expected in line
    assert "make a new one" in line


def test_a_plan_that_moves_a_pod_twice_is_refused(example, tmp_path):
    changed = json.loads(json.dumps(example))
    changed["spec"]["moves"].append(changed["spec"]["moves"][0])
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(changed))

    assert "moved twice" in refused("score", *INPUTS, "--plan", path)


def test_a_plan_that_moves_a_pod_on_from_where_it_was_parked_is_scored(example, tmp_path):
    changed = json.loads(json.dumps(example))
    move = changed["spec"]["moves"][0]
    changed["spec"]["moves"].append({**move, "from": move["to"], "to": move["from"]})
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(changed))

    outcome = shorthaul("score", *INPUTS, "--plan", path, "-o", "json")
    assert outcome.status == 0, outcome


def test_a_bound_may_be_left_out_or_be_looked_for_longer(example):
    bare, longer = (planned(*INPUTS, "--bound", word) for word in ("none", "thorough"))
    bounds = [one["spec"]["objective"]["lowerBound"] for one in (bare, example, longer)]

    assert bounds == sorted(bounds)
    assert bounds[0] == 0 < bounds[1]
    assert bare["spec"]["moves"] == example["spec"]["moves"] == longer["spec"]["moves"]
    assert [one["spec"]["inputs"].get("bound") for one in (bare, example, longer)] == [
        "none",
        None,
        "thorough",
    ]


def test_recommended_routing_is_part_of_the_plan_and_of_its_score(tmp_path):
    made = planned(*INPUTS, "--recommend-routing", "--endpoint-load-limit", "2")
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(made))
    scored = json.loads(shorthaul("score", *INPUTS, "--plan", path, "-o", "json").out)

    assert made["spec"]["inputs"]["endpointLoadLimit"] == "2.0"
    for one in made["spec"].get("routing", []):
        assert one["largestEndpointLoad"] <= 2
    after = made["spec"]["objective"]["after"]
    assert after == pytest.approx(scored["after"], rel=1e-9)


def test_recommending_what_is_overridden_is_refused():
    words = ("plan", *INPUTS, "--recommend-routing", "--routing", "zone")

    assert "--routing zone says so already" in refused(*words)


def test_a_distribution_that_nobody_knows_is_refused(example, tmp_path):
    changed = json.loads(json.dumps(example))
    changed["spec"]["routing"] = [{"namespace": "shop", "service": "cart", "to": "PreferMoon"}]
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(changed))

    assert "'PreferMoon'" in refused("score", *INPUTS, "--plan", path)


def test_latency_is_planned_with_a_topology_that_has_it(tmp_path):
    topology = tmp_path / "topology.yaml"
    spec = {"latencies": {"host": 0, "rack": 0.2, "zone": 0.5, "region": 2, "beyond": 40}}
    topology.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "shorthaul.dev/v1alpha1",
                "kind": "Topology",
                "metadata": {"name": "default"},
                "spec": spec,
            }
        )
    )
    flows = tmp_path / "flows.csv"
    flows.write_text(Path(EDGES).read_text().replace("bytes/s", "flows/s"))
    words = ("--cluster", CLUSTER, "--flows", flows, "--objective", "latency")

    made = planned(*words, "--topology", topology)
    assert made["spec"]["objective"]["unit"] == "flows/s·ms"
    assert made["spec"]["objective"]["after"] <= made["spec"]["objective"]["before"]
    assert "needs milliseconds for each tier" in refused("plan", *words)


def test_a_file_that_is_no_plan_is_refused():
    assert "no PlacementPlan in there" in refused("score", *INPUTS, "--plan", POLICY)


@pytest.mark.parametrize(("limit", "status"), [("0", 0), ("1", 2)])
def test_the_detailed_exit_status_tells_whether_there_are_moves(limit, status):
    outcome = shorthaul("plan", *INPUTS, "--max-moves", limit, "--detailed-exitcode")

    assert outcome.status == status


def test_without_moves_the_plan_changes_nothing():
    spec = planned(*INPUTS, "--max-moves", "0")["spec"]

    assert spec["moves"] == []
    assert spec["objective"]["before"] == spec["objective"]["after"]
    assert spec["locality"]["before"] == spec["locality"]["after"]


def test_limits_on_moves_hold(example):
    every = len(example["spec"]["moves"])

    assert len(planned(*INPUTS, "--max-moves", "3")["spec"]["moves"]) <= 3
    assert len(planned(*INPUTS, "--max-moves-percent", "10")["spec"]["moves"]) <= 2
    assert 0 < len(planned(*INPUTS, "--max-moves", "knee")["spec"]["moves"]) < every


def test_two_limits_on_moves_are_wrong_usage():
    line = refused("plan", *INPUTS, "--max-moves", "3", "--max-moves-percent", "10")

    assert "exclude each other" in line


def test_a_policy_moves_only_what_it_selects(tmp_path):
    path = tmp_path / "pay.yaml"
    path.write_text((OFFLINE / "policy.yaml").read_text().partition("---")[2])

    spec = planned(*INPUTS, "--policy", path)["spec"]

    assert {move["namespace"] for move in spec["moves"]} <= {"pay"}
    assert {refusal["namespace"] for refusal in spec["refusals"]} <= {"pay"}
    assert any("names shop" in note for note in spec["notes"])


def test_the_routing_changes_what_a_plan_is_worth():
    costs = {
        routing: planned(*INPUTS, "--routing", routing)["spec"]["objective"]
        for routing in ("uniform", "zone", "node", "local")
    }

    assert costs["local"]["before"] <= costs["uniform"]["before"]
    assert len({objective["after"] for objective in costs.values()}) > 1


def test_cost_is_told_in_money():
    spec = planned(*INPUTS, "--topology", TOPOLOGY, "--objective", "cost")["spec"]

    assert spec["objective"]["unit"] == "dollars/month"
    assert spec["inputs"]["topology"].startswith("sha256:")


def test_a_search_that_is_cut_short_still_gives_a_sound_plan():
    spec = planned(*INPUTS, "--time-limit", "0.000001")["spec"]

    assert spec["timeLimited"] is True
    assert spec["objective"]["after"] <= spec["objective"]["before"]


def test_the_frontier_rises_and_names_its_knee():
    found = json.loads(shorthaul("frontier", *INPUTS, "-o", "json").out)
    text = shorthaul("frontier", *INPUTS).out

    moves = [point["moves"] for point in found["points"]]
    gains = [point["gain"] for point in found["points"]]
    assert moves == sorted(set(moves))
    assert gains == sorted(gains)
    assert found["knee"] in found["points"]
    assert text.count("← knee") == 1


def explained(pod, *words):
    outcome = shorthaul("explain", pod, *INPUTS, *words)
    assert outcome.status == 0, outcome
    return outcome.out


def test_a_move_is_explained_as_the_plan_has_it(example):
    move = example["spec"]["moves"][0]

    found = json.loads(explained(f"{move['namespace']}/{move['pod']}", "-o", "json"))

    assert found["move"]["to"] == move["to"]
    assert found["move"]["gain"] == move["gain"]["value"]


def test_a_pod_that_stays_is_explained_with_every_reason(example):
    pod = next(one["pod"] for one in example["spec"]["refusals"] if one["pod"].startswith("batch-"))

    text = explained(pod)

    assert "stays: HostPathVolume" in text
    assert "Its workload talks to" in text


DOUBT = "Service payments asks for PreferSameZone but its endpoints carry no such hints"


def test_how_the_traffic_of_a_pod_is_routed_is_explained_with_the_reason(example):
    pod = next(m["pod"] for m in example["spec"]["moves"] if m["pod"].startswith("payments-"))

    text, found = explained(pod), json.loads(explained(pod, "-o", "json"))

    assert f"  pay/payments: uniform ({DOUBT})\n" in text
    told = {one["name"]: (one["routing"], one["reason"]) for one in found["routings"]}
    assert told["payments"] == ("uniform", DOUBT)
    assert set(told) == {"payments", "ledger"}


def test_a_service_that_is_not_believed_is_noted_in_the_plan(example):
    assert [DOUBT in note for note in example["spec"]["notes"]].count(True) == 1


def test_a_routing_that_is_asked_for_leaves_nothing_to_doubt():
    text = explained("db-0", "--routing", "zone")

    assert "  shop/db: zone (asked for all traffic, whatever Services do)\n" in text
    assert DOUBT not in text


def test_an_unknown_pod_is_refused_with_suggestions():
    line = refused("explain", "shop/catalog", *INPUTS)

    assert "did you mean shop/catalog-" in line


@pytest.mark.recordings
@pytest.mark.parametrize("flows", ["hubble", "bytes.csv"])
def test_the_recording_of_a_real_cluster_is_planned_without_undeserved_warning(recordings, flows):
    folder = recordings / "cilium-1.20"
    if not folder.is_dir():
        pytest.skip("no recording cilium-1.20 in ../shared/data on this machine")

    words = ("--cluster", folder / "cluster.json.gz", "--flows", folder / flows)
    spec = planned(*words)["spec"]
    text = shorthaul("map", *words).out

    assert spec["moves"]
    assert spec["objective"]["after"] < spec["objective"]["before"]
    expected = ["not in the cluster files, so taken as none: PodDisruptionBudget, ResourceQuota"]
    if flows == "hubble":
        expected.append("3,898 of 20,326 lines count; ")
        assert "7,634 traffic with the pod's own host" in text
    assert len(spec["notes"]) == len(expected)
    for note, beginning in zip(spec["notes"], expected, strict=True):
        assert note.startswith(beginning)


@pytest.mark.recordings
@pytest.mark.parametrize("sample", ["10-flows", "348-http-flows", "400-tcp-flows", "400-udp-flows"])
def test_recordings_of_an_old_hubble_are_mapped(recordings, sample):
    path = recordings / "hubble-otel" / f"basic-sample-{sample}.json"

    outcome = shorthaul("map", "--flows", path, "-o", "json")

    assert outcome.status == 0
    assert outcome.err == ""
    assert bool(json.loads(outcome.out)["edges"]) == (sample != "348-http-flows")
