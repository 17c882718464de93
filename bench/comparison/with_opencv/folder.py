from see import click, press, wait, write

click("letter", button=3)
click("rename")
wait("ok")
press("ctrl+a")
write("invoice.txt")
click("ok")
wait("invoice")
