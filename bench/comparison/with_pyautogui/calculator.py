from see import click, wait

for key in "one", "two", "times", "three", "four", "equals":
    click(key, confidence=0.99)  # the first match counts, and 8 is like 3
wait("result")
