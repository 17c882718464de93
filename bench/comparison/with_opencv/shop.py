from see import click, wait, write

click("cookies")
click("assam")
click("darjeeling")
click("voucher")
write("LEAF10")
click("redeem")
wait("basket")
click("terms")
click("order")
wait("thanks")
