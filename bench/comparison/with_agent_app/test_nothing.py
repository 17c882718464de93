def test_nothing(desktop):
    assert desktop.windows
