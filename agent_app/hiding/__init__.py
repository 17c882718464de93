"""What keeps a secret off every picture while it shows, and out of everything that is told.

The focus and the fields of applications, where they lay when a picture was taken, and what is
painted over; `Secrecy` is all of it for one desktop. Where secrets are stored is not here.
"""
