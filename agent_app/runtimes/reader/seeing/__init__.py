"""What is on the screen and where: OCR, accessibility tree and windows, merged into a `Sight`.

Nothing here decides what to do with it.
"""
