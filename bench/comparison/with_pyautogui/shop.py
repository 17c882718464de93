import pyautogui
from see import click, wait

click("cookies")
click("assam")
click("darjeeling")
click("voucher")
pyautogui.write("LEAF10", interval=0.05)
click("redeem")
wait("basket")
click("terms")
click("order")
wait("thanks")
