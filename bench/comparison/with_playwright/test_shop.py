from playwright.sync_api import expect


def test_orders(page):
    page.get_by_role("button", name="Fine by me").click()
    page.get_by_role("button", name="Add Assam").click()
    page.get_by_role("button", name="Add Darjeeling").click()
    page.get_by_label("Voucher").fill("LEAF10")
    page.get_by_role("button", name="Redeem").click()
    expect(page.get_by_text("Basket: 2 items, €17.55")).to_be_visible()
    page.get_by_label("I accept the terms").check()
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_text("Thank you for your order")).to_be_visible()
