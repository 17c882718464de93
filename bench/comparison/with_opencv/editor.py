from see import click, press, wait, write

write("Hello")
click("file")
click("save_as")
wait("name")
press("ctrl+a")
write("notes.txt")
click("save")
wait("title")
