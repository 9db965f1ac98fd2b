"""The files of a TLS folder: one that is missing is told with what the folder needs."""

import pytest

from shorthaul.errors import BadInput
from shorthaul.telemetry.tls_folders import files_in, read


def test_without_a_certificate_of_ones_own_only_the_authority_is_wanted(tmp_path):
    (tmp_path / "ca.crt").touch()

    files = files_in(str(tmp_path), "the folder")

    assert files.authority == tmp_path / "ca.crt"
    assert files.pair is None


@pytest.mark.parametrize("missing", ["ca.crt", "tls.crt", "tls.key"])
def test_what_is_missing_is_told(tmp_path, missing):
    for name in {"ca.crt", "tls.crt", "tls.key"} - {missing}:
        (tmp_path / name).touch()

    with pytest.raises(BadInput, match=rf"{missing}: cannot be read .*; tls\.folder needs ca\.crt"):
        files_in(str(tmp_path), "tls.folder")


def test_a_file_that_goes_away_after_it_was_looked_at_is_told_too(tmp_path):
    (tmp_path / "ca.crt").touch()
    files = files_in(str(tmp_path), "tls.folder")
    files.authority.unlink()

    with pytest.raises(BadInput, match=r"ca\.crt: cannot be read .*; tls\.folder needs ca\.crt"):
        read(files.authority, "tls.folder")
