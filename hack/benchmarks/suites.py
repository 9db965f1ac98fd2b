"""Which cells make a suite: what a question needs, and no more."""

from collections.abc import Callable, Mapping
from dataclasses import asdict

from benchmarks.cells import Cell
from benchmarks.methods import PEERS
from shorthaul.solve import bounds

MODES = ("uniform", "local")
MAPPERS = ("metis", "kahip", "mtkahypar-cut", "mtkahypar-steiner")
PUBLISHED = ("published-rasa", "published-applsci19", "published-pop")
GENERAL = tuple(name for name in PEERS if name not in PUBLISHED and name != "cpsat")
TINY = ("tiny24", "tiny40", "tiny60", "tiny100")
TURNS = (150, 600, 2500, 10_000, 40_000, 100_000)
SOONER: Mapping[str, float] = {"turns": 350, "hand": 200}
SOON: Mapping[str, float] = {"turns": 800, "hand": 200}
LATER: Mapping[str, float] = {"turns": 36_000, "hand": 120}
STRONG: Mapping[str, float] = asdict(bounds.THOROUGH)
MIDDLE: Mapping[str, float] = {"turns": 8000}
PATIENT: Mapping[str, float] = {"turns": 100_000}
TINIEST: Mapping[str, float] = {"turns": 12_000, "heat": 1.0}
JOINTLY = ("2k", "10k", "research-2k", "research-10k")
SMALL_RESEARCH = (("research-2k", 1), ("research-10k", 1))
LARGE_RESEARCH = ("research-1k", "research-100k", "research-150k")
LONG = 600.0
Cells = list[Cell]


def quick() -> Cells:
    """A look in a few minutes: small worlds, the cheap peers, M3."""
    found = [
        Cell(world, mode, method, limit_seconds=60)
        for world in ("tiny24", "1k", "2k")
        for mode in MODES
        for method in ("start", "shorthaul", "bound", "greedy", "metis")
    ]
    return found + [Cell("m3", "local", method) for method in ("shorthaul", "bound", *PUBLISHED)]


def peers() -> Cells:
    """Every peer beside the solver, on the same synthetic worlds and on M3."""
    found = [
        Cell(world, mode, method, seed, limit_seconds=240)
        for world, seed in (("2k", 1), ("2k", 2), ("10k", 1), ("10k", 2), *SMALL_RESEARCH)
        for mode in MODES
        for method in ("shorthaul", "shorthaul-quick", "bound", *GENERAL)
    ]
    found += [
        Cell("2k", mode, "shorthaul", seed, options=MIDDLE) for mode in MODES for seed in (1, 2)
    ]
    found += [
        Cell("10k", mode, "mtkahypar-cut", options={"large_k": 1}, limit_seconds=240)
        for mode in MODES
    ]
    found += [
        Cell("100k", mode, method, limit_seconds=LONG)
        for mode in MODES
        for method in ("shorthaul", "shorthaul-quick", "bound", "greedy", "metis")
    ]
    return found + m3()


def m3() -> Cells:
    """M3 and its variants, with what was published, ten seeds of ours, and CP-SAT with a hint."""
    found = [
        Cell("m3", "local", "shorthaul", trial=trial, options=options)
        for options in ({}, LATER, SOON, SOONER)
        for trial in range(10)
    ]
    found += [Cell("m3", "local", name) for name in ("start", "bound", *PUBLISHED)]
    found.append(Cell("m3", "local", "bound", options=STRONG, limit_seconds=1200))
    found += [Cell("m3", "local", name, trial=trial) for name in GENERAL for trial in range(3)]
    found.append(Cell("m3", "local", "cpsat", options={"seconds": 150}, limit_seconds=300))
    return found + [
        Cell(world, "local", method)
        for world in ("m3-relabelled", "m3-rescaled", "m3-ruled")
        for method in ("start", "shorthaul", "bound", "metis", "mtkahypar-cut")
    ]


