"""Ways to be known to the API server, and what becomes of a request that fails."""

import asyncio
import json
import socket
import stat

import pytest
import yaml

from faultproxy.faults import Answer
from faultproxy.proxies import FaultProxy
from shorthaul.errors import BadInput
from shorthaul.kube import credentials
from shorthaul.kube.connections import Connection, ConnectionSettings
from shorthaul.kube.credentials import Origin
from shorthaul.kube.failures import (
    Conflict,
    Forbidden,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)

pytestmark = pytest.mark.controlplane

ONE = "/api/v1/namespaces/default"


def kubeconfig(control_plane, path, change):
    """A copy of the administrator's kubeconfig whose user and cluster are changed."""
    content = yaml.safe_load(control_plane.kubeconfig.read_text())
    change(content["users"][0]["user"], content["clusters"][0]["cluster"])
    path.write_text(yaml.safe_dump(content))
    return path


def token_of(control_plane) -> str:
    content = yaml.safe_load(control_plane.kubeconfig.read_text())
    return content["users"][0]["user"]["token"]


def get(path, *requests, settings=None):
    """The replies to requests, one after another, over one connection."""

    async def ask():
        async with Connection(Origin(str(path)), settings) as connection:
            return [await connection.get(request) for request in requests]

    return asyncio.run(ask())


def test_a_token_file_that_is_rotated_is_read_again(control_plane, tmp_path, monkeypatch):
    token_file = tmp_path / "token"
    token_file.write_text("stale")

    def by_file(user, _):
        del user["token"]
        user["tokenFile"] = str(token_file)

    path = kubeconfig(control_plane, tmp_path / "config", by_file)

    async def story():
        async with Connection(Origin(str(path))) as connection:
            with pytest.raises(Unauthorized):
                await connection.get(ONE)
            token_file.write_text(token_of(control_plane))
            return await connection.get(ONE)

    assert b'"default"' in asyncio.run(story())


def test_an_old_token_is_read_again_before_it_is_refused(control_plane, tmp_path, monkeypatch):
    token_file = tmp_path / "token"
    token_file.write_text(token_of(control_plane))

    def by_file(user, _):
        del user["token"]
        user["tokenFile"] = str(token_file)

    path = kubeconfig(control_plane, tmp_path / "config", by_file)
    known = credentials.Credentials(Origin(str(path)))

    async def story():
        await known.load()
        token_file.write_text("new")
        young = await known.headers()
        monkeypatch.setattr(credentials, "RELOAD_SECONDS", -1.0)
        return young, await known.headers()

    young, old = asyncio.run(story())

    assert young == {"Authorization": f"Bearer {token_of(control_plane)}"}
    assert old == {"Authorization": "Bearer new"}


def test_an_exec_plugin_is_asked_for_the_token(control_plane, tmp_path):
    plugin = tmp_path / "plugin"
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": token_of(control_plane)},
    }
    plugin.write_text(f"#!/bin/sh\ncat <<END\n{json.dumps(answer)}\nEND\n")
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)

    def by_plugin(user, _):
        del user["token"]
        user["exec"] = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": str(plugin),
            "interactiveMode": "Never",
        }

    path = kubeconfig(control_plane, tmp_path / "config", by_plugin)

    assert b'"default"' in get(path, ONE)[0]


def test_a_server_with_another_certificate_is_not_spoken_to(control_plane, tmp_path):
    path = kubeconfig(
        control_plane,
        tmp_path / "config",
        lambda _, cluster: cluster.pop("certificate-authority-data"),
    )

    with pytest.raises(Unavailable, match="certificate"):
        get(path, ONE)


def test_each_failure_has_its_name(control_plane, namespace):
    nobody = control_plane.kubeconfig_for_service_account(namespace, "default")

    with pytest.raises(NotFound):
        get(control_plane.kubeconfig, "/api/v1/namespaces/nothing")
    with pytest.raises(Forbidden) as told:
        get(nobody, "/api/v1/pods")
    assert told.value.missing_right == "list pods (core) in every namespace"


def test_an_object_that_is_there_already_is_a_conflict(control_plane):
    async def story():
        async with Connection(Origin(str(control_plane.kubeconfig))) as connection:
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
            await connection.post("/api/v1/namespaces", body)

    with pytest.raises(Conflict):
        asyncio.run(story())


def test_a_refused_token_is_tried_once_more_and_a_busy_server_is_not(control_plane, tmp_path):
    with FaultProxy(control_plane.server, control_plane.authority) as proxy:
        path = kubeconfig(
            control_plane,
            tmp_path / "config",
            lambda _, cluster: cluster.update(server=proxy.address),
        )
        proxy.answer(Answer(lambda method, path: True, 401, "Unauthorized"))
        proxy.answer(Answer(lambda method, path: "second" in path, 429, "TooManyRequests"))

        first = get(path, ONE)
        with pytest.raises(TooManyRequests) as told:
            get(path, ONE + "?second")

    assert b'"default"' in first[0]
    assert not told.value.by_budget


def test_nobody_listening_and_nobody_answering_are_unavailable(control_plane, tmp_path):
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    silent.listen()
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))
    hasty = ConnectionSettings(request_seconds=0.5)

    try:
        for port in (silent.getsockname()[1], closed.getsockname()[1]):
            path = kubeconfig(
                control_plane,
                tmp_path / "config",
                lambda _, cluster, port=port: cluster.update(server=f"http://127.0.0.1:{port}"),
            )
            with pytest.raises(Unavailable, match="GET /api/v1/namespaces/default"):
                get(path, ONE, settings=hasty)
    finally:
        silent.close()
        closed.close()


def test_credentials_that_cannot_be_read_again_stay_as_they_were(control_plane, tmp_path):
    path = tmp_path / "config"
    path.write_text(control_plane.kubeconfig.read_text())
    known = credentials.Credentials(Origin(str(path)))

    async def story():
        await known.load()
        before = await known.headers()
        path.write_text("a: [")
        return before, await known.headers(renew=True)

    before, after = asyncio.run(story())

    assert before == after
    assert before


@pytest.mark.parametrize("text", ["", "a: [", "apiVersion: v1\nkind: Config\n", "- 1\n"])
def test_a_kubeconfig_that_cannot_be_used_is_told_in_one_line(tmp_path, text):
    path = tmp_path / "config"
    path.write_text(text)

    with pytest.raises(BadInput) as told:
        get(path, ONE)

    assert "\n" not in str(told.value)
    assert "kubeconfig" in str(told.value)
