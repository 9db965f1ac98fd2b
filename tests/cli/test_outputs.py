"""A result is written whole or not at all, and its screen is what it goes to."""

import os
import stat

import pytest

from shorthaul.cli import outputs
from shorthaul.errors import BadInput
from shorthaul.report.screens import Screen


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text("old")
    path.chmod(0o640)

    outputs.write("new → 流量\n", str(path))

    assert path.read_text(encoding="utf-8") == "new → 流量\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["plan.json"]


def test_a_new_file_has_the_mode_that_the_mask_gives(tmp_path):
    path = tmp_path / "plan.json"
    mask = os.umask(0o027)
    try:
        outputs.write("new", str(path))
    finally:
        os.umask(mask)

    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path):
    path, link = tmp_path / "plan.json", tmp_path / "latest.json"
    path.write_text("old")
    link.symlink_to(path)

    outputs.write("new", str(link))

    assert link.is_symlink()
    assert path.read_text() == "new"


def test_a_device_is_written_to_and_not_replaced():
    outputs.write("lost", os.devnull)

    assert not os.path.isfile(os.devnull)


def test_a_text_that_cannot_be_encoded_leaves_the_old_file(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text("old")

    with pytest.raises(UnicodeEncodeError):
        outputs.write("\udc80", str(path))

    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["plan.json"]


@pytest.mark.parametrize("name", ["none/plan.json", "."])
def test_what_cannot_be_written_is_told_before_the_work(tmp_path, name):
    with pytest.raises(BadInput, match="cannot write"):
        outputs.require_writable(str(tmp_path / name))


def test_a_file_has_no_colour_and_no_width():
    assert outputs.screen("plan.txt") == Screen()
