"""Another library gets the same token as we use ourselves, wherever it was read."""

from pathlib import Path

import certifi
import pytest
import yaml
from kubernetes.aio.config import incluster_config

from shorthaul.kube.credentials import Credentials, Origin

TOKEN = "header.claims.signature"


@pytest.fixture
def pod(tmp_path, monkeypatch):
    """What the kubelet gives a pod to speak to the API server with."""
    for name, text in (("TOKEN", f"{TOKEN}\n"), ("CERT", authority())):
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(
            incluster_config, f"SERVICE_{name}_FILENAME", str(tmp_path / name), raising=True
        )
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")


def authority():
    """The certificate of any authority."""
    return Path(certifi.where()).read_text()


def file_of(user, path):
    cluster = {"server": "http://127.0.0.1:1"}
    names = {"name": "it", "context": {"cluster": "it", "user": "it"}}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "it", "cluster": cluster}],
        "users": [{"name": "it", "user": user}],
        "contexts": [names],
        "current-context": "it",
    }
    path.write_text(yaml.safe_dump(content))
    return Origin(str(path))


async def test_inside_a_pod_the_token_is_without_its_scheme(pod):
    proof = await Credentials(Origin()).proof()

    assert proof.token == TOKEN
    assert proof.server == "https://10.96.0.1:443"


async def test_so_it_is_from_a_kubeconfig(tmp_path):
    origin = file_of({"token": TOKEN}, tmp_path / "kubeconfig")

    assert (await Credentials(origin).proof()).token == TOKEN


async def test_who_has_no_token_gives_none(tmp_path):
    origin = file_of({}, tmp_path / "kubeconfig")

    assert (await Credentials(origin).proof()).token == ""
