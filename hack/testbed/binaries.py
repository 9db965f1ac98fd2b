"""Finds each program of the control plane, or gets it.

In this order: the folder KUBEBUILDER_ASSETS, which is how Kubernetes projects hand binaries to
tests; this user's cache; `setup-envtest`, where that command exists and its download is reachable;
a build from published Go modules. What one step does not have, the next ones are asked for.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from testbed import caches, gobuilds, recipes, versions

ASSETS_VARIABLE = "KUBEBUILDER_ASSETS"
CONTROL_PLANE = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubectl",
    "kwok",
)
ALL = (*CONTROL_PLANE, "helm")
HUBBLE = ("hubble-relay", "hubbleagent")
NETOBSERV_AGENT = "netobserv-ebpf-agent"
DESCHEDULER = "descheduler"
ENVTEST_PROGRAMS = ("etcd", "kube-apiserver", "kubectl")
ENVTEST_TIMEOUT_SECONDS = 60


class Unavailable(Exception):
    """A program is neither there nor can be built; the message is one line."""


def find(name: str, kubernetes_version: str | None = None) -> Path:
    """Return the path of one program, building it when nothing else has it."""
    version = kubernetes_version or kubernetes()
    recipe = _recipe_of(name, version)
    cached = caches.entry(recipe.key) / "bin" / name
    for path in (_in_assets(name), cached):
        if path is not None and path.is_file():
            return path
    downloaded = _from_envtest(name, version)
    if downloaded is not None:
        return downloaded
    try:
        return gobuilds.build(recipe) / "bin" / name
    except gobuilds.BuildFailed as error:
        raise Unavailable(str(error)) from error


def find_all(
    names: Iterable[str] = CONTROL_PLANE, kubernetes_version: str | None = None
) -> Mapping[str, Path]:
    """Return the paths of several programs by name."""
    return {name: find(name, kubernetes_version) for name in names}


def present(names: Iterable[str], kubernetes_version: str | None = None) -> bool:
    """Tell whether all these programs are there without getting anything."""
    version = kubernetes_version or kubernetes()
    return all(
        _in_assets(name) is not None
        or (caches.entry(_recipe_of(name, version).key) / "bin" / name).is_file()
        for name in names
    )


def kubernetes() -> str:
    """Return the version to run: the one asked for, else that of a given API server, else ours.

    A controller manager must not be newer than its API server, so the parts have to agree.
    """
    given = _in_assets("kube-apiserver")
    if given is None or os.environ.get(versions.KUBERNETES_VARIABLE):
        return versions.kubernetes()
    answer = subprocess.run([given, "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"\bv(1\.\d+\.\d+)", answer.stdout)
    return found.group(1) if found else versions.kubernetes()


def kwok_stages() -> list[Path]:
    """Return the files that tell kwok how nodes and pods behave."""
    folder = gobuilds.build(recipes.kwok()) / "stages"
    return sorted(folder.glob("*/*.yaml"))


def _recipe_of(name: str, kubernetes_version: str) -> recipes.Recipe:
    known = (
        *(recipes.kwok(), recipes.helm(), recipes.hubble(), recipes.netobserv_agent()),
        *(recipes.node_programs(kubernetes_version), recipes.containerd(), recipes.cni_plugins()),
        *(recipes.coredns(), recipes.echo(), recipes.cilium(), recipes.descheduler()),
    )
    for recipe in known:
        if name in recipe.programs:
            return recipe
    return recipes.kubernetes(kubernetes_version)


def _in_assets(name: str) -> Path | None:
    folder = os.environ.get(ASSETS_VARIABLE)
    if not folder or not Path(folder, name).is_file():
        return None
    return Path(folder, name)


def _from_envtest(name: str, version: str) -> Path | None:
    command = shutil.which("setup-envtest")
    if command is None or name not in ENVTEST_PROGRAMS:
        return None
    try:
        answer = subprocess.run(
            [command, "use", version, "-p", "path"],
            capture_output=True,
            text=True,
            timeout=ENVTEST_TIMEOUT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    path = Path(answer.stdout.strip(), name)
    return path if path.is_file() else None
