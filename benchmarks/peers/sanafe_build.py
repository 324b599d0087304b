"""A chip and a network as SANA-FE wants them, from descriptions of :mod:`sanafe_networks`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import sanafe


def architecture(chip: dict[str, Any]) -> Any:
    """Return SANA-FE's description of a chip; it is read from a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chip.yaml"
        path.write_text(architecture_text(chip))
        return sanafe.load_arch(str(path))


def architecture_text(chip: dict[str, Any]) -> str:
    """Return the text of the file: one kind of tile, of core, and of each unit of a core."""
    columns, rows = (c // t for c, t in zip(chip["cores"], chip["tile"], strict=True))
    per_tile = chip["tile"][0] * chip["tile"][1]
    table = ", ".join(f"{tiles}: {ns}e-9" for tiles, ns in chip["barrier_tiles"])
    hops = {"east": "hop_x", "west": "hop_x", "north": "hop_y", "south": "hop_y"}
    tile = [line for way, kind in hops.items() for line in _costs(chip, {f"{way}_hop": kind})]
    update = {
        part: {k: v - chip[part]["neuron_idle"] for k, v in chip[part].items() if k == "neuron_update"}
        for part in ("energy_pj", "latency_ns")
    }
    soma = [
        *_costs(chip, {"access_neuron": "neuron_idle"}),
        *_costs(update, {"update_neuron": "neuron_update"}),
        *_costs(chip, {"spike_out": "spike"}),
    ]
    units = {
        "axon_in": _costs(chip, {"message_in": "axon_in"}),
        "synapse": ["model: current_based", *_costs(chip, {"process_spike": "synaptic_event"})],
        "dendrite": ["model: accumulator", "energy_update: 0.0", "latency_update: 0.0"],
        "soma": ["model: leaky_integrate_fire", *soma],
        "axon_out": _costs(chip, {"message_out": "axon_out"}),
    }
    lines = [
        "architecture:",
        "  name: given",
        f"  attributes: {{width: {columns}, height: {rows}, link_buffer_size: {chip['link_buffer']}, "
        f"sync_model: table, latency_sync: {{{table}}}}}",
        "  tile:",
        f"    - name: tile[0..{columns * rows - 1}]",
        f"      attributes: {{{', '.join(tile)}}}",
        "      core:",
        f"        - name: core[0..{per_tile - 1}]",
        "          attributes: {buffer_position: soma, max_neurons_supported: 4096}",
    ]
    for unit, attributes in units.items():
        lines += [
            f"          {unit}:",
            f"            - name: {unit}",
            f"              attributes: {{{', '.join(attributes)}}}",
        ]
    return "\n".join(lines) + "\n"


def _costs(chip: dict[str, Any], names: dict[str, str]) -> list[str]:
    return [
        f"{quantity}_{name}: {round(chip[part][kind], 6)}{power}"
        for name, kind in names.items()
        for quantity, part, power in (("energy", "energy_pj", "e-12"), ("latency", "latency_ns", "e-9"))
    ]


def cores_in_order(chip: dict[str, Any], arch: Any) -> list[Any]:
    """Return SANA-FE's cores by our number: its tiles are numbered down the columns, ours are cores along the rows."""
    (columns, rows), (width, height) = chip["cores"], chip["tile"]
    result = []
    for core in range(columns * rows):
        y, x = divmod(core, columns)
        tile = arch.tiles[x // width * (rows // height) + y // height]
        result.append(tile.cores[y % height * width + x % width])
    return result


def loaded(chip: dict[str, Any], network: dict[str, Any], recorded: bool = True) -> Any:
    """Return a chip of SANA-FE with a network on it, whose spikes and potentials can be recorded."""
    arch = architecture(chip)
    net = sanafe.Network()
    attributes = {key: network[key] for key in ("threshold", "leak_decay", "reset")}
    size = len(network["bias"])
    neurons = net.create_neuron_group(
        "neurons", size, model_attributes=attributes, default_synapse_hw_name="synapse",
        soma_hw_name="soma", log_potential=recorded, log_spikes=recorded,
    )  # fmt: skip
    cores = cores_in_order(chip, arch)
    for k, (bias, core) in enumerate(zip(network["bias"], network["core"], strict=True)):
        neurons[k].set_attributes(model_attributes={"bias": bias})
        neurons[k].map_to_core(cores[core])
    pairs = [(source, target) for source, target, _ in network["connections"]]
    weights = [weight for _, _, weight in network["connections"]]
    neurons.connect_neurons_sparse(neurons, {"weight": weights}, pairs)
    made = sanafe.SpikingChip(arch)
    made.load(net)
    return made
