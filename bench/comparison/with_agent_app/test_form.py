from agent_app.testing import expect


def test_answers_with_its_fields(desktop):
    desktop.find(role="field").right_of("Name").fill("Zoë Müller")
    desktop.find(role="field").right_of("City").fill("Köln")
    desktop.find(role="field").right_of("Company").fill("Ada & Co")
    desktop.find("OK", role="button").click()
    expect(desktop.window("zenity")).to_be_hidden()
