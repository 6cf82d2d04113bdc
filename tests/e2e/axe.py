"""axe on a page of a running stack."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# Only what is asked for comes back: the whole result is as large as the page.
RUN = "options => axe.run(options).then(found => found.violations)"


def violations(page: Page) -> list[str]:
    """Rule and place of each."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    return [
        f"{each['id']}: {node['target']} {node['html'][:120]}"
        for each in page.evaluate(RUN, {"resultTypes": ["violations"]})
        for node in each["nodes"]
    ]
