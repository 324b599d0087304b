"""Simulator of systems of many neuromorphic chips."""
