from dogtail.tree import root

assert root.applications()
