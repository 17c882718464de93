"""A page in Chromium with faults that can be switched on; all of it is read from the screen."""

from __future__ import annotations

from PIL import Image, ImageDraw

from agent_app.testing import Application, Desktop, expect


def seal() -> Image.Image:
    """What the shop's seal looks like, without the page's background in its corners."""
    image = Image.new("RGB", (256, 256), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((12, 12, 244, 244), fill="#186a3b")
    draw.line(((68, 132), (112, 180), (192, 76)), fill="white", width=28)
    return image.resize((64, 64), Image.Resampling.LANCZOS).crop((12, 12, 52, 52))


def test_prices_are_in_euros(shop: Application) -> None:
    expect(shop.find("Darjeeling, €12.00")).to_be_visible()


def test_the_basket_adds_up(shop: Application) -> None:
    shop.find("Add Assam").click()
    shop.find("Add Sencha").click()
    expect(shop.find("Basket:")).to_have_text("Basket: 2 items, €16.75")


def test_searching_leaves_only_what_matches(desktop: Desktop, shop: Application) -> None:
    shop.find("Search").click()
    desktop.type("sen")
    expect(shop.find("Add Assam")).to_be_hidden()
    expect(shop.find("Add Sencha")).to_be_visible()


def test_a_voucher_takes_a_tenth_off(desktop: Desktop, shop: Application) -> None:
    shop.find("Add Darjeeling").click()
    shop.find("Voucher").click()
    desktop.type("LEAF10")
    shop.find("Redeem").click()
    expect(shop.find("Basket:")).to_have_text("Basket: 1 items, €10.80")


def test_a_wrong_voucher_is_refused(desktop: Desktop, shop: Application) -> None:
    shop.find("Voucher").click()
    desktop.type("WRONG")
    shop.find("Redeem").click()
    desktop.assert_seen("Unknown voucher", last=10)


def test_an_order_is_thanked_for(desktop: Desktop, shop: Application) -> None:
    shop.find("Add Assam").click()
    shop.find("I accept the terms").click()
    shop.find("Place order").click()
    expect(shop.find("Basket: 0 items")).to_be_visible()
    desktop.assert_seen("Thank you for your order", last=10)


def test_the_banner_goes_when_it_is_answered(shop: Application) -> None:
    shop.find("Fine by me").click()
    expect(shop.find("We use no cookies.")).to_be_hidden()


def test_the_seal_is_shown(shop: Application) -> None:
    expect(shop.find(picture=seal())).to_be_visible()


def test_the_imprint_is_below(shop: Application) -> None:
    shop.find("Fine by me").click()
    imprint = shop.find("Leaf and Kettle Ltd")
    expect(imprint).to_be_hidden()
    imprint.scroll_into_view()
    expect(imprint).to_be_visible()
