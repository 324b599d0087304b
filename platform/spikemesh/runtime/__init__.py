"""Runs chip programs: as threads of one process or as Ray actors."""
