"""Who spoke in a window, also where nothing is known of exporters at that time."""

from shorthaul.telemetry.collected import speakers
from shorthaul.traffic.addresses.parties import read_address
from worlds import builders

NODE = builders.node("n1", addresses=("n1.example", "10.0.0.1", "n1"))
KNOWN, DEVICE, POD = map(read_address, ("10.0.0.1", "192.0.2.1", "10.1.0.1"))


def heard(**told):
    pod = builders.pod("cart-1", "n1", addresses=("10.1.0.1",))
    addresses = {"known": KNOWN, "device": DEVICE, "pod": POD}
    exporters = {addresses[name]: node for name, node in told.items()}
    return speakers.heard([exporters], builders.cluster([NODE], pod))


def test_an_exporter_that_was_nobodys_at_its_time_is_the_node_that_has_its_address_today():
    assert heard(known="") == {"n1"}
    assert heard(known="n2") == {"n2"}


def test_a_device_and_a_pod_of_its_own_network_speak_for_no_node_beside_host_names():
    assert heard(device="", pod="") == {""}


def test_before_the_cluster_is_known_nobody_is_found():
    assert speakers.heard([{KNOWN: ""}], None) == {""}
