"""The page is one file without scripts or outside assets, and escapes what comes from outside."""

from html.parser import HTMLParser

from report.plan_examples import DISTANCES, move, plan, refusal
from shorthaul.cluster.reasons import Reason
from shorthaul.plan.plans import Recommendation, RoutingRefusal
from shorthaul.report.matrices import Matrix
from shorthaul.report.pages import Curve, Heat, page
from shorthaul.units import Namespace, Tier

VOID = {"meta", "br", "rect", "path", "circle", "polyline"}
MATRIX = Matrix(Tier.ZONE, ("zone-a", "zone-b"), {("zone-a", "zone-b"): 5e6})
FULL = page(
    plan([move()], [refusal("web-1")]),
    DISTANCES,
    ["a note"],
    Heat(MATRIX, MATRIX, "bytes/s"),
    Curve(((0, 0.0), (1, 1.0)), (1, 1.0)),
)


class Outline(HTMLParser):
    """Collects tags with their attributes, and which of them were left open."""

    def __init__(self):
        super().__init__()
        self.tags, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


def outline(text):
    found = Outline()
    found.feed(text)
    assert found.open == []
    return found.tags


def test_the_page_holds_no_script_and_loads_nothing():
    tags = outline(FULL)

    assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "object"}
    assert not any({"src", "href", "onload", "onclick"} & set(attributes) for _, attributes in tags)
    assert "@import" not in FULL
    assert "url(" not in FULL


def test_the_page_can_be_read_by_a_screen_reader():
    tags = outline(FULL)

    assert ("html", {"lang": "en"}) in tags
    assert sum(tag == "h1" for tag, _ in tags) == 1
    assert all(attributes.get("role") == "img" for tag, attributes in tags if tag == "svg")
    assert sum(tag == "caption" for tag, _ in tags) == sum(tag == "table" for tag, _ in tags)
    assert all("scope" in attributes for tag, attributes in tags if tag == "th")


def test_the_page_shows_moves_refusals_notes_heat_and_the_knee():
    for text in (
        "shop/cart-7f",
        "NotEnoughCpu",
        "a note",
        "5.00 MB/s",
        "knee: 1 move",
        "sha256:00",
    ):
        assert text in FULL


def test_text_from_outside_is_escaped():
    evil = "<script>alert(1)</script>"

    found = page(
        plan([move(f"shop/{evil}-1", reason=evil)], [refusal("x-1", message=evil)]),
        DISTANCES,
        [evil],
        None,
        None,
    )

    assert "<script" not in found
    outline(found)


def test_the_same_plan_gives_the_same_page():
    again = page(
        plan([move()], [refusal("web-1")]),
        DISTANCES,
        ["a note"],
        Heat(MATRIX, MATRIX, "bytes/s"),
        Curve(((0, 0.0), (1, 1.0)), (1, 1.0)),
    )

    assert again == FULL


def test_routing_has_a_table_and_what_is_refused_is_listed():
    shop = Namespace("shop")
    made = plan(
        [move()],
        routing=(Recommendation(shop, "cart", "", "PreferSameZone", 5e6, 1.25),),
        routing_refusals=(
            RoutingRefusal(shop, "db", "PreferSameNode", Reason("EndpointOverloaded", "3.2 x <b>")),
        ),
    )
    found = page(made, DISTANCES, [], None, None)

    outline(found)
    assert "none → PreferSameZone" in found
    assert "shop/db PreferSameNode: 3.2 x &lt;b&gt;" in found
