"""Seeing the screen: capture, when it has settled, and what was on it lately.

No input and no model here; windows and pixels of our own belong to `ui`.
"""
