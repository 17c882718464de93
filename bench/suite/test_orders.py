"""An order book of our own, in Qt 6: its faults can be switched on, and each must be caught here.

Which fault belongs to which test is told in defects.py.
"""

from __future__ import annotations

from agent_app.testing import Application, Desktop, expect


def add(orders: Application, customer: str) -> None:
    orders.find("Customer", role="field").fill(customer)
    orders.find("Add order", role="button").click()


def test_an_order_is_listed(orders: Application) -> None:
    add(orders, "Ada")
    expect(orders.find("Ada: 1 pieces, Standard", exact=True)).to_be_visible()


def test_each_order_is_listed_once(orders: Application) -> None:
    add(orders, "Grace")
    expect(orders.find("Grace: 1 pieces")).to_have_count(1)


def test_orders_keep_their_order(orders: Application) -> None:
    add(orders, "First")
    add(orders, "Second")
    expect(orders.find("Second: 1 pieces").below("First: 1 pieces")).to_be_visible()


def test_a_long_name_is_kept_whole(orders: Application) -> None:
    name = orders.find("Customer", role="field")
    name.fill("Wilhelmina Featherstone")
    expect(name).to_have_text("Wilhelmina Featherstone")


def test_the_total_is_quantity_times_price(orders: Application) -> None:
    orders.find("Quantity", role="field").fill("4")
    orders.find("Unit price", role="field").fill("2.50")
    expect(orders.find("Total:")).to_have_text("Total: 10.00")


def test_an_order_is_removed(orders: Application) -> None:
    add(orders, "Ada")
    orders.find("Ada: 1 pieces").click()
    orders.find("Remove", role="button").click()
    expect(orders.find("Ada: 1 pieces")).to_be_hidden()
    expect(orders.find("Orders (0)", window="title")).to_be_visible()


def test_tab_goes_from_field_to_field(desktop: Desktop, orders: Application) -> None:
    orders.find("Customer", role="field").click()
    desktop.type("Ada\t7\t3")
    expect(orders.find("Quantity", role="field")).to_have_text("7")
    expect(orders.find("Unit price", role="field")).to_have_text("3")


def test_gift_wrap_is_asked_for(orders: Application) -> None:
    gift = orders.find("Gift wrap", role="checkbox")
    expect(gift).not_.to_be_checked()
    gift.check()
    add(orders, "Ada")
    expect(orders.find("Ada: 1 pieces, Standard, gift", exact=True)).to_be_visible()


def test_express_can_be_chosen(orders: Application) -> None:
    orders.find(role="combo box").select("Express")
    add(orders, "Ada")
    expect(orders.find("Ada: 1 pieces, Express", exact=True)).to_be_visible()


def test_the_fields_are_cleared(orders: Application) -> None:
    orders.find("Customer", role="field").fill("Ada")
    orders.find("Clear", role="button").click()
    expect(orders.find("Customer", role="field")).to_have_text("")


def test_the_fields_are_cleared_by_a_key(desktop: Desktop, orders: Application) -> None:
    orders.find("Customer", role="field").fill("Ada")
    desktop.press("ctrl+l")
    expect(orders.find("Customer", role="field")).to_have_text("")


def test_saving_is_possible_once_there_is_an_order(orders: Application) -> None:
    expect(orders.find("Save", role="button")).to_be_disabled()
    add(orders, "Ada")
    expect(orders.find("Save", role="button")).to_be_enabled()


def test_an_unsaved_order_is_marked_in_the_title(orders: Application) -> None:
    add(orders, "Ada")
    expect(orders.find("*Orders (1)", window="title")).to_be_visible()


def test_a_note_tells_how_many_were_saved(desktop: Desktop, orders: Application) -> None:
    add(orders, "Ada")
    add(orders, "Grace")
    orders.find("Save", role="button").click()
    expect(orders.find("Save", role="button")).to_be_disabled()
    desktop.assert_seen("Saved 2 orders", last=10)


def test_saved_orders_are_in_the_file(desktop: Desktop, orders: Application) -> None:
    add(orders, "Ada")
    orders.find("Save", role="button").click()
    expect(orders.find("Save", role="button")).to_be_disabled()
    saved = desktop.home / "orders.txt"
    assert saved.exists(), "no orders.txt was written"
    assert saved.read_text() == "Ada: 1 pieces, Standard\n"


def test_no_error_shows_while_an_order_is_added(desktop: Desktop, orders: Application) -> None:
    add(orders, "Ada")
    expect(orders.find("Ada: 1 pieces")).to_be_visible()
    desktop.never_seen("error", last=10)


def test_the_about_dialog_closes(desktop: Desktop, orders: Application) -> None:
    orders.find("About", role="button").click()
    about = desktop.window("About Orders")
    expect(about.find("Orders, version 2.1")).to_be_visible()
    about.find("Understood").click()
    expect(about).to_be_hidden()
