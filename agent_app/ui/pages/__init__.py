"""The window's pages beside the run and the episodes: the model, the doctor, the settings.

Each is a widget of its own that is made when it is first looked at. What they show is found out
elsewhere; nothing is computed here.
"""
