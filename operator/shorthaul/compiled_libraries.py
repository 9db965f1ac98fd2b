"""How compiled libraries are loaded: from beside their door, checked, or refused in one line.

They are compiled when the package is built (operator/hatch_build.py). Each has one door, a module
`library` in its folder, which says what the library's functions take and what it does without it.
"""

import ctypes
from collections.abc import Callable, Iterable
from importlib import resources

from shorthaul.errors import BadInput


def is_built(package: str, name: str) -> bool:
    """Whether the library was built."""
    return bool((resources.files(package) / name).is_file())


def load(
    package: str, name: str, functions: Iterable[str], fits: Callable[[ctypes.CDLL], bool]
) -> ctypes.CDLL:
    """The library, with functions that return 64 bits, if it fits this package; raises BadInput."""
    try:
        found = ctypes.CDLL(str(resources.files(package) / name))
        for function in functions:
            getattr(found, function).restype = ctypes.c_int64
    except (OSError, AttributeError) as error:
        raise BadInput(f"cannot load {name}: {error}; install shorthaul again") from error
    if not fits(found):
        raise other_version(name)
    return found


def other_version(name: str) -> BadInput:
    """Why a library is refused whose structures are not those of this package."""
    return BadInput(f"{name} is of another version than this package; install it again")
