"""What a plugin author implements. Import from here; nothing else of spikemesh is needed.

>>> from spikemesh.contracts import NeuronModel, Parameter, State, hookimpl
"""

from spikemesh.contracts.axons import Axons, axons_of, splitters_for
from spikemesh.contracts.coding import CounterRandom, Decoder, Encoder
from spikemesh.contracts.connections import Bounds, Connections, Hypergraph, Neighbours
from spikemesh.contracts.hooks import hookimpl
from spikemesh.contracts.known_answers import NeuronAnswer, SynapseAnswer
from spikemesh.contracts.learning import LearningRule, Trace, Visit
from spikemesh.contracts.limits import LimitRule, Load, Synapses, Use, neurons_of_chip
from spikemesh.contracts.mapping import Partitioner, PartitionProblem, Placer, Router
from spikemesh.contracts.neuron import NeuronModel, Parameter, State
from spikemesh.contracts.numerics import NumberFormat, Weights
from spikemesh.contracts.scenario import ScenarioFolder
from spikemesh.contracts.signal import Signal
from spikemesh.contracts.stream import StreamEncoder, StreamState
from spikemesh.contracts.system import SystemPreset
from spikemesh.contracts.trace import Chunk, ProbePlan, TracePlan, TraceReader, TraceStore, TraceWriter
from spikemesh.contracts.traffic import chip_packets, expected_packets

__all__ = [
    "Axons",
    "Bounds",
    "Chunk",
    "Connections",
    "CounterRandom",
    "Decoder",
    "Encoder",
    "Hypergraph",
    "LearningRule",
    "LimitRule",
    "Load",
    "Neighbours",
    "NeuronAnswer",
    "NeuronModel",
    "NumberFormat",
    "Parameter",
    "PartitionProblem",
    "Partitioner",
    "Placer",
    "ProbePlan",
    "Router",
    "ScenarioFolder",
    "Signal",
    "State",
    "StreamEncoder",
    "StreamState",
    "SynapseAnswer",
    "Synapses",
    "SystemPreset",
    "Trace",
    "TracePlan",
    "TraceReader",
    "TraceStore",
    "TraceWriter",
    "Use",
    "Visit",
    "Weights",
    "axons_of",
    "chip_packets",
    "expected_packets",
    "hookimpl",
    "neurons_of_chip",
    "splitters_for",
]
