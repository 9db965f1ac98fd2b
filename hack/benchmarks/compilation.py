"""Compiles the bench's own loops with numba where it is there, and runs them as they are where not.

The results are the same either way (integers, floats in the same order, no random numbers inside),
so that a test of a small world needs no compiler.
"""

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

try:
    import numba

    def compiled(function: Function) -> Function:
        """The function as machine code, kept between runs."""
        made: Function = numba.njit(cache=True)(function)
        return made

except ModuleNotFoundError:

    def compiled(function: Function) -> Function:
        """The function as it is."""
        return function
