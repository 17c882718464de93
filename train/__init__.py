"""How the small Kimi-VL is made: screens and questions, the model in batches, training, judging.

Outside the package and never in its wheel. docs/small-model.md says what to run in which order.
"""
