"""Flows: GUI tests as YAML, for people who do not write Python.

The steps and their types, reading with errors that name file and line, writing, and the JSON schema
for editors. What runs them is in `agent_app.testing.flows`; nothing here looks at a screen.
"""
