"""Benchmarks: official folders read as they are, scored as their own scorers do, and reported.

How a model is asked about one screen is in `asking`, how episodes are asked about in `replaying`;
neither is repeated here, and no desktop is touched but by `making`.
"""
