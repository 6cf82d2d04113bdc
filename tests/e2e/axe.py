"""axe on a page of a running stack."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

COLOURS = ["color-contrast", "link-in-text-block"]
# Only what is asked for comes back: the whole result is as large as the page.
RUN = "options => axe.run(options).then(found => found.violations)"


def violations(page: Page, theme: str) -> list[str]:
    """Rule and place of each. Between the themes nothing differs but colours."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if theme == "dark":
        options["runOnly"] = COLOURS
    return [
        f"{each['id']}: {node['target']} {node['html'][:120]}"
        for each in page.evaluate(RUN, options)
        for node in each["nodes"]
    ]
