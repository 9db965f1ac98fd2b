from shorthaul.cluster.constraints import capacities
from shorthaul.cluster.worlds import World
from worlds.builders import amounts, cluster, node, pod


def test_a_pod_fits_where_exactly_its_request_is_left():
    ours = pod("cart-1", "n1", cpu="1")
    world = World(cluster(node("n1"), node("n2", cpu="2"), ours, pod("db-1", "n2", cpu="1")))

    assert capacities.check(ours, world.nodes["n2"], world) is None


def test_a_pod_does_not_fit_where_less_than_its_request_is_left():
    ours = pod("cart-1", "n1", cpu="1")
    world = World(cluster(node("n1"), node("n2", cpu="2"), ours, pod("db-1", "n2", cpu="1001m")))

    reason = capacities.check(ours, world.nodes["n2"], world)

    assert reason.code == "NotEnoughCpu"
    assert reason.message == ("node n2 has 999m of 2000m cpu left, pod shop/cart-1 asks 1000m")


def test_a_pod_does_not_count_twice_on_its_own_node():
    ours = pod("cart-1", "n1", cpu="4")
    world = World(cluster(node("n1"), ours))

    assert capacities.check(ours, world.nodes["n1"], world) is None


def test_the_number_of_pods_and_extended_resources_are_limited_too():
    full = node("n2", allocatable=amounts(cpu=4, memory="16Gi", pods=1))
    gpu = pod("ml-1", "n1", requests=amounts(cpu="100m", nvidia__com__gpu=1))
    plain = pod("cart-1", "n1")
    world = World(cluster(node("n1"), full, gpu, plain, pod("db-1", "n2")))

    assert capacities.check(plain, world.nodes["n2"], world).code == "NotEnoughPods"
    assert capacities.check(gpu, world.nodes["n1"], world).code == "NotEnoughGpu"


def test_a_resource_that_is_not_asked_for_may_be_overdrawn():
    idle = pod("idle-1", "n1", requests=amounts(cpu=0, memory=0))
    world = World(cluster(node("n1"), node("n2", cpu="1"), idle, pod("db-1", "n2", cpu="2")))

    assert capacities.check(idle, world.nodes["n2"], world) is None
