"""Makes authorities and certificates with the machine's openssl, as Cilium's chart names them."""

import shutil
import subprocess

import pytest

RELAY_NAMES = "*.hubble-relay.cilium.io"


class Authority:
    """Signs certificates; `folder` holds its own as ca.crt."""

    def __init__(self, folder):
        if shutil.which("openssl") is None:
            pytest.skip("no openssl to make certificates with")
        folder.mkdir()
        self._folder = folder
        self._run("req", "-x509", *_new("ca"), "-subj", "/CN=ca", "-days", "2")

    def folder_of(self, name, *, mutual=True, names=f"DNS:{RELAY_NAMES}"):
        """A folder as of a mounted Secret: ca.crt, and with `mutual` tls.crt and tls.key."""
        made = self._folder / name
        made.mkdir()
        shutil.copy(self._folder / "ca.crt", made / "ca.crt")
        if mutual:
            self._run("req", *_new("tls"), "-out", "tls.csr", "-subj", f"/CN={RELAY_NAMES}")
            (self._folder / "names").write_text(f"subjectAltName={names}")
            self._run(
                *("x509", "-req", "-in", "tls.csr", "-out", "tls.crt", "-days", "2"),
                *("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"),
            )
            for file in ("tls.crt", "tls.key"):
                shutil.copy(self._folder / file, made / file)
        return made

    def _run(self, *arguments):
        subprocess.run(
            ["openssl", *arguments], cwd=self._folder, check=True, capture_output=True, timeout=60
        )


def _new(name):
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    out = ("-out", f"{name}.crt") if name == "ca" else ()
    return (*curve, "-keyout", f"{name}.key", *out)
