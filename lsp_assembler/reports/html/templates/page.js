
"use strict";
const words = new URLSearchParams(location.search);
const search = document.getElementById("q");
const remember = () => {
  const text = words.toString();
  history.replaceState(null, "", (text ? `?${text}` : location.pathname.split("/").pop() || ".") + location.hash);
};
const keep = (name, value, without) => {
  if (value === without) words.delete(name);
  else words.set(name, value);
  try { remember(); } catch { /* some browsers do not allow it for files */ }
};
for (const row of document.querySelectorAll("tr[id] > th")) {
  const link = document.createElement("a");
  link.href = `#${encodeURIComponent(row.parentElement.id)}`;
  link.append(row.firstChild.textContent.trim());
  row.firstChild.replaceWith(link);
}
if (search) {
  const parts = [...document.querySelectorAll(".one")];
  const rows = parts.filter((part) => part.tagName === "TR");
  const texts = new Map(rows.map((row) => [row.querySelector("a").hash, row.textContent.toLowerCase()]));
  const text = (part) => texts.get(part.id ? `#${part.id}` : part.querySelector("a").hash) ?? part.textContent.toLowerCase();
  const count = document.getElementById("count");
  const shown = document.querySelector("fieldset");
  const show = () => {
    const wanted = search.value.toLowerCase().split(/\s+/);
    const kind = shown ? shown.querySelector(":checked").value : "all";
    for (const part of parts) {
      part.hidden = !(wanted.every((word) => text(part).includes(word)) && (kind === "all" || part.classList.contains(kind)));
    }
    count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
    keep("q", search.value, "");
    keep("show", kind, "all");
  };
  document.querySelector(".search").hidden = false;
  search.value = words.get("q") ?? "";
  const chosen = document.getElementById(`show-${words.get("show")}`);
  if (chosen) chosen.checked = true;
  search.form.addEventListener("input", show);
  search.form.addEventListener("submit", (event) => event.preventDefault());
  show();
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
}
const value = (row, column) => {
  const text = row.cells[column]?.textContent.trim() ?? "";
  const number = Number(text.replace(/[,+%\s]/g, ""));
  return text === "" || text === "\u2013" ? null : Number.isNaN(number) ? text : number;
};
const sort = (table, column, descending) => {
  const heads = table.tHead.rows[0].cells;
  const compare = (one, other) => {
    const [a, b] = [value(one, column), value(other, column)];
    if (a === null || b === null) return (a === null) - (b === null);
    const order = typeof a === typeof b && typeof a === "number" ? a - b : String(a).localeCompare(String(b), "en");
    return descending ? -order : order;
  };
  table.tBodies[0].append(...[...table.tBodies[0].rows].sort(compare));
  for (const head of heads) head.removeAttribute("aria-sort");
  heads[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
};
for (const head of document.querySelectorAll("thead th[scope]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
}
const first = document.querySelector("table");
const [, column, way] = /^(\d{1,2})\.(up|down)$/.exec(words.get("sort")) ?? [];
if (column && first && column < first.tHead.rows[0].cells.length) sort(first, Number(column), way === "down");
document.addEventListener("click", (event) => {
  const head = event.target.closest("thead th[scope]");
  if (!head) return;
  const table = head.closest("table");
  const now = head.getAttribute("aria-sort");
  const descending = now ? now === "ascending" : head.classList.contains("n");
  sort(table, head.cellIndex, descending);
  if (table === first) keep("sort", `${head.cellIndex}.${descending ? "down" : "up"}`, null);
});
