"""The part of python-xlib that is used here; it has no annotations of its own."""
