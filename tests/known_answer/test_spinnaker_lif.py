"""SpiNNaker's neuron in s16.15 (hardware.md 4.3: the equations of sPyNNaker's IF_curr_exp)."""

from __future__ import annotations

import math

import numpy as np
import pytest

import spikemesh as sm
from spikemesh.errors import DescriptionError


@pytest.fixture
def traced(simulate):
    """``(ticks of spikes, {state: values})`` of one neuron with arrivals ``{tick: pA}``."""

    def run(arrivals, duration, timestep=1.0, model="spinnaker_lif", shift=0, **params):
        net = sm.Network(timestep=timestep)
        times = [[k * timestep] for k in arrivals]
        source = net.add_population("in", len(arrivals), "spike_source", times=times)
        cell = net.add_population("n", 1, model, **params)
        arguments = {"left_shift": shift} if model == "spinnaker_lif" else {}
        net.connect(
            source, cell, sources=range(len(arrivals)), targets=[0] * len(arrivals), delay=timestep,
            weight=list(arrivals.values()), **arguments,
        )  # fmt: skip
        net.probe(cell, "spikes", "v", "i_syn_ex", "i_syn_in")
        trace = simulate(net, duration)
        states = {s: trace.probe("n", s).sel(neuron=0).values for s in ("v", "i_syn_ex", "i_syn_in")}
        return trace.spikes("n").ticks.tolist(), states

    return run


def test_a_sequence_by_hand(traced):
    # h = 1, tau_syn = 1/ln 2: decay 2^31, init = (1 - 1/2)/ln 2 = 0.7213475204, in u0.32 3098164009.
    # tau_m = 1/ln 2, c_m so that r = 1: keep = 16384. Weight 1 nA: 32768.
    tau = 1.0 / math.log(2.0)
    params = {"tau_m": tau, "c_m": 1000.0 * tau, "tau_syn_ex": tau, "tau_syn_in": tau, "v_th": -40.0}
    _, found = traced({1: 1000.0, 3: -500.0}, 6.0, **params)
    # i: 32768 init >> 32 = 23637, halved and rounded down; inhibition 16384 init >> 32 = 11818
    assert found["i_syn_ex"].tolist() == [0, 23637, 11818, 5909, 2954, 1477]
    assert found["i_syn_in"].tolist() == [0, 0, 0, 11818, 5909, 2954]
    # a = i_ex - i_in; v = a - (16384 (a - v) + 16384 >> 15), halves up:
    # 23637 - 11819 = 11818; 11818 - 0; -5909 + 8863 + ... and so on
    v, wanted = 0, []
    for a in (0, 23637, 11818, -5909, -2955, -1477):
        v = a - math.floor((16384 * (a - v) + 16384) / 32768)
        wanted.append(v)
    assert wanted[:3] == [0, 11818, 11818]
    assert found["v"].tolist() == wanted


def test_shifts_round_down_and_never_leave_a_rest_above_0(traced):
    # A current decays to 0 to the bit, and one of inhibition is kept as a magnitude: no -1 that never decays.
    _, found = traced({1: 0.1, 2: -0.1}, 60.0, tau_syn_ex=5.0, tau_syn_in=5.0)
    assert found["i_syn_ex"].max() == 2
    assert found["i_syn_ex"][-1] == found["i_syn_in"][-1] == 0


def test_sums_of_a_tick_stop_at_16_bits(traced):
    # 65,535 in 2^-15 nA is 1999.97 pA; with left_shift = 3 eight times that.
    init = int(np.rint(5.0 * -np.expm1(-0.2) * 2**32))
    for shift in (0, 3):
        most = 65535 << shift
        params = {"left_shift_ex": shift, "v_th": 2000.0, "shift": shift}
        pa = most * 1000.0 / 2**15
        _, one = traced({1: pa}, 2.0, **params)
        assert one["i_syn_ex"][-1] == most * init >> 32
        net = sm.Network(timestep=1.0)
        source = net.add_population("in", 3, "spike_source", times=[[1.0]] * 3)
        cell = net.add_population("n", 1, "spinnaker_lif", left_shift_ex=shift, v_th=2000.0)
        net.connect(source, cell, "all_to_all", weight=pa, delay=1.0, left_shift=shift)
        net.probe(cell, "i_syn_ex")
        with sm.Simulation(net, backend="local") as simulation:
            simulation.run(2.0)
            values = simulation.close().trace.probe("n", "i_syn_ex").values
        assert values[-1, 0] == most * init >> 32


