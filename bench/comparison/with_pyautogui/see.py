import pyautogui


def wait(name, confidence=0.9):
    return pyautogui.locateCenterOnScreen(f"{name}.png", minSearchTime=5, confidence=confidence)


def click(name, button="left", confidence=0.9):
    pyautogui.click(wait(name, confidence), button=button)
