from agent_app.testing import expect


def test_saves_under_a_name(desktop):
    desktop.type("Hello")
    desktop.find("File").click()
    desktop.find("Save As…").click()
    desktop.find("Name", role="text").fill("notes.txt")
    desktop.find("Save", role="button").click()
    expect(desktop.find("notes.txt", window="title")).to_be_visible()
