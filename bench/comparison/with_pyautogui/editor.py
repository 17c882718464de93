import pyautogui
from see import click, wait

pyautogui.write("Hello", interval=0.05)
click("file")
click("save_as")
wait("name")
pyautogui.hotkey("ctrl", "a")
pyautogui.write("notes.txt", interval=0.05)
click("save")
wait("title")
