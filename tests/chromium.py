"""How the tests start Debian's Chromium: headless as root, silent towards the network, and with patience."""

from playwright.sync_api import expect

# A machine that is busy with other tests is no fault of a page.
expect.set_options(timeout=15_000)

CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
