from agent_app.testing import expect


def test_orders(desktop):
    desktop.find("Fine by me").click()
    desktop.find("Add Assam").click()
    desktop.find("Add Darjeeling").click()
    desktop.find("Voucher", role="field").fill("LEAF10")
    desktop.find("Redeem").click()
    expect(desktop.find("Basket:")).to_have_text("Basket: 2 items, €17.55")
    desktop.find("I accept the terms").click()
    desktop.find("Place order").click()
    desktop.assert_seen("Thank you for your order", last=5)
