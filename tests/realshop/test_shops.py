"""A seed draws one shop: its weights are known, and so is the least that has to cross."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realshop import leasts, shops, standing

SEEDS = st.integers(0, 10_000)


@given(SEEDS, st.integers(4, 20))
def test_a_shop_says_as_much_as_it_was_asked_to(seed, services):
    shop = shops.drawn(seed, services=services, bytes_per_second=1_000_000)

    assert shop.total_bytes_per_second == pytest.approx(1_000_000, rel=0.01)
    assert len(shop.services) == services
    assert {name for call in shop.calls for name in (call.client, call.server)} == {
        service.name for service in shop.services
    }


@given(SEEDS)
def test_no_service_calls_itself_or_another_twice(seed):
    pairs = [(call.client, call.server) for call in shops.drawn(seed).calls]

    assert len(pairs) == len(set(pairs))
    assert all(client != server for client, server in pairs)


def test_the_same_seed_is_the_same_shop_and_another_is_another():
    assert shops.drawn(7) == shops.drawn(7)
    assert shops.drawn(7).calls != shops.drawn(8).calls


@pytest.mark.parametrize("services", [3, 21])
def test_a_number_of_services_that_cannot_be_is_refused(services):
    with pytest.raises(ValueError, match=f"4 to 20 services, not {services}"):
        shops.drawn(1, services=services)


def test_each_store_is_held_in_a_rack_of_its_own_and_asked_by_many():
    shop = shops.drawn(1, stores=2)

    stores = {service.rack: service.name for service in shop.services if service.rack}

    assert set(stores) == {"rack-a", "rack-b"}
    for name in stores.values():
        assert len([call for call in shop.calls if call.server == name]) >= shops.STORE_CALLERS


def test_more_stores_than_racks_are_refused():
    with pytest.raises(ValueError, match="0 to 2 stores, not 3"):
        shops.drawn(1, stores=3)


def test_the_pods_of_a_store_stand_in_its_rack_only():
    shop = shops.drawn(1, stores=2)
    (name,) = [service.name for service in shop.services if service.rack == "rack-b"]

    found = list(standing.objects(shop))

    racks = {one["metadata"]["name"]: one["metadata"]["labels"] for one in found[:6]}
    places = [
        racks[one["spec"]["nodeName"]]["topology.shorthaul.dev/rack"]
        for one in found
        if one["kind"] == "Pod" and one["metadata"]["labels"]["app"] == name
    ]
    assert places == ["rack-b"] * shop.replicas(name)


def test_stores_are_asked_for_much_and_the_least_stays_low():
    shop = shops.drawn(1, stores=2)

    found = leasts.least(shop, standing.objects(shop, 6))

    assert found.proven
    assert found.least < 0.1 * shop.total_bytes_per_second
    assert (
        sum(
            shop.bytes_per_second(call)
            for call in shop.calls
            if any(one.rack and one.name == call.server for one in shop.services)
        )
        > 0.25 * shop.total_bytes_per_second
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_the_least_is_proven_and_is_what_the_halves_say_to_each_other_or_less(seed):
    shop = shops.drawn(seed, services=8, between=0.07)

    found = leasts.least(shop, standing.objects(shop, 4))

    assert found.proven
    assert 0 < found.least <= 0.07 * shop.total_bytes_per_second * 1.01
    assert found.bound == pytest.approx(found.least, rel=1e-6)
    assert found.now > 0.3 * shop.total_bytes_per_second


def test_the_edge_list_carries_the_known_weights(tmp_path):
    shop = shops.drawn(1)
    leasts.write_edges(shop, tmp_path / "edges.csv")

    rows = list(csv.DictReader((tmp_path / "edges.csv").open()))

    assert sum(float(row["rate"]) for row in rows) == pytest.approx(shop.total_bytes_per_second)
    assert {row["unit"] for row in rows} == {"bytes/s"}
