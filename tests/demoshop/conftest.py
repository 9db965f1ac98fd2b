"""A small cluster as the player sees it: two zones, a client, a service with three endpoints."""

from __future__ import annotations

import pytest

from demoshop import scenes

LABELS = (("kubernetes.io/os", "linux"),)
NODES = {
    "n01": scenes.Node("n01", "a", "a1", "north", "10.64.1.254", LABELS),
    "n02": scenes.Node("n02", "a", "a1", "north", "10.64.2.254", LABELS),
    "n03": scenes.Node("n03", "a", "a2", "north", "10.64.3.254", LABELS),
    "n04": scenes.Node("n04", "b", "b1", "north", "10.64.4.254", LABELS),
    "n05": scenes.Node("n05", "", "", "", "10.64.5.254", LABELS),
}
CART = ("shop", "cart")


def make_pod(name: str, node: str, workload: str) -> scenes.Pod:
    address = f"10.64.{node[1:].lstrip('0')}.{len(name)}"
    labels = (("app", workload),)
    return scenes.Pod("shop", name, f"uid-{name}", address, node, "Deployment", workload, labels)


def make_scene(*pods: scenes.Pod) -> scenes.Scene:
    """Return a scene in which the Service shop/cart has the cart pods as endpoints."""
    behind = tuple(
        scenes.Endpoint(pod.address, pod.node, pod_uid=pod.uid)
        for pod in pods
        if pod.workload == CART
    )
    services = {CART: scenes.Service("10.32.0.7")}
    return scenes.Scene(NODES, {pod.uid: pod for pod in pods}, services, {CART: behind})


@pytest.fixture
def web() -> scenes.Pod:
    return make_pod("web-1", "n01", "web")


@pytest.fixture
def carts() -> tuple[scenes.Pod, ...]:
    return tuple(make_pod(f"cart-{node}", node, "cart") for node in ("n01", "n03", "n04"))


@pytest.fixture
def scene(web: scenes.Pod, carts: tuple[scenes.Pod, ...]) -> scenes.Scene:
    return make_scene(web, *carts)


@pytest.fixture
def scene_without(web: scenes.Pod, carts: tuple[scenes.Pod, ...]):
    """Return a function that gives the scene after a cart pod has gone."""

    def make(gone: scenes.Pod) -> scenes.Scene:
        return make_scene(web, *(cart for cart in carts if cart != gone))

    return make
