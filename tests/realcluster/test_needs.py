"""Where a real cluster cannot run, one line says what is missing and what to do."""

import pytest

from realnodes import commands, needs
from testbed import debian


def test_without_root_the_line_says_so(monkeypatch):
    monkeypatch.setattr(needs.os, "geteuid", lambda: 1000)

    with pytest.raises(needs.Missing, match="need root, this is user 1000"):
        needs.check("ptp")


def test_missing_packages_are_named_and_not_fetched_unasked(monkeypatch):
    monkeypatch.setattr(needs.os, "geteuid", lambda: 0)
    monkeypatch.setattr(debian, "present", lambda *_: None)

    with pytest.raises(needs.Missing) as refused:
        needs.check("cilium")

    told = str(refused.value)
    assert "no ip, tc, nsenter" in told
    assert "apt-get install --no-install-recommends clang-19 hostname" in told
    assert "or `--install` to unpack them into the cache only" in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["up", "--nodes", "99"], "--nodes 99: from 1 to 12"),
        (["up", "--name", "a b"], "--name a b: at most 12 lower-case letters"),
        (["shape", "--bandwidth", "10mbit", "--name", "absent"], "cluster absent is not up"),
        (["status", "--name", "absent"], "cluster absent is not up"),
        (["down", "--name", "../x"], "--name ../x: at most 12 lower-case letters"),
    ],
)
def test_bad_input_is_told_in_one_line(arguments, told, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["realcluster", *arguments])

    assert commands.main() == 1

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"realcluster: {told}")


def test_a_rate_that_is_none_is_refused_before_anything_is_made(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["realcluster", "up", "--bandwidth", "fast"])

    assert commands.main() == 1

    assert "--bandwidth fast: `off`, or a rate like 10mbit" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
