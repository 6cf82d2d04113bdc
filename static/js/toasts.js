// Announces what happened after a fragment was swapped: HX-Trigger: {"toast": {"text": "Saved", "tone": "met"}}.
(() => {
  const STAYS_MS = 8000;
  const region = () => document.getElementById("toasts");

  const close = (toast) => toast.remove();

  const show = ({ text, tone = "met" }) => {
    const toast = document.getElementById("toast").content.firstElementChild.cloneNode(true);
    toast.classList.replace("tone-info", `tone-${tone}`);
    const icon = toast.querySelector("use");
    icon.setAttribute("href", icon.getAttribute("href").replace("#state-info", `#state-${tone}`));
    toast.querySelector("[data-toast-text]").textContent = text;
    region().append(toast);
    // Faults stay until they are closed; the rest leaves, unless somebody is looking at it.
    if (tone === "not-met") return;
    const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, STAYS_MS) : close(toast));
    setTimeout(leave, STAYS_MS);
  };

  document.addEventListener("toast", (event) => show(event.detail));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-toast-close]");
    if (button) close(button.closest(".toast"));
  });
  // An expired session answers with the sign-in page, which belongs in no fragment.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { responseURL } = event.detail.xhr;
    if (!responseURL || new URL(responseURL).pathname !== region().dataset.signIn) return;
    event.detail.shouldSwap = false;
    show({ text: region().dataset.signedOut, tone: "not-met" });
  });
  document.addEventListener("htmx:sendError", () => show({ text: region().dataset.offline, tone: "not-met" }));
  document.addEventListener("htmx:responseError", (event) => {
    // 409 and 422 carry their own words in the fragment or in a toast.
    if (![409, 422].includes(event.detail.xhr.status)) show({ text: region().dataset.failed, tone: "not-met" });
  });
})();
