"""The embedded default: reads the screen's text and follows step-by-step instructions.

The eyes (`eyes`, `ocr`, `accessibility`, `windows`) say what can be read and where; nothing here
decides what to do with it, sends input or loads a language model.
"""
