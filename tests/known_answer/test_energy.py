"""Published energies and powers from published censuses and costs, and what an account must never do."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikemesh.contracts.energy import COUNTERS, INCLUDED, NOT_COUNTED, NOT_PUBLISHED, Activity, energy_of
from spikemesh.description.costs import CostSet
from spikemesh.description.system import BoardSpec, ChipSpec, Cost, LinkSpec, System
from spikemesh_plugins.systems.loihi import loihi
from spikemesh_plugins.systems.loihi_costs import DAVIES2018
from spikemesh_plugins.systems.truenorth import truenorth

S = 10**12
"""One second in ps."""
ALL_COUNTED = dict.fromkeys(COUNTERS.values(), 0)


def system(costs, chips=(1,), **fields):
    chip = ChipSpec(**{"costs": {"table": costs}, **fields.pop("chip", {})})
    return System(**{"chips": chips, "chip": chip, "costs": "table", **fields})


def account(costs, counts, time_ps=S, steps=1000, cores=0, packets=(), inferences=None, **fields):
    activity = Activity(steps, time_ps, cores, {**ALL_COUNTED, **counts}, packets, inferences=inferences)
    return energy_of(system(costs, **fields), activity)


def term(energy, kind):
    (found,) = (t for t in energy.terms if t.kind == kind)
    return found


@pytest.mark.parametrize(("spikes", "published_excess"), [(667, 0.09), (750, 0.20)])
def test_a_query_of_frady_2020(spikes, published_excess):
    # Frady et al. 2020, Table 2: 1.33 mJ core dynamic energy of a 76,800-pattern query on 32 chips. Census: 667 to 750
    # spikes x 76,800 synapses, 76,800 neurons x 60 updates at rest. Davies et al. 2018, Table 2: 23.6 pJ is a least
    # figure, 52 pJ an update at rest.
    patterns = 76_800
    counts = {"core_synaptic_events": spikes * patterns, "core_idle_updates": 60 * patterns}
    system = loihi((8, 4))
    energy = energy_of(system, Activity(60, 60 * 5_800_000, 1000, {**ALL_COUNTED, **counts}))
    by_hand_pj = 23.6 * spikes * patterns + 52.0 * 60 * patterns
    assert energy.dynamic.value == pytest.approx(by_hand_pj, rel=1e-12)
    assert 1.44e9 < energy.dynamic.value < 1.61e9
    assert energy.dynamic.value / 1.33e9 - 1 == pytest.approx(published_excess, abs=0.005)


def test_static_power_of_a_nahuku_board():
    # Frady et al. 2020, Table 1: 3.34 W static over 32 chips.
    energy = energy_of(loihi((8, 4)), Activity(1, S, 0, ALL_COUNTED))
    assert energy.static.value * 1e-12 == pytest.approx(3.34, rel=0.01)
    assert energy.static.value == pytest.approx(32 * 104.4e9, rel=1e-12)


@pytest.mark.parametrize(("rate_hz", "published_mw"), [(11.58, 68.0), (20.07, 71.0), (95.93, 94.0)])
def test_truenorth_sweep_of_akopyan_2015(rate_hz, published_mw):
    # Akopyan et al. 2015, Fig. 17 (0.8 V, 128 active synapses): the ends of the sweep give 64.43 mW and 2.297 pJ an
    # event; the middle is held out.
    elsewhere = ("neuron_update", "neuron_idle", "spike", "axon_in", "axon_out", "hop_tile", "hop_x", "hop_y")
    costs = CostSet(synaptic_event=Cost(energy_pj=2.297), static_mw=64.43, excluded=elsewhere)
    neurons, synapses = 2**20, 128
    spikes = round(neurons * rate_hz)
    counts = {
        "core_synaptic_events": spikes * synapses,
        "core_spikes": spikes,
        "core_updates": neurons * 1000,
        **dict.fromkeys(("core_packets_in", "core_packets_out", "chip_hops_x", "chip_hops_y"), spikes),
    }
    energy = account(costs, counts, regime="tick", tick="1 ms")
    assert energy.completeness == "complete"
    assert energy.power_w.value * 1000 == pytest.approx(published_mw, rel=0.01)


@pytest.mark.parametrize(
    ("supply_v", "published_mw", "within"), [(0.775, 72.0, 0.02), (0.8, 71.0, 0.01), (0.75, 65.0, 0.09)]
)
def test_truenorth_at_20_hz_by_its_supply(supply_v, published_mw, within):
    # Merolla et al. 2014 and Akopyan et al. 2015: 72 mW at 20 Hz, 128 active synapses, 0.775 V; 65 mW at 0.75 V. The
    # account was measured at 0.8 V and is not scaled, as no law of scaling is published: it misses them by -2 % and
    # +9 %. One synaptic event at the published 26 pJ, static power included, would miss the sweep by -41 to +256 %.
    given = truenorth((1, 1))
    assert given.cost_set.supply_v == 0.8
    events = round(2**20 * 20.0) * 128
    counts = {**ALL_COUNTED, "core_synaptic_events": events, "core_updates": 2**20 * 1000}
    energy = energy_of(given, Activity(1000, S, 4096, counts))
    found_mw = energy.power_w.value * 1000
    assert found_mw == pytest.approx(published_mw, rel=within)
    assert (found_mw > published_mw) == (supply_v < 0.775)


@pytest.mark.parametrize(("cores", "published_w"), [(0, 31.88), (806, 59.38)])
def test_spinnaker_board(cores, published_w):
    # SpiNNMachine, version_spin1.py and version_5.py: a chip 0.35 W; 48 chips on their board, boxed, 31.88 W; with 806
    # cores active 59.38 W.
    costs = CostSet(static_mw=350.0, static_core_mw=(59_380 - 31_880) / 806)
    board = BoardSpec(chips=48, static_mw=31_880 - 48 * 350)
    energy = account(costs, {}, cores=cores, chips=(8, 6), board=board, regime="tick", tick="1 ms")
    assert energy.power_w.value == pytest.approx(published_w, rel=1e-12)


@pytest.mark.parametrize(("mhz", "events", "published_uw"), [(75.0, 37_500_000, 477.0), (1.3, 650_000, 35.0)])
def test_odin_power_of_frenkel_2019(mhz, events, published_uw):
    # Frenkel et al. 2019, Fig. 8b and eq. 2 (0.55 V): 27.3 uW + 1.78 uW/MHz f + 8.43 pJ r; section IV-A the results.
    costs = CostSet(
        synaptic_event=Cost(energy_pj=8.43),
        cycle=Cost(energy_pj=1.78),
        static_mw=0.0273,
        excluded=("neuron_update", "neuron_idle", "spike", "axon_in", "axon_out", "hop_tile"),
    )
    counts = {"core_synaptic_events": events, "core_updates": 256}
    energy = account(
        costs, counts, chip={"costs": {"table": costs}, "clock_mhz": mhz}, regime="tick", tick=1e6
    )
    assert energy.completeness == "complete"
    assert energy.power_w.value * 1e6 == pytest.approx(published_uw, rel=0.003)
    assert energy.power_w.value * 1e6 == pytest.approx(27.3 + 1.78 * mhz + 8.43e-6 * events, rel=1e-12)


def test_everything_by_hand():
    costs = CostSet(
        neuron_update=Cost(energy_pj=10.0, energy_range_pj=(8.0, 15.0), source="here", evidence="primary"),
        neuron_idle=Cost(energy_pj=3.0),
        synaptic_event=Cost(energy_pj=2.0),
        spike=Cost(energy_pj=7.0),
        axon_in=Cost(energy_pj=0.0),
        axon_out=Cost(energy_pj=1.0),
        hop_tile=Cost(energy_pj=0.5),
        hop_x=Cost(energy_pj=3.0),
        hop_y=Cost(energy_pj=4.0),
        barrier=Cost(energy_pj=1e6),  # of one chip: not used here
        barrier_chip=Cost(energy_pj=100.0),
        learning_update=Cost(energy_pj=120.0),
        static_mw=50.0,
        static_range_mw=(40.0, 70.0),
        static_core_mw=2.0,
    )
    counts = dict(zip(COUNTERS.values(), (3, 5, 7, 11, 13, 17, 19, 23, 29, 31), strict=True))
    links = {"between_chips": LinkSpec(energy=30.0, idle_mw=1.0), "between_boards": LinkSpec(energy=500.0)}
    fields = {"board": BoardSpec(chips=2, static_mw=10.0), "links": links, "chips": (2, 2), "cores": 6}
    # Chips 0 and 1 are on one board, 2 and 3 on another; links in order 01 02 10 13 20 23 31 32.
    energy = account(
        costs, counts, 2_000_000, 4, packets=(1, 10, 2, 20, 40, 4, 80, 8), inferences=2, **fields
    )
    dynamic = {
        "neuron_update": (30.0, 24.0, 45.0),
        **dict(zip(("neuron_idle", "synaptic_event", "spike", "axon_in"), (15, 14, 77, 0), strict=True)),
        **dict(zip(("axon_out", "hop_tile", "hop_x", "hop_y"), (17, 9.5, 69, 116), strict=True)),
        "learning_update": 3720.0,
        "links_between_chips": 30.0 * 15,
        "links_between_boards": 500.0 * 150,
        "barrier": 4 * 4 * 100.0,  # steps x (width + height)
    }
    # 1 mW over 2 us is 2,000 pJ.
    static = {
        "static_chip": (400e3, 320e3, 560e3),
        "static_cores": 24e3,
        "boards": 40e3,
        "links_idle_between_chips": 8e3,
    }
    for kind, value in (dynamic | static).items():
        value, low, high = value if isinstance(value, tuple) else (value, value, value)
        found = term(energy, kind)
        assert (found.value_pj, found.low_pj, found.high_pj) == pytest.approx(
            (value, low, high), rel=1e-14
        ), kind
        assert found.part == ("dynamic" if kind in dynamic else "static")
    assert {t.kind for t in energy.terms} == {*dynamic, *static, "links_idle_between_boards"}
    assert energy.misses == ("links_idle_between_boards",)
    assert energy.completeness == "incomplete: misses links_idle_between_boards"
    assert energy.completeness_of("dynamic") == "complete"
    known = sum(v[0] if isinstance(v, tuple) else v for v in dynamic.values())
    assert energy.dynamic == pytest.approx((known, known - 6, known + 15), rel=1e-14)
    assert energy.static == pytest.approx((472e3, 392e3, 632e3), rel=1e-14)
    total = known + 472e3
    assert energy.total.value == pytest.approx(total, rel=1e-14)
    # pJ over 2 us: 1e-12 / 2e-6 W; times 2 us: 2e-18 J s.
    assert energy.power_w.value == pytest.approx(total * 0.5e-6, rel=1e-14, abs=0)
    assert energy.delay_product_js.value == pytest.approx(total * 2e-18, rel=1e-14, abs=0)
    each = energy.per_inference
    assert each["energy_pj"] == pytest.approx(total / 2)
    assert each["delay_ns"] == pytest.approx(1000.0)
    assert each["delay_product_js"] == pytest.approx(total * 2e-18 / 4, rel=1e-14, abs=0)
    update = term(energy, "neuron_update")
    assert (update.source, update.evidence, update.note, update.published) == ("here", "primary", "", True)
    assert term(energy, "spike").note == "range not published"


def test_what_is_not_told():
    costs = CostSet(neuron_update=Cost(energy_pj=10.0), hop_x=Cost(energy_pj=1.0), excluded=("axon_in",))
    counts = {"core_updates": 2, "core_idle_updates": 3, "core_spikes": 4, "core_packets_in": 5}
    energy = account(costs, counts, time_ps=None, steps=1)
    idle = term(energy, "neuron_idle")
    assert (idle.value_pj, idle.note) == (30.0, "as neuron_update: not published apart; range not published")
    assert (term(energy, "spike").value_pj, term(energy, "spike").note) == (None, NOT_PUBLISHED)
    assert (term(energy, "axon_in").value_pj, term(energy, "axon_in").note) == (None, INCLUDED)
    assert term(energy, "hop_y").value_pj == 0.0
    assert energy.misses == ("spike", "barrier", "static_chip")
    assert (energy.power_w, energy.delay_product_js, energy.per_inference) == (None, None, None)
    # Counters that a trace does not have: idle updates and learning may be none, others are not known.
    partial = energy_of(system(costs), Activity(1, S, 1, {"core_updates": 2}))
    assert (term(partial, "neuron_idle").value_pj, term(partial, "learning_update").value_pj) == (0.0, 0.0)
    assert (term(partial, "hop_x").value_pj, term(partial, "hop_x").note) == (None, NOT_COUNTED)
    assert "hop_x" in partial.misses
    plastic = energy_of(system(costs), Activity(1, S, 1, {"core_updates": 2}, learns=True))
    assert "learning_update" in plastic.misses


def test_every_chip_has_a_clock():
    costs = CostSet(cycle=Cost(energy_pj=2.0))
    energy = account(costs, {}, 3 * S, chips=(2, 2), chip={"costs": {"table": costs}, "clock_mhz": 200.0})
    assert term(energy, "clock").count == 4 * 3 * 200e6
    assert term(energy, "clock").value_pj == 2 * 4 * 3 * 200e6


def test_static_power_without_hardware_time():
    energy = account(CostSet(static_mw=5.0, cycle=Cost(energy_pj=1.0)), {}, time_ps=None)
    assert term(energy, "static_chip").note == "hardware time not known"
    assert term(energy, "clock").note == "clock rate not published"
    assert {"static_chip", "clock"} <= set(energy.misses)


def test_energy_of_links_on_a_chip_stands_for_its_hops():
    links = {"on_chip": LinkSpec(energy=9.0, sources={"energy": "a table"})}
    energy = account(CostSet(), {"chip_hops_x": 2, "chip_hops_y": 3}, links=links)
    found = term(energy, "links_on_chip")
    assert (found.count, found.value_pj, found.source) == (5, 45.0, "a table")
    assert term(energy, "hop_x").note == INCLUDED
    assert "hop_x" not in energy.misses


def test_an_unpublished_figure_of_a_preset_is_missing():
    counts = dict.fromkeys(ALL_COUNTED, 1)
    energy = energy_of(loihi((2, 1)), Activity(1, S, 2, counts, (1, 1)))
    assert DAVIES2018.spike.energy_pj is None
    assert set(energy.misses) == {
        *("spike", "axon_in", "axon_out", "barrier", "links_between_chips", "links_idle_between_chips"),
    }
    assert term(energy, "learning_update").value_pj == 120.0


KINDS = tuple(COUNTERS)
PICO = st.none() | st.just(0.0) | st.floats(1e-3, 1e6)


@given(
    energies=st.fixed_dictionaries(dict.fromkeys(KINDS, PICO)),
    counts=st.fixed_dictionaries({name: st.none() | st.integers(0, 10**15) for name in COUNTERS.values()}),
    excluded=st.sets(st.sampled_from(KINDS)),
    static=PICO,
    link=PICO,
    time_ps=st.none() | st.integers(1, 10**15),
    packets=st.integers(0, 1000),
)
def test_not_published_is_never_nothing(energies, counts, excluded, static, link, time_ps, packets):
    costs = CostSet(
        **{kind: Cost(energy_pj=pj) for kind, pj in energies.items()},
        static_mw=static,
        excluded=tuple(sorted(excluded)),
    )
    made = system(costs, (2, 1), links={"between_chips": LinkSpec(energy=link, idle_mw=link)})
    totals = {name: count for name, count in counts.items() if count is not None}
    energy = energy_of(made, Activity(3, time_ps, 1, totals, (packets, packets)))
    for t in energy.terms:
        if t.count and t.each is None:
            assert t.value_pj is None
            assert t.note == INCLUDED if t.kind in excluded else t.note == NOT_PUBLISHED
        if t.value_pj is None:
            assert (t.kind in energy.misses) == (t.note != INCLUDED)
            assert t.note
        else:
            assert t.kind not in energy.misses
            assert t.low_pj <= t.value_pj <= t.high_pj
            # Nothing comes of nothing, and of nothing else.
            assert (t.value_pj == 0) == (t.count == 0 or t.each == 0)
    known = [t.value_pj for t in energy.terms if t.value_pj is not None]
    assert energy.total.value == pytest.approx(math.fsum(known), rel=1e-12)
    assert (energy.completeness == "complete") == (not energy.misses)
    unknown = {INCLUDED, NOT_PUBLISHED, NOT_COUNTED, "hardware time not known"}
    for t in energy.to_dict()["terms"]:
        assert (t["value_pj"] is None) == (t["note"] in unknown)
