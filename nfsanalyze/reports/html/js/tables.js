// Tables with a filter box and columns that sort; long ones are drawn as far as they are read.
const RIGHT = new Set(["number", "count", "seconds", "frame"]);
const MONO = new Set(["code", "time", "frame"]);
const sheets = [];

function cellText(value, kind) {
  if (value === null || value === undefined || value === "") return "";
  if (kind === "time") return clockTime(value, 3);
  if (kind === "seconds") return value.toFixed(3) + " s";
  if (kind === "count") return value.toLocaleString("en-US");
  if (kind === "client") return who(value);
  return String(value);
}

function cell(value, kind) {
  const words = cellText(value, kind);
  if (words === "") return el("td", { className: "none " + (RIGHT.has(kind) ? "right" : "") }, "\u2013");
  const short = words.length <= 40 ? " short" : "";
  return el("td", { className: (RIGHT.has(kind) ? "right " : "") + (MONO.has(kind) ? "mono" : "") + (kind === "text" && words.length > 16 ? "" : short) }, words);
}

function startTables() {
  for (const table of data.tables) {
    const section = el("section", { className: "panel", id: table.id });
    const count = el("span", { className: "count" });
    section.append(el("div", { className: "bar" }, el("h2", {}, table.title), count));
    byId("tables").append(section);
    if (table.rows.length) fillTable(section, table, count);
    else section.append(el("p", { className: "nothing" }, table.empty));
  }
}

function fillTable(section, table, count) {
  const { columns } = table;
  // made when somebody filters: of thousands of rows it takes a moment
  let texts = null;
  const textsOf = () => (texts = texts || table.rows.map((row) => row.map((value, at) => cellText(value, columns[at].kind)).join(" ").toLowerCase()));
  const order = table.rows.map((_, index) => index);
  const body = el("tbody");
  const list = pagedList(body, (index) => el("tr", {}, ...table.rows[index].map((value, at) => cell(value, columns[at].kind))), 60, ["row", "rows"]);
  const input = el("input", { type: "search", id: "filter-" + table.id, placeholder: "Filter", ariaLabel: "Filter " + table.title });
  const state = { column: -1, down: false };

  function show() {
    const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const shown = words.length ? order.filter((index) => words.every((word) => textsOf()[index].includes(word))) : [...order];
    if (state.column >= 0) shown.sort((one, other) => compare(table.rows[one][state.column], table.rows[other][state.column], state.down) || one - other);
    list.show(shown);
    const all = table.rows.length.toLocaleString("en-US");
    count.textContent = shown.length === table.rows.length ? all : `${shown.length.toLocaleString("en-US")} of ${all}`;
  }

  const heads = columns.map((column, at) => {
    const button = el("button", { type: "button" }, column.title);
    const head = el("th", { className: RIGHT.has(column.kind) ? "right" : "", scope: "col" }, button);
    button.addEventListener("click", () => {
      state.down = state.column === at ? !state.down : false;
      state.column = at;
      for (const each of heads) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      show();
    });
    return head;
  });
  input.addEventListener("input", later(120, show));
  if (table.rows.length > 3) section.querySelector(".bar").append(el("span", { className: "gap" }), input);
  section.append(el("div", { className: "sheet" }, el("table", {}, el("thead", {}, el("tr", {}, ...heads)), body)), list.more);
  sheets.push(list);
  show();
}

// Empty cells last, whichever way; addresses by their numbers.
function compare(one, other, down) {
  const none = (value) => value === null || value === undefined || value === "";
  if (none(one) || none(other)) return none(one) - none(other);
  const order = typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other), "en", { numeric: true });
  return down ? -order : order;
}
