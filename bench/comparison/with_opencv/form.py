from see import click, press, wait, write

wait("name")
write("Zoë Müller")
press("Tab")
write("Köln")
press("Tab")
write("Ada & Co")
click("ok")
