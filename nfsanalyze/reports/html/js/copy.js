// Copies text; pages opened as files may lack the clipboard, and then a selection does.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el("textarea", { value: text, className: "sr" });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

function copyButton(text, label) {
  const button = el("button", { type: "button", className: "plain copy" }, label);
  button.addEventListener("click", async () => {
    button.textContent = (await copyText(text)) ? "Copied" : "Select it and copy";
    setTimeout(() => (button.textContent = label), 1600);
  });
  return button;
}
