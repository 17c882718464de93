from dogtail import rawinput
from dogtail.tree import root

app = root.application("soffice")
sheet = app.child("Sheet Budget", roleName="table")
rawinput.keyCombo("<Control>Down")
rawinput.pressKey("Down")
rawinput.typeText("=SUM(A1:A3)\n")  # a search for the toolbar's button walks all cells first
result = sheet.queryTable().getAccessibleAt(3, 0)
assert result.text == "1234", result.text
app.menu("File").click()
app.menuItem("Save").click()
