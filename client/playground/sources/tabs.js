// Tabs, by mouse and by the arrow keys.

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

/**
 * Make the tabs of a list work.
 *
 * @param {HTMLElement} list the element with the role tablist
 * @param {(name: string) => void} shown called with the name of the tab that is shown
 */
export function makeTabs(list, shown) {
  const tabs = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[role=tab]")]);
  const panel = (/** @type {HTMLElement} */ tab) => document.getElementById(tab.getAttribute("aria-controls") ?? "");

  /** @param {HTMLElement} chosen */
  function show(chosen) {
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      const found = panel(tab);
      if (found) found.hidden = tab !== chosen;
    }
    shown(chosen.dataset.name ?? "");
  }

  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener("click", () => show(tab));
    tab.addEventListener("keydown", (event) => {
      const step = STEPS[/** @type {"ArrowLeft" | "ArrowRight"} */ (event.key)];
      const last = tabs.length - 1;
      const next = event.key === "Home" ? 0 : event.key === "End" ? last : step ? (index + step + tabs.length) % tabs.length : null;
      if (next === null) return;
      event.preventDefault();
      show(tabs[next]);
      tabs[next].focus();
    });
  }
  return {
    /** @param {string} name */
    show: (name) => tabs.filter((tab) => tab.dataset.name === name).forEach(show),
    current: () => tabs.find((tab) => tab.getAttribute("aria-selected") === "true")?.dataset.name,
  };
}
