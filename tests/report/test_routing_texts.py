"""How servers are routed to is told with the reason, and what is not believed is noted."""

import pytest

from shorthaul.cluster.routings import ServiceRouting
from shorthaul.report.routing_texts import doubt_notes, routing_lines
from shorthaul.report.screens import Screen, columns
from shorthaul.units import Routing
from worlds.builders import workload_reference

DB, WEB, API = (workload_reference(name) for name in ("db", "web", "api"))
NEAR = ServiceRouting(Routing.ZONE, "Service web asks for it, and 95% of the traffic stays near")
SINGLE = ServiceRouting(Routing.UNIFORM, "StatefulSet behind headless Service db", pinned=True)
DOUBTED = ServiceRouting(Routing.UNIFORM, "asks, but only 50% does", doubted=True)


def test_each_server_has_a_line_with_its_routing_and_the_reason():
    assert routing_lines("Routed", {DB: SINGLE, WEB: NEAR}, None, Screen()) == [
        "Routed",
        "  shop/db: single pods (StatefulSet behind headless Service db)",
        "  shop/web: zone (Service web asks for it, and 95% of the traffic stays near)",
    ]


@pytest.mark.parametrize(
    ("most", "last"),
    [
        (1, "  and 2 more servers"),
        (2, "  and 1 more server"),
        (3, "  shop/api"),
        (9, "  shop/api"),
    ],
)
def test_what_is_more_than_may_be_shown_is_counted(most, last):
    lines = routing_lines("Routed", {DB: SINGLE, WEB: NEAR, API: DOUBTED}, most, Screen())

    assert len(lines) == min(most, 3) + 1 + (most < 3)
    assert lines[-1].startswith(last)


def test_no_line_is_wider_than_the_screen():
    lines = routing_lines("Routed", {DB: SINGLE, WEB: NEAR}, None, Screen(40))

    assert max(columns(line) for line in lines) <= 40


def test_without_servers_there_is_no_title():
    assert routing_lines("Routed", {}, None, Screen()) == []


def test_text_from_outside_cannot_send_commands_to_the_terminal():
    told = {DB: ServiceRouting(Routing.UNIFORM, "Service \x1b[2J asks")}

    assert "\x1b" not in "".join(routing_lines("Routed", told, None, Screen()))


def test_what_is_believed_needs_no_note():
    assert doubt_notes({DB: SINGLE, WEB: NEAR}) == ()


def test_a_wish_that_is_not_believed_is_noted_with_its_reason():
    (note,) = doubt_notes({DB: SINGLE, API: DOUBTED})

    assert "traffic of 1 server is taken" in note
    assert "(shop/api: asks, but only 50% does)" in note


def test_many_wishes_that_are_not_believed_are_one_note_with_an_example():
    (note,) = doubt_notes({API: DOUBTED, DB: DOUBTED})

    assert "traffic of 2 servers is taken" in note
    assert "(for example shop/api: asks" in note
