"""Fakes for the three seams: they satisfy the protocols and touch no display and no model."""
