"""Worlds by name: synthetic sizes and M3 with its variants, drawn once and kept in files.

A cell's process reads a world instead of drawing it, so that drawing neither takes its time nor
counts in its memory.
"""

from pathlib import Path

from benchmarks import bytedance, drawings, generated, variants, worlds
from benchmarks.shapes import SHAPES
from benchmarks.worlds import World
from shorthaul.errors import BadInput

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".bench"
VERSION = 1


def names() -> tuple[str, ...]:
    """All worlds that there are."""
    return (*SHAPES, *generated.NAMES, *variants.NAMES)


def world(name: str, seed: int) -> World:
    """A world, from its file where it was drawn before."""
    if name in variants.NAMES:
        return variants.load(name, seed)
    prepare(name, seed)
    return worlds.load(_path(name, seed))


def prepare(name: str, seed: int) -> None:
    """Draws a world unless its file is there; raises BadInput where a world cannot be had."""
    if name in variants.NAMES:
        bytedance.folder()
    elif name in generated.NAMES:
        generated.path()
    elif name not in SHAPES:
        raise BadInput(f"no world {name}; there are {', '.join(names())}")
    if name not in variants.NAMES and not _path(name, seed).exists():
        drawer = generated.draw if name in generated.NAMES else drawings.draw
        worlds.save(drawer(name, seed), _path(name, seed))


def _path(name: str, seed: int) -> Path:
    return FOLDER / "worlds" / f"{name}-{seed}-v{VERSION}.npz"
