import pytest

from shorthaul.cluster.resources import CPU, MEMORY, Resources, parse_quantity, shown
from shorthaul.units import ResourceName


@pytest.mark.parametrize(
    ("text", "resource", "expected"),
    [
        ("100m", CPU, 100),
        ("2", CPU, 2000),
        ("0.5", CPU, 500),
        (".5", CPU, 500),
        ("1n", CPU, 1),
        ("1e3", MEMORY, 1000),
        ("1E", MEMORY, 10**18),
        ("12E6", MEMORY, 12_000_000),
        ("1Ki", MEMORY, 1024),
        ("1.5Gi", MEMORY, 1_610_612_736),
        ("100m", MEMORY, 1),
        ("+3", ResourceName("pods"), 3),
        ("16Ei", MEMORY, 2**63 - 1),
        ("1e99999", MEMORY, 2**63 - 1),
        ("1e-99999", MEMORY, 1),
    ],
)
def test_quantities_are_read_as_kubernetes_reads_them(text, resource, expected):
    assert parse_quantity(text, resource) == expected


@pytest.mark.parametrize(
    "text",
    ["", "m", "-1", "1 Gi", "1gi", "1KiB", "NaN", "Infinity", "0x10", "1_000", "1e9999999", "٣"],
)
def test_nonsense_is_refused_with_its_text(text):
    with pytest.raises(ValueError, match="is no quantity of cpu"):
        parse_quantity(text, CPU)


def test_amounts_are_added_taken_away_and_compared_by_name():
    one, other = Resources({CPU: 500, MEMORY: 10}), Resources({CPU: 700})

    assert one.plus(other) == Resources({CPU: 1200, MEMORY: 10})
    assert one.minus(other) == Resources({CPU: -200, MEMORY: 10})
    assert one.largest(other) == Resources({CPU: 700, MEMORY: 10})
    assert other.get(MEMORY) == 0


@pytest.mark.parametrize(
    ("amount", "name", "expected"),
    [
        (1500, CPU, "1500m"),
        (128 * 2**20, MEMORY, "128Mi"),
        (1000, MEMORY, "1000"),
        (0, MEMORY, "0"),
        (3, ResourceName("pods"), "3"),
    ],
)
def test_amounts_are_shown_as_people_write_them(amount, name, expected):
    assert shown(amount, name) == expected
