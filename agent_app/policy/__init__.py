"""What may be done, whatever the model answers: rules, risk words, and the verdict on an action.

`file` reads `policy.toml`, `judging` decides by a `scene`, which is told by whoever can read the
screen. Nothing here looks at a screen, asks anybody or sends input, and no model has a say.
"""

from agent_app.policy.judging import Policy

__all__ = ["Policy"]
