from agent_app.testing import expect


def test_renames_a_file(desktop):
    desktop.find("letter.txt").right_click()
    desktop.find("Rename...").click()
    expect(desktop.window("Rename File")).to_be_visible()
    desktop.press("ctrl+a")
    desktop.type("invoice.txt")
    desktop.find("OK", role="button").click()
    expect(desktop.find("invoice.txt")).to_be_visible()
