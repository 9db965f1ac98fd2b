"""The secrets of a throw-away control plane."""

from testbed import credentials

CERTIFICATE = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def test_a_certificate_is_whole_only_once_its_last_line_is_written(tmp_path):
    path = tmp_path / "apiserver.crt"
    found = [credentials.is_whole(path)]
    for written in (b"", CERTIFICATE[:40], CERTIFICATE[:-1], CERTIFICATE, CERTIFICATE * 2):
        path.write_bytes(written)
        found.append(credentials.is_whole(path))

    assert found == [False, False, False, False, True, True]
