"""Which solver is used: the compiled search where its library was built, else the plain one.

Both stand behind one Protocol and obey the same constraints; a plan names the one that made it,
since the plain search finds less and takes longer.
"""

from shorthaul.solve import partitions
from shorthaul.solve.kernels import library
from shorthaul.solve.local_search import LocalSearch
from shorthaul.solve.memories import Memory
from shorthaul.solve.searches import Search
from shorthaul.solve.solvers import Solver

PLAIN = "plain/1"
REMEMBERING = ", remembering"


def best_solver() -> Solver:
    """The best solver that there is here."""
    return Search() if library.available() else LocalSearch()


def remembering_solver() -> Solver:
    """The best solver there is here, with a memory of its own; the plain search has none."""
    found = best_solver()
    return Memory(found) if isinstance(found, Search) else found


def engine(solver: Solver) -> str:
    """The name and version of what a solver searches with, and whether it remembers."""
    if isinstance(solver, Memory):
        return engine(solver.search) + REMEMBERING
    return library.ENGINE + partitions.version() if isinstance(solver, Search) else PLAIN
