"""One cell of the bench: a world, how it is routed, a method with its options, and a time limit.

A cell is all that its own process gets, and the name under which its row is kept, so that a run
that was stopped goes on where it was.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

LIMIT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Cell:
    """`seed` draws the world, `trial` is the method's seed; options are the method's own."""

    world: str
    routing: str
    method: str
    seed: int = 1
    trial: int = 0
    options: Mapping[str, float] = field(default_factory=dict)
    limit_seconds: float = LIMIT_SECONDS

    @property
    def key(self) -> str:
        """What tells it from all others; the time limit is not part of it."""
        named = {key: value for key, value in asdict(self).items() if key != "limit_seconds"}
        named["options"] = {name: float(value) for name, value in self.options.items()}
        return json.dumps(named, sort_keys=True)

    @property
    def title(self) -> str:
        """For people."""
        more = "".join(f" {name}={value:g}" for name, value in self.options.items())
        return f"{self.world}/{self.seed} {self.routing} {self.method}{more} #{self.trial}"

    def option(self, name: str, otherwise: float) -> float:
        """An option's value."""
        return self.options.get(name, otherwise)


def to_json(cell: Cell) -> str:
    """The cell as its process is given it."""
    return json.dumps(asdict(cell))


def from_json(text: str) -> Cell:
    """The cell that a process was given."""
    return Cell(**json.loads(text))
