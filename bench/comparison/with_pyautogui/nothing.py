import pyautogui
import see

assert see
assert pyautogui.screenshot()
