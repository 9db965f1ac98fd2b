"""Programs of Debian packages: those of the machine first, else a clear reason."""

import pytest

from testbed import debian


def test_programs_of_the_machine_are_taken_first():
    found = debian.programs(("no-such-package",), ("sh", "ls"))

    assert found.path("sh").endswith("/sh")
    assert "PATH" in found.environment


def test_without_apt_the_reason_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(debian.shutil, "which", lambda *_, **__: None)

    with pytest.raises(debian.Unavailable, match=r"no apt-get .* `apt-get install softflowd`"):
        debian.programs(("softflowd",), ("softflowd",))

    assert list(debian.caches.folder().glob("debian-*")) == [
        debian.caches.folder() / f"{debian.caches.entry('debian-softflowd').name}.lock"
    ]


def test_a_program_that_its_installation_would_link_is_found_under_its_other_name(tmp_path):
    (tmp_path / "usr/sbin").mkdir(parents=True)
    (tmp_path / "usr/lib/triplet/xtables").mkdir(parents=True)
    (tmp_path / "usr/sbin/iptables-nft").touch()
    found = debian.Programs(tmp_path)

    assert found.path("iptables") == str(tmp_path / "usr/sbin/iptables-nft")
    assert found.settings["XTABLES_LIBDIR"] == str(tmp_path / "usr/lib/triplet/xtables")


def test_a_program_that_was_not_unpacked_is_told_of(tmp_path):
    with pytest.raises(debian.Unavailable, match="has no clang-19"):
        debian.Programs(tmp_path).path("clang-19")
