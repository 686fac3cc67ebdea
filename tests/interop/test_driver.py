"""The driver of the browsers outlives a test that fails."""

from harness.browsers import Page

WAIT = "() => new Promise((resolve) => (window.proceed = resolve))"


def test_a_browser_replies_to_further_requests_after_one_that_nobody_waits_for(chromium_page: Page) -> None:
    waiting = chromium_page.browser.begin("evaluate", page=chromium_page.number, source=WAIT, values=[])

    waiting.cancel()
    chromium_page.evaluate("() => proceed()")

    assert chromium_page.evaluate("() => 7") == 7
