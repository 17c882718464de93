from see import click, wait

for key in "one", "two", "times", "three", "four", "equals":
    click(key)
wait("result")
