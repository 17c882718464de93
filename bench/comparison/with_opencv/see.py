import subprocess
import time

import cv2
import numpy as np
from PIL import ImageGrab


def wait(name, similarity=0.7, timeout=5):
    template = cv2.imread(f"{name}.png")
    height, width = template.shape[:2]
    deadline = time.monotonic() + timeout
    while True:
        screen = cv2.cvtColor(np.array(ImageGrab.grab()), cv2.COLOR_RGB2BGR)
        scores = cv2.matchTemplate(screen, template, cv2.TM_CCOEFF_NORMED)
        _, best, _, (left, top) = cv2.minMaxLoc(scores)
        if best >= similarity:
            return left + width // 2, top + height // 2
        if time.monotonic() > deadline:
            raise TimeoutError(f"{name} not found, best match {best:.2f}")
        time.sleep(0.1)


def click(name, button=1):
    x, y = wait(name)
    xdotool("mousemove", x, y, "click", button)


def write(text):
    xdotool("type", "--delay", 50, text)


def press(*keys):
    xdotool("key", *keys)


def xdotool(*words):
    subprocess.run(["xdotool", *map(str, words)], check=True)
