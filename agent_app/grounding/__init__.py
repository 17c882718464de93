"""From the summary of a reply to typed actions, in every dialect a grounder may speak.

A reply is parsed and checked, never run; what cannot be carried out is a ModelMistake.
No input, no screen and no model here.
"""

from agent_app.grounding.decide import Decision, ground

__all__ = ["Decision", "ground"]
