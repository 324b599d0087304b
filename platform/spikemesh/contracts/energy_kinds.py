"""Energy of a run kind by kind: what was done, times what one costs."""

from __future__ import annotations

from collections.abc import Iterator

from spikemesh.contracts.energy_term import NOT_COUNTED, Activity, Figure, Term, term_of
from spikemesh.description.chip import BoardSpec, LinkSpec
from spikemesh.description.costs import Cost, CostSet
from spikemesh.description.system import System

NO_TIME = "hardware time not known"
NO_CLOCK = "clock rate not published"
REST_UNKNOWN = "not told apart from neuron_update"
REST_AS_UPDATE = "as neuron_update: not published apart"

COUNTERS = {
    "neuron_update": "core_updates",
    "neuron_idle": "core_idle_updates",
    "synaptic_event": "core_synaptic_events",
    "spike": "core_spikes",
    "axon_in": "core_packets_in",
    "axon_out": "core_packets_out",
    "hop_tile": "chip_hops_tile",
    "hop_x": "chip_hops_x",
    "hop_y": "chip_hops_y",
    "learning_update": "core_learning_updates",
}
"""Counter of a trace by the cost that it is multiplied with. That of idle updates may be absent where they are not told
apart, that of learning where no weight changes."""


def terms_of(system: System, activity: Activity) -> Iterator[Term]:
    """Return the energy of every kind, in a fixed order.

    Parameters
    ----------
    system
        The system, with the cost set in use.
    activity
        What it did.
    """
    yield from _operations(system, activity)
    yield from _links(system, activity)
    yield _barrier(system, activity)
    yield from _clock(system, activity)
    yield from _static(system, activity)


def _operations(system: System, activity: Activity) -> Iterator[Term]:
    costs, on_chip = system.cost_set, system.links.get("on_chip", LinkSpec())
    in_links = on_chip.energy is not None
    for kind, counter in COUNTERS.items():
        cost, count, note = getattr(costs, kind), activity.totals.get(counter), ""
        if count is None and _is_never(kind, activity):
            count, note = 0, REST_UNKNOWN if kind == "neuron_idle" else ""
        elif kind == "neuron_idle" and cost.energy_pj is None and kind not in costs.excluded:
            cost, note = costs.neuron_update, REST_AS_UPDATE
        elsewhere = kind in costs.excluded or (in_links and kind.startswith("hop_"))
        yield _dynamic(kind, count, _figure(cost, elsewhere), note)
    if in_links:
        hops = [activity.totals.get(COUNTERS[kind]) for kind in ("hop_x", "hop_y")]
        crossed = None if None in hops else sum(h for h in hops if h is not None)
        yield _dynamic("links_on_chip", crossed, _energy_of(on_chip, costs))


def _is_never(kind: str, activity: Activity) -> bool:
    return kind == "neuron_idle" or (kind == "learning_update" and not activity.learns)


def _links(system: System, activity: Activity) -> Iterator[Term]:
    """Packets on links between chips, by kind of link."""
    counted = len(activity.link_packets) == len(system.directed_links)
    for kind, members in _kinds_of_links(system).items():
        packets = sum(int(activity.link_packets[k]) for k in members) if counted else None
        yield _dynamic(f"links_{kind}", packets, _energy_of(system.links[kind], system.cost_set))


def _kinds_of_links(system: System) -> dict[str, list[int]]:
    """Directed links between chips by kind."""
    kinds: dict[str, list[int]] = {k: [] for k in ("between_chips", "between_boards") if k in system.links}
    for number, (a, b) in enumerate(system.directed_links):
        apart = system.board_of(a) != system.board_of(b) and "between_boards" in kinds
        kinds["between_boards" if apart else "between_chips"].append(number)
    return kinds


def _barrier(system: System, activity: Activity) -> Term:
    """Barriers, over several chips for each chip of the grid's width plus height."""
    costs, steps = system.cost_set, activity.steps if system.regime == "barrier" else 0
    if system.chip_count == 1:
        return _dynamic("barrier", steps, _figure(costs.barrier, "barrier" in costs.excluded))
    extent = sum(system.chips) + (1 if len(system.chips) == 1 else 0)
    return _dynamic("barrier", steps * extent, _figure(costs.barrier_chip, "barrier_chip" in costs.excluded))


def _clock(system: System, activity: Activity) -> Iterator[Term]:
    """Cycles of the chips' clock; no term where neither its rate nor a cycle's energy is known."""
    costs, rate, time = system.cost_set, system.chip.clock_mhz, activity.time_ps
    if rate is None and costs.cycle.energy_pj is None:
        return
    cycles = None if rate is None or time is None else system.chip_count * rate * time / 1e6
    figure = _figure(costs.cycle, "cycle" in costs.excluded)
    yield _dynamic("clock", cycles, figure, uncounted=NO_CLOCK if rate is None else NO_TIME)


def _static(system: System, activity: Activity) -> Iterator[Term]:
    costs, board, time = system.cost_set, system.board, activity.time_ps
    source, evidence, elsewhere = costs.static_source, costs.static_evidence, costs.excluded
    chip = Figure(costs.static_mw, costs.static_range_mw, source, evidence, "static_mw" in elsewhere)
    yield _static_term("static_chip", system.chip_count, chip, time)
    if costs.static_core_mw is not None:
        core = Figure(costs.static_core_mw, None, source, evidence)
        yield _static_term("static_cores", activity.cores_used, core, time)
    if board != BoardSpec():
        boards = system.board_of(system.chip_count - 1) + 1
        figure = Figure(board.static_mw, None, board.sources.get("static_mw", ""))
        yield _static_term("boards", boards, figure, time)
    for kind, members in _kinds_of_links(system).items():
        spec = system.links[kind]
        idle = Figure(spec.idle_mw, None, spec.sources.get("idle_mw", ""), "", "idle_mw" in elsewhere)
        yield _static_term(f"links_idle_{kind}", len(members), idle, time)


def _figure(cost: Cost, elsewhere: bool = False) -> Figure:
    return Figure(cost.energy_pj, cost.energy_range_pj, cost.source, cost.evidence, elsewhere)


def _energy_of(spec: LinkSpec, costs: CostSet) -> Figure:
    return Figure(spec.energy, None, spec.sources.get("energy", ""), "", "links" in costs.excluded)


def _dynamic(
    kind: str, count: float | None, figure: Figure, note: str = "", uncounted: str = NOT_COUNTED
) -> Term:
    return term_of(kind, "dynamic", count, figure, 1.0, note, uncounted)


def _static_term(kind: str, count: int, figure: Figure, time_ps: int | None) -> Term:
    """Energy of static power: 1 mW over 1 ps is 0.001 pJ."""
    return term_of(kind, "static", count, figure, None if time_ps is None else time_ps / 1000, "", NO_TIME)
