"""Processes of `bench/scale.py`: a desktop, a session at a server, and that server."""
