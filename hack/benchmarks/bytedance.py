"""ByteDance's cluster M3 and the placements that others published for it, read where it is there.

547 services, 3,485 containers, 96 machines at 88 % of their cpu, 344 traffic edges. Only what stays
on a machine counts, so all other distances are 1: cost is then the share of traffic that leaves.
Requests are fractions of a whole; they become integers at a fineness where no placement that fits
stops fitting. Nothing of the data is kept in the project.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.worlds import HOST_ONLY, UNLIMITED, World
from shorthaul.errors import BadInput
from shorthaul.solve.problems import Ints

FOLDER_VARIABLE = "SHORTHAUL_BENCH_DATA"
ROOT = Path(__file__).resolve().parents[2]
FINENESS = 10**15
PUBLISHED: Mapping[str, str] = {
    "rasa": "shell_M3_test.json",
    "applsci19": "applied_sci19_output_testing.json",
    "pop": "POP_output_testing.json",
}


class NoData(BadInput):
    """The data that a world needs is not on this machine."""


def folder() -> Path:
    """Where the published files are: a variable, or shared/data beside the checkout."""
    named = os.environ.get(FOLDER_VARIABLE)
    places = [Path(named)] if named else [up / "data" for up in shared()]
    for place in places:
        if (place / "bytedance-m3" / "M3.json").is_file():
            return place / "bytedance-m3"
    raise NoData(f"no bytedance-m3/M3.json in ../shared/data; set {FOLDER_VARIABLE} to its folder")


def shared() -> list[Path]:
    """The folders that may hold what is shared beside the checkout."""
    return [up / "shared" for up in (*ROOT.parents, _main_checkout().parent)]


def load() -> World:
    """The cluster as deployed."""
    told = _read("M3.json")
    services: Sequence[Any] = told["ServiceList"]
    machines: Sequence[Any] = told["MachineList"]
    number = {service["Service"]: index for index, service in enumerate(services)}
    traffic = told["TrafficList"]
    return World(
        name="m3",
        racks=np.zeros(len(machines), dtype=np.int64),
        zones=np.zeros(len(machines), dtype=np.int64),
        room=_integers([[one["TotalCPU"], one["TotalMem"]] for one in machines]).T.copy(),
        sizes=np.array([len(service["ContainerList"]) for service in services]),
        requests=_integers([[one["RequestCPU"], one["RequestMem"]] for one in services]),
        classes=np.zeros(len(services), dtype=np.int64),
        open=np.ones((1, len(machines)), dtype=bool),
        most_per_node=np.full(len(services), UNLIMITED, dtype=np.int64),
        most_per_zone=np.full(len(services), UNLIMITED, dtype=np.int64),
        clients=np.array([number[edge["Service1"]] for edge in traffic]),
        servers=np.array([number[edge["Service2"]] for edge in traffic]),
        weights=np.array([edge["Traffic"] for edge in traffic]),
        places=_places({one["MachineIP"]: one["InitialDeployingContainers"] for one in machines}),
        distances=HOST_ONLY,
    )


def published(name: str) -> Ints:
    """The node of every pod in a placement that others published: rasa, applsci19 or pop."""
    return _places(_read(PUBLISHED[name]))


def _places(containers: Mapping[str, Sequence[str]]) -> Ints:
    """The machine of every container, service by service."""
    told = _read("M3.json")
    machines = {one["MachineIP"]: index for index, one in enumerate(told["MachineList"])}
    where = {one: machines[machine] for machine, held in containers.items() for one in held}
    listed = [one for service in told["ServiceList"] for one in service["ContainerList"]]
    return np.array([where[one] for one in listed], dtype=np.int64)


def _integers(told: Sequence[Sequence[float]]) -> Ints:
    found: Ints = np.rint(np.array(told) * FINENESS).astype(np.int64)
    return found


def _read(name: str) -> Any:
    return json.loads((folder() / name).read_text())


def _main_checkout() -> Path:
    """The checkout that a linked worktree belongs to, else this one."""
    link = ROOT / ".git"
    if not link.is_file():
        return ROOT
    return Path(link.read_text().split(":", 1)[1].strip()).parents[2]
