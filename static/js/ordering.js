// Steps to put in order: buttons move a step, the selects beside them hold the positions (and work without this).
(() => {
  const place = (step) => step.querySelector("select").selectedIndex;

  const selects = (list) => [...list.querySelectorAll("select")];

  // Every step gets the position in which it stands.
  const number = (list) => selects(list).forEach((select, index) => { select.selectedIndex = index + 1; });

  const twin = (list, chosen) => selects(list).find((select) =>
    select !== chosen && select.selectedIndex && select.selectedIndex === chosen.selectedIndex);

  // A position belongs to one step: as somebody leaves the one they chose for, whoever had it takes the one
  // that has become free. Not before: by keyboard a choice passes through the positions of others.
  const settle = (list, chosen) => {
    const other = twin(list, chosen);
    if (!other) return;
    other.selectedIndex = Number(chosen.dataset.was || 0);
    const name = other.closest("li").querySelector("label").textContent.trim();
    list.nextElementSibling.textContent = other.selectedIndex
      ? `${name}: ${list.dataset.moved} ${other.selectedIndex}` : `${name}: –`;
    chosen.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const move = (list, step, by) => {
    const steps = [...list.children];
    const target = steps[steps.indexOf(step) + by];
    if (!target) return;
    if (by < 0) target.before(step);
    else target.after(step);
    number(list);
    list.nextElementSibling.textContent =
      `${step.querySelector("label").textContent.trim()}: ${list.dataset.moved} ${place(step)}`;
    step.querySelector("select").dispatchEvent(new Event("change", { bubbles: true }));
  };

  const button = (list, step, by) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "button button-small order-move";
    made.textContent = by < 0 ? "↑" : "↓";
    made.setAttribute("aria-label", `${by < 0 ? list.dataset.up : list.dataset.down} ${step.querySelector("label").textContent.trim()}`);
    made.addEventListener("click", () => {
      move(list, step, by);
      made.focus();
    });
    return made;
  };

  const prepare = (list) => {
    if (list.dataset.ready) return;
    list.dataset.ready = "yes";
    for (const step of list.children) step.append(button(list, step, -1), button(list, step, 1));
    const said = Object.assign(document.createElement("span"), { className: "visually-hidden" });
    said.setAttribute("role", "status");
    list.after(said);
    list.addEventListener("focusin", (event) => {
      if (event.target.matches("select")) event.target.dataset.was = event.target.selectedIndex;
    });
    // What is not settled yet is not saved yet.
    list.addEventListener("change", (event) => { if (twin(list, event.target)) event.stopPropagation(); });
    list.addEventListener("focusout", (event) => { if (event.target.matches("select")) settle(list, event.target); });
  };

  const ready = (within) => within.querySelectorAll("[data-ordering]").forEach(prepare);
  document.addEventListener("DOMContentLoaded", () => ready(document));
  document.addEventListener("htmx:afterSettle", (event) => ready(event.target));
})();
