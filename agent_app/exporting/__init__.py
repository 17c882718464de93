"""An episode in the formats of others: one file each, found by name in `formats`.

Exports read an opened episode and write one new file or folder; nothing here records, decides or
acts.
"""
