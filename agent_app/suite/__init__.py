"""Many tasks, each tried on a desktop of its own, on one machine or on many; results in one place.

A task is a test of pytest in a process of its own. What is tried where and when is decided by
threads of the standard library or by Ray, never here; what a task is said to do is in `flows`.
"""
