from dogtail.tree import root
from dogtail.utils import doDelay

app = root.application("mousepad")
app.child(roleName="text").typeText("Hello")
app.menu("File").click()
app.menuItem("Save As.*").click()
dialog = app.child("Save As", roleName="file chooser")
dialog.child(roleName="text").text = "notes.txt"
doDelay(1)  # the dialog looks at the name first
dialog.button("Save").doActionNamed("click")
app.child(".*notes.txt.*", roleName="frame")
