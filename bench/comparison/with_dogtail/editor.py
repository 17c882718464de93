from dogtail.tree import root

app = root.application("mousepad")
app.child(roleName="text").typeText("Hello")
app.menu("File").click()
app.menuItem("Save As.*").click()
dialog = app.child("Save As", roleName="file chooser")
dialog.child(roleName="text").text = "notes.txt"
dialog.button("Save").doActionNamed("click")
app.child(".*notes.txt.*", roleName="frame")
