import pyautogui
from see import click, wait

pyautogui.hotkey("ctrl", "down")
pyautogui.press("down")
click("function")
click("sum")
pyautogui.press("enter")
wait("result")
click("save")
