"""Shorthaul's image begins as the chart runs it: a user without a name, on a read-only root."""

import pytest

from realshop import chroots, images

pytestmark = pytest.mark.realcluster


@pytest.fixture(scope="module")
def image(image_parts):
    return images.shorthaul()


def test_the_image_is_called_by_what_is_in_it(image):
    assert images.shorthaul().name == image.name
    assert image.name.startswith("shorthaul.local/shorthaul:")


@pytest.mark.parametrize(
    "arguments", [("--version",), ("operator", "--help"), ("collector", "--help")]
)
def test_its_entry_point_runs(image, arguments):
    done = chroots.run(image, *arguments)

    assert done.returncode == 0, done.stderr
    assert "shorthaul" in done.stdout


def test_the_shops_program_tells_what_it_does_not_take(image_parts):
    done = chroots.run(images.traffic(), "-call=nowhere")

    assert done.returncode == 2
    assert "does not begin with NAME=URL" in done.stderr
