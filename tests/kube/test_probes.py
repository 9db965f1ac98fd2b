"""Hints written and proved as the chart's ServiceAccount, against the chart's admission policy."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from chart.releases import NAMESPACE, OPENED, PROBES, RELEASE
from shorthaul.act.hindrances import PROOF_SECONDS, Hindrances, Sources
from shorthaul.api.placementhints import HintTerm, WorkloadHint
from shorthaul.kube.connections import Connection
from shorthaul.kube.credentials import Origin
from shorthaul.kube.hints import Hints
from shorthaul.kube.probes import Prober, ProbeSettings
from shorthaul.units import Namespace, WorkloadRef

pytest_plugins = ["chart.fixtures"]
pytestmark = pytest.mark.controlplane

SHOP = Namespace(OPENED)
CART = WorkloadRef(SHOP, "StatefulSet", "cart")
TILL = WorkloadRef(SHOP, "Deployment", "till")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MUTATING = "mutatingadmissionpolicybindings.admissionregistration.k8s.io"


def hint(node: str, expires: datetime | None = None) -> WorkloadHint:
    term = HintTerm(weight=100, key="kubernetes.io/hostname", values=(node,))
    return WorkloadHint(terms=(term,), plan="plan-1", expires=expires)


@pytest.fixture
def kubeconfig(release):
    return release.plane.kubeconfig_for_service_account(NAMESPACE, RELEASE)


@contextlib.asynccontextmanager
async def tools(kubeconfig, arrival_seconds: float = 20.0) -> AsyncIterator[tuple[Hints, Prober]]:
    async with Connection(Origin(str(kubeconfig))) as connection:
        hints = Hints(connection)
        settings = ProbeSettings(Namespace(PROBES), arrival_seconds=arrival_seconds)
        yield hints, Prober(connection, hints, settings)
        await hints.empty()


def pod_of(release, owner: str) -> dict:
    """What the API server would make of a pod of a StatefulSet."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{owner}-0",
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "StatefulSet",
                    "name": owner,
                    "uid": "1",
                    "controller": True,
                }
            ],
        },
        "spec": {"containers": [{"name": "main", "image": "none"}]},
    }
    return release.administrator.create(pod, OPENED, dry_run=True)


def test_a_hint_leaves_those_of_other_workloads_alone(kubeconfig):
    async def story():
        async with tools(kubeconfig) as (hints, _):
            await hints.write(CART, hint("n1", NOW))
            await hints.write(TILL, hint("n2"))
            await hints.write(CART, hint("n3"))
            both = await hints.read(SHOP)
            await hints.remove(CART)
            return both, await hints.read(SHOP)

    both, one = asyncio.run(story())

    assert both == {"Deployment.till": hint("n2"), "StatefulSet.cart": hint("n3")}
    assert one == {"Deployment.till": hint("n2")}


def test_hints_written_at_once_for_a_new_namespace_are_all_there(kubeconfig):
    workloads = [WorkloadRef(SHOP, "Deployment", f"w{index}") for index in range(10)]

    async def story():
        async with tools(kubeconfig) as (hints, _):
            await asyncio.gather(*(hints.write(each, hint("n1")) for each in workloads))
            return await hints.read(SHOP)

    assert len(asyncio.run(story())) == 10


def test_expired_hints_go_and_the_object_goes_with_the_last_of_them(kubeconfig):
    async def story():
        async with tools(kubeconfig) as (hints, _):
            await hints.write(CART, hint("n1", NOW))
            await hints.write(TILL, hint("n2", NOW + timedelta(hours=1)))
            first = await hints.prune(NOW)
            left = await hints.read(SHOP)
            second = await hints.prune(NOW + timedelta(hours=1))
            return first, left, second, await hints.empty()

    first, left, second, objects = asyncio.run(story())

    assert (first, second, objects) == (1, 1, 0)
    assert set(left) == {"Deployment.till"}


