// Runs before the first paint: the person's own choice of theme wins over the system's.
(() => {
  const KEY = "theme";
  const root = document.documentElement;

  const stored = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // Storage is off: the choice lasts for this page.
    }
  };

  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  const apply = (theme) => {
    if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  };

  const show = () => {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.hidden = false;
      button.setAttribute("aria-pressed", String(isDark()));
    }
  };

  apply(stored());
  document.addEventListener("DOMContentLoaded", show);
  addEventListener("storage", (event) => {
    if (event.key !== KEY) return;
    apply(event.newValue);
    show();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const theme = isDark() ? "light" : "dark";
    apply(theme);
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Storage is off: nothing to keep.
    }
    show();
  });
})();
