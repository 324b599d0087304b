"""The command line: ``spikemesh``, also ``python -m spikemesh``."""

from spikemesh.cli.group import main

__all__ = ["main"]
