"""Figures for people: SVG, and pages of HTML that need nothing else."""
