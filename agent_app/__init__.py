"""agent-app: a local-first desktop agent that you can watch think.

Importing the package does nothing but name its version; every part is imported where it is used.
"""

__version__ = "0.1.0"
