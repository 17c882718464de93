"""Recordings of others as episodes: one file for each format, found by what lies in the path.

What is read was written by somebody else: names are kept inside their folder, sizes and numbers
are bounded, and nothing is ever run.
"""
