"""The placements of M3 that their authors published, as they are: RASA, ApplSci19, POP."""

from benchmarks import bytedance
from benchmarks.outcomes import Outcome, Skipped, Task


def place(task: Task) -> Outcome:
    """The published placement that the method names."""
    if task.cell.world != "m3":
        raise Skipped(f"nothing was published for {task.cell.world}, only for m3")
    places = bytedance.published(task.cell.method.removeprefix("published-"))
    return Outcome(task.problem, (task.world.counts(places),))
