"""Kimi-VL in this process: checkpoint, tokenizer, images, model, generation.

Imports nothing of the desktop, so that it runs on a bare GPU machine with torch alone. The modules
are our own and keep the checkpoint's names and layout; docs/kimi-vl.md says why.
"""
