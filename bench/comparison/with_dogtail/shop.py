from dogtail.tree import root

page = root.application("Chromium").child("Tea shop", roleName="document web")
page.button("Fine by me").click()
page.button("Add Assam").click()
page.button("Add Darjeeling").click()
page.child("Voucher", roleName="entry").typeText("LEAF10")
page.button("Redeem").click()
page.child("Basket: 2 items, €17.55")
page.child("I accept the terms", roleName="check box").click()
page.button("Place order").click()
page.child("Thank you for your order")
