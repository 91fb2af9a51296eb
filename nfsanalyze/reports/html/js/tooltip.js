// One tooltip for pointer and keyboard.
const tip = byId("tip");

function showTip(hit, x, y) {
  const seconds = hit.t;
  const where = [];
  if (hit.frame !== undefined && hit.frame !== null) where.push(frameText(hit.frame, hit.capture));
  if (seconds !== undefined) where.push(clockTime(seconds), elapsed(seconds));
  const found = hit.findings || [];
  const cites = found.slice(0, 3).map((number) => data.findings[number].rule + " " + data.findings[number].title);
  if (found.length > 3) cites.push("and " + (found.length - 3) + " more");
  tip.replaceChildren(
    el("b", {}, hit.title),
    ...(where.length ? [el("span", { className: "when" }, where.join("  "))] : []),
    ...(hit.lines || []).map((line) => el("div", {}, line)),
    ...cites.map((line) => el("span", { className: "cites" }, line)),
  );
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const left = x + 14 + box.width > innerWidth - 8 ? x - 14 - box.width : x + 14;
  const top = y + 16 + box.height > innerHeight - 8 ? y - 12 - box.height : y + 16;
  tip.style.left = Math.max(8, left) + "px";
  tip.style.top = Math.max(8, top) + "px";
}

function hideTip() {
  tip.hidden = true;
}

function tipText(hit) {
  return [hit.title, hit.frame ? frameText(hit.frame, hit.capture) : "", hit.t === undefined ? "" : clockTime(hit.t), ...(hit.lines || [])].filter(Boolean).join("; ");
}
