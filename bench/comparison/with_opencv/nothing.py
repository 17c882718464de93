import see
from PIL import ImageGrab

assert see
assert ImageGrab.grab()
