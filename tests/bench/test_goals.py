"""Goals and rows: what was measured decides, and what was not is said to be open."""

from benchmarks import goals, machines, tables
from benchmarks.cells import Cell, from_json, to_json
from benchmarks.rows import Rows

ROW = {
    "world": "1M", "seed": 1, "routing": "uniform", "method": "shorthaul", "options": {},
    "trial": 0, "limit_seconds": 120.0, "status": "done", "solve_seconds": 50.0,
    "solve_peak_mebibytes": 3000.0, "solve_cpu_seconds": 45.0, "violations": 0, "ratio": 0.2,
    "cost": 2.0, "start_cost": 10.0, "moved": 0.5, "host_share": 0.4, "versions": {},
}  # fmt: skip


def _word(name, rows):
    return next(found.word for goal, found in goals.judged(rows) if goal.name == name)


def test_a_goal_without_rows_is_not_measured():
    assert {found.word for _, found in goals.judged([])} == {"not measured"}


def test_a_goal_is_reached_when_every_row_keeps_it():
    rows = [ROW, {**ROW, "routing": "local"}]

    assert _word("G11", rows) == "reached"
    assert _word("G11", rows[:1]) == "not measured"


def test_a_time_is_judged_by_cpu_and_at_the_effort_that_keeps_it():
    quick = {**ROW, "method": "shorthaul-quick", "solve_seconds": 99.0}
    slow = {**ROW, "solve_cpu_seconds": 61.0}
    other = {**quick, "routing": "local"}

    assert _word("G11", [slow, quick, other]) == "reached"


def test_one_row_that_breaks_a_rule_or_takes_too_long_is_enough():
    assert _word("G11", [ROW, {**ROW, "routing": "local", "violations": 1}]) == "not reached"
    assert (
        _word("G11", [ROW, {**ROW, "routing": "local", "solve_cpu_seconds": 61.0}]) == "not reached"
    )


def test_certified_gain_is_measured_against_the_bound():
    row = {**ROW, "world": "10k"}
    bound = {**row, "method": "bound", "bound": 1.9}
    (line,) = [one for goal, one in goals.judged([row, bound]) if goal.name == "G6"]

    assert line.told == "10k/1 uniform 98.8%"


def test_a_bound_above_a_cost_that_was_found_is_not_sound():
    bound = {**ROW, "method": "bound", "bound": 2.1}
    del bound["cost"]

    assert _word("sound", [ROW, bound]) == "not reached"
    assert _word("sound", [ROW, {**bound, "bound": 1.9}]) == "reached"
    assert _word("sound", [{**ROW, "violations": 1}, bound]) == "reached"


def test_the_same_seed_on_one_core_must_find_the_same():
    first = {**ROW, "digest": "a"}
    again = {**first, "options": {"repeat": 1}}
    alone = {**first, "options": {"cores": 1}}

    assert _word("same", [first, again, alone]) == "reached"
    assert _word("same", [first, again, {**alone, "digest": "b"}]) == "not reached"


def test_rows_are_kept_and_found_again(tmp_path):
    cell = Cell("1M", "uniform", "metis", options={"seconds": 1})
    row = {**ROW, "method": "metis", "options": {"seconds": 1}, "versions": machines.versions()}
    Rows(tmp_path / "rows").add(cell, row)

    kept = Rows(tmp_path / "rows").read()

    assert kept.of([from_json(to_json(cell))])[0]["ratio"] == 0.2
    assert not kept.has(Cell("1M", "local", "metis"))


def test_a_row_of_another_state_of_the_solver_counts_no_more(tmp_path):
    kept = Rows(tmp_path / "rows")
    cell = Cell("1M", "uniform", "shorthaul")
    kept.add(cell, {**ROW, "versions": {"solve": "another"}})

    assert kept.all() == []
    assert not kept.has(cell)


def test_every_row_is_a_line_of_the_tables():
    assert tables.comma_separated([ROW]).count("\n") == 2
    assert "| 1M/1 uniform | shorthaul | 1 | 0.2000 |" in tables.suite([ROW], [ROW])


def test_few_moves_are_told_beside_what_is_proven_of_them():
    full = {**ROW, "world": "10k", "cost": 2.0}
    points = [{"moved": 0.05, "cost": 6.0}, {"moved": 0.2, "cost": 3.0}]
    few = {**full, "method": "frontier", "points": points}
    bound = {**full, "method": "bound-few", "options": {"moves_percent": 5}, "bound": 5.2}
    (line,) = [one for goal, one in goals.judged([full, few, bound]) if goal.name == "G8"]

    assert line.told.startswith("10k/1 uniform 5% moved 50% (none above 60%); ")
    assert "20% moved 88%" in line.told
    assert "20% moved 88% (" not in line.told
