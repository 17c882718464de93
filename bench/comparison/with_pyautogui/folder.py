import pyautogui
from see import click, wait

click("letter", button="right")
click("rename")
wait("ok")
pyautogui.hotkey("ctrl", "a")
pyautogui.write("invoice.txt", interval=0.05)
click("ok")
wait("invoice")
