"""Which thing in a `Sight` a label means, or why none or several; `finding` has the order of rules.

Nothing here reads pixels or instructions.
"""
