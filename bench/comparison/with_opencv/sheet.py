from see import click, press, wait

press("ctrl+Down")
press("Down")
click("function")
click("sum")
press("Return")
wait("result")
click("save")