def test_a_hint_whose_arrival_is_proved_is_on_the_next_pod(release, kubeconfig):
    async def story():
        async with tools(kubeconfig) as (hints, prober):
            found = []
            for index in range(5):
                await hints.write(CART, hint(f"n{index}"))
                assert await prober.prove_arrival() is None
                found.append(await asyncio.to_thread(pod_of, release, "cart"))
            return found

    for index, pod in enumerate(asyncio.run(story())):
        terms = pod["spec"]["affinity"]["nodeAffinity"][
            "preferredDuringSchedulingIgnoredDuringExecution"
        ]
        assert terms[0]["preference"]["matchExpressions"][0]["values"] == [f"n{index}"]


def test_many_moves_share_few_probes(kubeconfig, monkeypatch):
    placed = []
    place = Prober._place_marker

    async def counted(self):
        placed.append(1)
        return await place(self)

    monkeypatch.setattr(Prober, "_place_marker", counted)

    async def story():
        async with tools(kubeconfig) as (_, prober):
            return await asyncio.gather(*(prober.prove_arrival() for _ in range(20)))

    assert asyncio.run(story()) == [None] * 20
    assert len(placed) == 2


def test_the_charts_policy_is_proved_with_pods_of_every_shape(kubeconfig):
    async def story():
        async with tools(kubeconfig) as (_, prober):
            return await prober.prove_policy()

    assert asyncio.run(story()) is None


@contextlib.contextmanager
def unbound(release):
    """The admission policy without its binding, so that it does not act."""
    name = f"{RELEASE}-hints"
    binding = release.administrator.get(MUTATING, name)
    spec = {key: binding[key] for key in ("apiVersion", "kind", "spec")}
    release.administrator.delete(MUTATING, name)
    try:
        yield
    finally:
        release.administrator.create({**spec, "metadata": {"name": name}})


def test_a_policy_that_does_not_act_is_told_and_all_hints_are_taken_away(release, kubeconfig):
    async def story():
        async with tools(kubeconfig, arrival_seconds=3) as (hints, prober):
            await hints.write(CART, hint("n1"))
            await asyncio.sleep(2)
            reason = await prober.prove_policy()
            return reason, await hints.read(SHOP)

    with unbound(release):
        reason, left = asyncio.run(story())

    assert reason is not None
    assert reason.code == "HintsNotApplied"
    assert left == {}


def test_a_proof_that_fails_does_not_hold_up_what_else_is_looked_up(release, kubeconfig):
    async def story():
        clock, told = [0.0], []
        async with tools(kubeconfig, arrival_seconds=5) as (hints, prober):
            sources = Sources(hints._connection, prober, Namespace(NAMESPACE))
            found = Hindrances(sources, lambda: clock[0])
            await found.refresh([SHOP])
            assert found.everywhere is None
            with unbound(release):
                await asyncio.sleep(2)
                clock[0] += 2 * PROOF_SECONDS
                while not told or told[-1] is None:
                    await found.refresh([SHOP])
                    told.append(found.everywhere)
                    await asyncio.sleep(0.1)
            return told

    told = asyncio.run(story())

    assert told[0] is None
    assert told[-1].code == "HintsNotApplied"


def test_a_move_does_not_wait_for_its_hint_while_the_policy_is_being_proved(release, kubeconfig):
    """Begins once the API server has taken notice that the policy is unbound."""

    async def story():
        async with tools(kubeconfig, arrival_seconds=2) as (_, prober):
            while await prober.prove_arrival() is None:
                await asyncio.sleep(0.1)
        async with tools(kubeconfig, arrival_seconds=30) as (_, prober):
            proving = asyncio.create_task(prober.prove_policy())
            await asyncio.sleep(0.5)
            reason = await prober.prove_arrival()
            waited = not proving.done()
            proving.cancel()
            return reason, waited

    with unbound(release):
        reason, waited = asyncio.run(story())

    assert reason is not None
    assert (reason.code, waited) == ("HintsNotApplied", True)
