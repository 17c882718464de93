from agent_app.testing import expect


def test_sums_a_column(desktop):
    desktop.press("ctrl+down", "down")
    desktop.find("Select Function", role="button").click()
    desktop.find("Sum", exact=True).click()
    desktop.press("enter")
    expect(desktop.find("1234", exact=True)).to_be_visible()
    desktop.find("Save", role="button", exact=True).click()
