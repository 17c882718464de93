"""Builds a benchmark from real applications: screens with what the applications say is on them.

The truth is the accessibility tree; text recognition only tells whether a name is written on its
element, so that text and icons are counted apart. No model is asked here.
"""
