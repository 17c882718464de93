"""Running flows: each file is a test of pytest, on the same desktop as those in Python.

What a flow can say, and how it is read, is in `agent_app.flows`.
"""
