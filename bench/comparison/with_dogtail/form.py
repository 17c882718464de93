from dogtail.predicate import GenericPredicate
from dogtail.tree import root

app = root.application("zenity")
company, city, name = app.findChildren(GenericPredicate(roleName="text"))
name.text = "Zoë Müller"
city.text = "Köln"
company.text = "Ada & Co"
app.button("OK").click()
