// The error summary takes the focus, on the page and after a swap; a hash can be copied, a page printed.
(() => {
  const focusSummary = (within) => {
    const summary = within.querySelector("[data-error-summary]");
    // The styleguide shows one as a sample.
    if (!summary || summary.closest("[data-sample]")) return;
    summary.focus();
    if (within === document) document.title = `${summary.dataset.errorSummary}: ${document.title}`;
  };

  const showCopyButtons = (within) => {
    if (!navigator.clipboard) return;
    for (const button of within.querySelectorAll("[data-copy]")) button.hidden = false;
  };

  const showPrintButtons = (within) => {
    for (const button of within.querySelectorAll("[data-print]")) button.hidden = false;
  };

  const ready = (within) => {
    focusSummary(within);
    showCopyButtons(within);
    showPrintButtons(within);
  };

  document.addEventListener("DOMContentLoaded", () => ready(document));
  document.addEventListener("htmx:afterSettle", (event) => ready(event.target));
  document.addEventListener("click", async (event) => {
    if (event.target.closest("[data-print]")) window.print();
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const detail = { text: button.dataset.copied, tone: "met" };
    document.dispatchEvent(new CustomEvent("toast", { detail }));
  });
})();
