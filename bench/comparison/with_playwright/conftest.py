"""The fixture that pytest-playwright gives, for the browser that is open already."""

import os

import pytest
from playwright.sync_api import sync_playwright


@pytest.fixture
def page():
    with sync_playwright() as playwright:
        browser = playwright.chromium.connect_over_cdp(os.environ["BROWSER"])
        yield browser.contexts[0].pages[0]
