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
