from agent_app.testing import expect


def test_multiplies(desktop):
    for key in "1", "2", "*", "3", "4", "=":
        desktop.find(key, role="button", exact=True).click()
    expect(desktop.find(role="field")).to_contain_text("408")
