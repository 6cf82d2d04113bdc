// Steps to put in order: buttons move a step, the selects beside them hold the positions (and work without this).
(() => {
  const place = (step) => step.querySelector("select").selectedIndex;

  const selects = (list) => [...list.querySelectorAll("select")];

  // What each select holds now, so that a later change knows what it replaced.
  const remember = (list) => selects(list).forEach((select) => { select.dataset.was = select.selectedIndex; });

  // Every step gets the position in which it stands.
  const number = (list) => {
    selects(list).forEach((select, index) => { select.selectedIndex = index + 1; });
    remember(list);
  };

  // A position belongs to one step: whoever had it takes the one that has become free.
  const swap = (list, changed) => {
    const other = selects(list).find((select) => select !== changed && select.selectedIndex
      && select.selectedIndex === changed.selectedIndex);
    if (other) {
      other.selectedIndex = Number(changed.dataset.was || 0);
      const step = other.closest("li");
      list.nextElementSibling.textContent = other.selectedIndex
        ? `${step.querySelector("label").textContent.trim()}: ${list.dataset.moved} ${place(step)}`
        : `${step.querySelector("label").textContent.trim()}: –`;
    }
    remember(list);
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
    remember(list);
    list.addEventListener("change", (event) => swap(list, event.target));
  };

  const ready = (within) => within.querySelectorAll("[data-ordering]").forEach(prepare);
  document.addEventListener("DOMContentLoaded", () => ready(document));
  document.addEventListener("htmx:afterSettle", (event) => ready(event.target));
})();
