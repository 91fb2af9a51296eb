// The switch of colours; "auto" leaves it to the system.
function startTheme() {
  const buttons = [...byId("theme").querySelectorAll("button")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const theme = button.dataset.theme;
      if (theme === "auto") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = theme;
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
    });
  }
}
