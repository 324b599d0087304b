"""Built-in partitioners, placers and routers."""

from spikemesh.contracts import Partitioner, Placer, Router, hookimpl
from spikemesh_plugins.mapping.dimension_order import DimensionOrder
from spikemesh_plugins.mapping.longest_dimension_first import LongestDimensionFirst
from spikemesh_plugins.mapping.placers import Anneal, Identity
from spikemesh_plugins.mapping.shortest_path import ShortestPath
from spikemesh_plugins.mapping.simple import Linear, RoundRobin
from spikemesh_plugins.mapping.speck_layers import SpeckLayers
from spikemesh_plugins.mapping.traffic import Traffic


@hookimpl
def spikemesh_partitioners() -> list[Partitioner]:
    """Return the built-in partitioners."""
    return [Traffic(), Linear(), RoundRobin(), SpeckLayers()]


@hookimpl
def spikemesh_placers() -> list[Placer]:
    """Return the built-in placers."""
    return [Identity(), Anneal()]


@hookimpl
def spikemesh_routers() -> list[Router]:
    """Return the built-in routers."""
    return [DimensionOrder(), LongestDimensionFirst(), ShortestPath()]
