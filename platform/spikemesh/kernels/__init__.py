"""Numba functions and nothing else: they take arrays and numbers."""
