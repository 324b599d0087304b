"""A chain of m beakers takes the memory of m beakers."""

import tracemalloc

import spikemesh as sm


def allocated(beakers):
    net = sm.Network(timestep=1.0)
    pre = net.add_population("pre", 300, "spike_source", times=[])
    post = net.add_population("post", 300, "iaf", v_th=1e9)
    learning = sm.rule("gbc", w_max=1.0, beakers=beakers)
    net.connect(pre, post, "all_to_all", weight=0.5, learning=learning)
    with sm.Simulation(net, backend="local", workers=1) as simulation:
        simulation.run(1.0)
        return tracemalloc.get_traced_memory()[0]


def test_bytes_of_a_synapse_are_those_of_its_settings():
    allocated(8)  # what is compiled and imported once is not counted
    allocated(3)
    tracemalloc.start()
    try:
        eight, three = allocated(8), allocated(3)
    finally:
        tracemalloc.stop()
    # A double a beaker.
    assert abs((eight - three) / 300**2 - 5 * 8) < 1.0
