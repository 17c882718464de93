def test_nothing(page):
    assert page.title()
