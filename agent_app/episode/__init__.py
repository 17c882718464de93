"""Episodes: every run as a folder that can be watched, found again, shared and taken apart.

`format` and `pictures` are the format, `recorder` writes it, `reader` opens it, `library` finds it
again, `contact_sheet` draws it as one picture. Nothing here decides, acts or shows a window.
"""