def scaling() -> Cells:
    """How time, memory and quality grow, 200 pods to 150k; and what patience gives."""
    found = [
        Cell(world, mode, method, limit_seconds=LONG)
        for world in ("200", "1k", "2k", "10k", "50k", "100k", "150k", *LARGE_RESEARCH)
        for mode in MODES
        for method in ("shorthaul-quick", "shorthaul", "bound")
    ]
    return found + [
        Cell(world, mode, "shorthaul", options=PATIENT, limit_seconds=LONG)
        for world in ("10k", "100k")
        for mode in MODES
    ]


def frontier() -> Cells:
    """Gain against moves; `few`: at 5 % and at 20 % only; and what is proven of these at most."""
    found = [
        Cell(world, mode, "frontier", limit_seconds=LONG)
        for world in ("2k", "10k", "100k")
        for mode in MODES
    ]
    found += [
        Cell(world, mode, "frontier", options={"few": 1}, limit_seconds=LONG)
        for world in ("10k", "100k", "research-10k", "research-100k")
        for mode in MODES
    ]
    found += [
        Cell(world, "uniform", "bound-few", options={"moves_percent": percent}, limit_seconds=LONG)
        for world in ("10k", "research-10k")
        for percent in (5, 20)
    ]
    found += [Cell("m3", "local", "frontier", trial=trial) for trial in range(3)]
    return found


def anytime() -> Cells:
    """Time to quality: the same search with more and more turns of ruin and recreate."""
    return [
        Cell(world, mode, "shorthaul", options={"turns": turns}, limit_seconds=LONG)
        for world, modes in (("m3", ("local",)), ("2k", MODES), ("10k", MODES), ("100k", MODES))
        for mode in modes
        for turns in TURNS
    ]


def incremental() -> Cells:
    """One pod in a hundred placed anew by chance, thirty times: what the operator asks, which is
    given the whole problem each time; and arrays that are kept for one problem."""
    return [
        Cell(world, mode, "incremental", options=options, limit_seconds=LONG)
        for world in ("10k", "100k")
        for mode in MODES
        for options in ({}, {"arrays": 1})
    ]


def exact() -> Cells:
    """Tiny worlds against CP-SAT."""
    found = []
    for world in TINY:
        for seed in (1, 2, 3):
            for mode in MODES:
                found.append(Cell(world, mode, "shorthaul", seed))
                found.append(Cell(world, mode, "shorthaul", seed, options=TINIEST))
                found.append(Cell(world, mode, "bound", seed))
                found.append(Cell(world, mode, "cpsat", seed, options={"seconds": 30}))
    return found


def joint() -> Cells:
    """Placement and routing chosen together."""
    return [
        Cell(world, "uniform", "joint", seed, limit_seconds=LONG)
        for world in JOINTLY
        for seed in (1, 2)
    ]


def same() -> Cells:
    """The same seed again, and on one core: the placement must not differ."""
    return [
        Cell(world, mode, "shorthaul", options=options)
        for world, mode in (("2k", "local"), ("10k", "local"), ("m3", "local"))
        for options in ({}, {"repeat": 1}, {"cores": 1})
    ]


def cold() -> Cells:
    """What a user's first plan waits for: no warming up, with and without compiled code at hand."""
    return [
        Cell(world, "uniform", "shorthaul", options={"cold": cold})
        for world in ("tiny24", "2k")
        for cold in (1, 2)
    ]


def million() -> Cells:
    """A fleet of a million pods."""
    return [Cell("1M", mode, "shorthaul-quick", limit_seconds=LONG) for mode in MODES]


def goals() -> Cells:
    """All that the goals are computed from."""
    parts = (m3, peers, scaling, frontier, incremental, exact, joint, same, cold, million)
    found = {cell.key: cell for part in parts for cell in part()}
    return list(found.values())


SUITES: Mapping[str, Callable[[], Cells]] = {
    "quick": quick,
    "peers": peers,
    "m3": m3,
    "scaling": scaling,
    "frontier": frontier,
    "anytime": anytime,
    "incremental": incremental,
    "exact": exact,
    "joint": joint,
    "same": same,
    "cold": cold,
    "million": million,
    "goals": goals,
}
