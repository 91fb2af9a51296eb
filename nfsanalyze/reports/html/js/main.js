// Sets everything up, and lists the contents.
function startContents() {
  const links = [];
  const add = (id, title, number) => {
    if (byId(id) && !byId(id).hidden) links.push(el("a", { href: "#" + id }, title, number === null ? null : el("span", {}, number.toLocaleString("en-US"))));
  };
  add("timeline", "Timeline", null);
  add("findings", "Findings", data.findings.length);
  for (const table of data.tables) if (table.rows.length) add(table.id, table.title, table.rows.length);
  byId("contents").append(...links);
}

startTheme();
startTimeline();
startFindings();
startTables();
startContents();
startPrint();
