"""Written steps: their types, their words, and how a text is read as them.

Nothing here knows of a screen.
"""