def test_a_weight_beyond_16_bits_is_refused():
    net = sm.Network(timestep=1.0)
    net.add_population("n", 2, "spinnaker_lif")
    net.connect("n", "n", "all_to_all", weight=2100.0, delay=1.0)
    with pytest.raises(
        DescriptionError, match=r"2100 pA does not fit into 16 bits times 2\^0.*left_shift up to 15"
    ):
        sm.Simulation(net, backend="local")


def test_a_refractory_neuron_is_held_and_currents_go_on(traced):
    spikes, found = traced({1: 0.0}, 40.0, i_e=2000.0, t_ref=2.5)
    # v approaches 40 mV over rest with 20 ms: 15 mV after -20 ln(1 - 15/40) = 9.4 ms, the tenth tick; 3 at reset
    assert spikes == [10, 23, 36]
    assert found["v"][9:13].tolist() == [0, 0, 0, 0]
    assert found["v"][13] > 0


@pytest.mark.parametrize("timestep", [1.0, 0.5, 0.1])
def test_the_fixed_point_is_close_to_its_equations_in_floating_point(traced, timestep):
    random = np.random.default_rng(6)
    steps = round(200.0 / timestep)
    arrivals = {
        int(k): float(random.uniform(-500.0, 900.0)) for k in np.sort(random.permutation(steps - 2)[:60]) + 1
    }
    _, found = traced(arrivals, 200.0, timestep=timestep, v_th=1000.0)
    keep, decay, init = (
        math.exp(-timestep / 20.0),
        math.exp(-timestep / 5.0),
        -5.0 / timestep * math.expm1(-timestep / 5.0),
    )
    v = ex = inh = 0.0
    exact = []
    for k in range(1, steps + 1):
        w = arrivals.get(k - 1, 0.0) / 1000.0
        ex, inh = ex * decay + max(w, 0.0) * init, inh * decay + max(-w, 0.0) * init
        aim = 20.0 * (ex - inh)
        v = aim - keep * (aim - v)
        exact.append(v)
    # e^(-h/tau_m) has 15 bits: its error of up to 2^-16 lengthens tau_m by up to that part of 1 - e^(-h/tau_m).
    error = np.abs(found["v"] / 2**15 - np.array(exact)).max()
    assert error < np.abs(exact).max() * 2.0**-16 / (1.0 - keep) + 0.01


def test_it_is_lif_psc_exp_but_for_the_mean_over_a_tick_and_digits(traced):
    gaps = []
    for timestep in (1.0, 0.5, 0.25):
        arrivals = {round(k / timestep): w for k, w in ((5.0, 900.0), (20.0, -600.0), (40.0, 800.0))}
        common = {"tau_m": 20.0, "c_m": 1000.0, "e_l": -65.0, "v_reset": -65.0, "v_th": 1000.0}
        common |= {"tau_syn_ex": 5.0, "tau_syn_in": 5.0}
        _, here = traced(arrivals, 80.0, timestep=timestep, **common)
        _, there = traced(arrivals, 80.0, timestep=timestep, model="lif_psc_exp", **common)
        # What arrives at the end of a step of lif_psc_exp acts in the next; here it acts in the tick itself.
        gaps.append(np.abs(here["v"][:-1] / 2**15 - 65.0 - there["v"][1:]).max())
    # A current held at its mean over a tick gives nearly the same potential; e^(-h/tau_m) has 15 bits.
    assert max(gaps) < 0.005


def test_it_is_what_the_preset_hosts():
    assert "spinnaker_lif" in sm.System.preset("spinnaker").chip.models
