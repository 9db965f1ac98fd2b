"""What kind is told; the cluster itself needs a Docker, which these tests do not have."""

import shutil

import pytest
import yaml

from demoshop import calls, kinds


def test_the_api_server_writes_its_audit_log_into_our_folder(tmp_path):
    (node,) = kinds.cluster_configuration(tmp_path)["nodes"]
    (mount,) = node["extraMounts"]
    patch = yaml.safe_load(node["kubeadmConfigPatches"][0])
    flags = {one["name"]: one["value"] for one in patch["apiServer"]["extraArgs"]}

    assert mount["hostPath"] == str(tmp_path)
    assert flags["audit-log-path"].startswith(mount["containerPath"])
    assert flags["audit-policy-file"].startswith(mount["containerPath"])
    assert patch["apiServer"]["extraVolumes"][0]["mountPath"] == mount["containerPath"]


@pytest.mark.skipif(bool(shutil.which("kind") and shutil.which("docker")), reason="kind is here")
def test_without_kind_the_demo_says_what_is_missing(tmp_path):
    cluster = kinds.KindCluster(tmp_path / "state", keep=False)

    with pytest.raises(calls.CallFailed, match="needs the commands kind and docker"):
        cluster.start()
