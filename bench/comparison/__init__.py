"""The same GUI test tasks with several tools, on the same desktops: what comparison.py runs.

`with_TOOL/` holds one script for each task, as users of that tool would write it; everything else
here starts the applications, checks what came of each script, counts and tells.
"""
