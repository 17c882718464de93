from dogtail.tree import root

app = root.application("galculator")
for key in "1", "2", "*", "3", "4", "=":
    app.child(key, roleName="toggle button").click()
display = app.child(roleName="scroll pane").child(roleName="text")
assert "408" in display.text, display.text
