"""Plugins found, looked up by name, and networks bound to them."""

from spikemesh.registry.discovery import Plugin, Registry, load_registry

__all__ = ["Plugin", "Registry", "load_registry"]
