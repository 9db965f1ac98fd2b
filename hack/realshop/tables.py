"""Outcomes as tables that people read, on a terminal and in the documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from realshop import outcomes, scenarios, shops, traces

REGION = "region"
NEAR = 0.01
"""Calls are drawn to make up what a shop says in all, to rounding."""


def one(found: outcomes.Outcome) -> str:
    """Return the table of one run: before, after, and what lay between."""
    before, after = found.before, found.after
    share = after.cross_bytes_per_second / max(before.cross_bytes_per_second, 1)
    rows = [
        ("", "before", "after", "after / before"),
        (
            "bytes/s between racks (links' counters)",
            _rate(before.cross_bytes_per_second),
            _rate(after.cross_bytes_per_second),
            f"{share:.0%}",
        ),
        *_latencies(before, after),
        ("calls done a second", _each(before), _each(after), ""),
        ("calls failed", str(before.failed), str(after.failed), ""),
    ]
    return "\n".join([*_markdown(rows), "", *(f"- {line}" for line in facts(found))])


def facts(found: outcomes.Outcome) -> Iterator[str]:
    """Yield what else is known of a run, a line each."""
    least = found.least_bytes_per_second
    proven = "proven" if found.least_proven else "not proven"
    yield (
        f"the shop: seed {found.seed}, {found.services} services, {found.pods} pods on "
        f"{found.nodes} nodes in {found.racks} racks, {found.bandwidth} between racks, "
        f"{_rate(found.offered_bytes_per_second)} offered; CNI {found.cni}"
    )
    over = found.before.cross_bytes_per_second
    yield (
        f"least that must cross, by the exact solver ({proven}): {_rate(least)} of payload, "
        f"{least / max(over, 1):.0%} of what crossed before"
    )
    if found.stores:
        yield (
            f"{found.stores} of the services are stores: many ask them, and all of their replicas "
            "are held in one rack"
        )
    if found.routed:
        yield f"trafficDistribution changed as recommended: {', '.join(found.routed)}"
    if found.restart:
        yield (
            f"a rolling restart of everything under the same load: {found.restart.pods} pods, "
            f"{found.restart.failed} of {found.restart.due} calls failed"
        )
    if found.moving:
        yield from _moved(found, found.moving)


def compared(found: Sequence[outcomes.Outcome]) -> str:
    """Return one table of several scenarios on the same shop."""
    rows = [
        (
            *("scenario", "bytes/s between racks", "of before", "p50", "p99"),
            *("evictions", "calls failed meanwhile", "time to settle", "Services rerouted"),
        )
    ]
    for each in found:
        moving = each.moving
        share = each.after.cross_bytes_per_second / max(each.before.cross_bytes_per_second, 1)
        rows.append(
            (
                each.scenario,
                _rate(each.after.cross_bytes_per_second),
                f"{share:.0%}",
                _time(each.after.p50_seconds),
                _time(each.after.p99_seconds),
                str(moving.evictions) if moving else "0",
                f"{moving.failed} of {moving.due}" if moving else "-",
                _settled(each),
                _rerouted(each),
            )
        )
    return "\n".join(_markdown(rows))


def _settled(found: outcomes.Outcome) -> str:
    before, after = (one.cross_bytes_per_second for one in (found.before, found.after))
    seconds = traces.settled(found.trace, before, after) if found.trace else None
    return "-" if seconds is None else f"{seconds:.0f} s"


def _rerouted(found: outcomes.Outcome) -> str:
    everywhere = scenarios.named(found.scenario).distribution
    return str(found.services if everywhere else len(found.routed))


def unusual_rate(found: outcomes.Outcome) -> str:
    """Return what the shop says in all, where that is not what shops say unless told otherwise."""
    offered = found.offered_bytes_per_second
    return "" if abs(offered / shops.RATE - 1) < NEAR else f"{offered / 1e6:.1f} MB/s"


def predicted_share(found: outcomes.Outcome) -> float | None:
    """Return what the plans that were carried out promised to be left of what crosses."""
    plans = [plan for plan in found.moving.plans if plan["moves"]] if found.moving else []
    done = sorted((plan for plan in plans if plan["phase"] == "Done"), key=lambda one: one["name"])
    if not done:
        return None
    left = 1.0
    for plan in done:
        before, after = (float(plan["locality"][key].get(REGION, 0)) for key in ("before", "after"))
        left *= after / before if before else 1.0
    return left


def _moved(found: outcomes.Outcome, moving: outcomes.Moving) -> Iterator[str]:
    refused = ", ".join(f"{why} ({count})" for why, count in sorted(moving.refusals.items()))
    landed = f", {moving.landed} landed where planned, {moving.astray} did not"
    landed += f" ({refused})" if refused else ""
    yield (
        f"moves: {moving.evictions} evictions{landed if moving.plans else ''}, "
        f"in {moving.seconds:.0f} s"
    )
    why = ", ".join(f"{words} ({count})" for words, count in sorted(moving.failures.items()))
    yield (
        f"during the moves {moving.failed} of {moving.due} calls failed"
        f"{f': {why}' if why else ''}; {moving.unheard} pods ended without a last word"
    )
    yield f"times that a budget had too few ready pods: {moving.breaches}"
    yield f"moves in the {moving.later_seconds:.0f} s after the last one: {moving.later_evictions}"
    left = predicted_share(found)
    if left is not None:
        real = found.after.cross_bytes_per_second / max(found.before.cross_bytes_per_second, 1)
        ratio = (1 - real) / (1 - left) if left < 1 else 0.0
        yield (
            f"less between racks: promised {1 - left:.0%}, measured on the links {1 - real:.0%}, "
            f"measured / promised {ratio:.2f}"
        )
    for plan in moving.plans:
        told = plan["verification"]
        if told:
            yield (
                f"the operator's own word on {plan['moves']} moves ({plan['phase']}): promised "
                f"{told.get('promised', 0):.0f}, measured {told.get('measured', 0):.0f} "
                f"{told.get('unit', '')}"
            )


def _latencies(before: outcomes.Span, after: outcomes.Span) -> Iterator[tuple[str, ...]]:
    pairs = (
        ("p50 of calls (the pods' own histograms)", before.p50_seconds, after.p50_seconds),
        ("p99 of calls", before.p99_seconds, after.p99_seconds),
    )
    for name, one, other in pairs:
        times = f"1 / {one / other:.1f}" if one and other else ""
        yield name, _time(one), _time(other), times


def _markdown(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield f"| {' | '.join(row)} |"
        if number == 0:
            yield f"|{'---|' * len(row)}"


def _rate(value: float) -> str:
    return f"{value / 1000:,.0f} kB/s"


def _time(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1000 * seconds:,.1f} ms"


def _each(span: outcomes.Span) -> str:
    return f"{span.done / span.seconds:.0f}"
