import pyautogui
import pyperclip
from see import click, wait


def fill(text):  # write() leaves out what is not on the keyboard
    pyperclip.copy(text)
    pyautogui.sleep(0.5)
    pyautogui.hotkey("ctrl", "v")
    pyautogui.press("tab")


wait("name")
fill("Zoë Müller")
fill("Köln")
fill("Ada & Co")
click("ok")
