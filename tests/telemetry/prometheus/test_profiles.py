"""Each profile that comes with the package fits the series that its project exposes."""

import msgspec
import pytest

from shorthaul.errors import BadInput
from shorthaul.telemetry.prometheus.profiles import builtin, read_book
from telemetry.prometheus.metric_shapes import SHAPES

BOOK = builtin()


def test_every_profile_has_its_shape_and_every_shape_its_profile():
    assert set(BOOK.profiles) == set(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_every_metric_and_label_of_a_profile_is_one_that_the_project_exposes(name):
    profile, shape = BOOK.profile(name), SHAPES[name]
    rows = [*shape.at_source, *shape.at_destination]
    exposed = {metric for metric, _, _, counted in rows if counted}
    labels = {label for _, _, those, _ in rows for label in those}
    kinds = {*profile.source.kinds.values(), *profile.destination.kinds.values()}

    assert set(profile.metrics) == exposed
    assert set(profile.labels) - kinds <= labels
    assert {matcher.label for matcher in profile.where} <= labels


def test_two_profiles_of_one_name_are_refused():
    text = msgspec.json.encode({"profiles": [BOOK.profiles["obi"]] * 2})  # JSON is YAML

    with pytest.raises(BadInput, match="the same name"):
        read_book(text, "book.yaml")
