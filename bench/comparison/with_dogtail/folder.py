from dogtail import rawinput
from dogtail.tree import root

app = root.application("pcmanfm")
rawinput.typeText("letter")  # the icons tell neither a name nor a place: searched by the keyboard
rawinput.pressKey("Escape")
app.menu("Edit").click()
app.menuItem("Rename...").click()
dialog = app.dialog("Rename File")
dialog.child(roleName="text").text = "invoice.txt"
dialog.button("OK").click()
