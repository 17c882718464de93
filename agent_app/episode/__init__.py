"""Episodes: every run as a folder that can be watched, shared and taken apart again.

`format` is the format, `recorder` writes it, `reader` opens it, `contact_sheet` draws it as one
picture. Nothing here decides, acts or shows a window.
"""
