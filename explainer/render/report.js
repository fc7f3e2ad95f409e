"use strict";
const said = document.getElementById("said");
function number(text) {
  const value = Number(text.replaceAll(",", ""));
  return text === "-" || text === "" ? -Infinity : value;
}
function sort(header) {
  const table = header.closest("table"), place = header.cellIndex, body = table.tBodies[0];
  const numeric = header.classList.contains("n");
  const next = header.ariaSort === (numeric ? "descending" : "ascending") ? (numeric ? "ascending" : "descending") : (numeric ? "descending" : "ascending");
  for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", next);
  const way = next === "ascending" ? 1 : -1;
  const key = row => row.cells[place].textContent;
  const rows = [...body.rows].map(row => [key(row), row]);
  rows.sort(([a], [b]) => way * (numeric ? (number(a) === number(b) ? 0 : number(a) - number(b)) : a < b ? -1 : a > b ? 1 : 0));
  body.append(...rows.map(([, row]) => row));
  said.textContent = "Sorted by " + header.textContent + ", " + next;
}
function search(input) {
  const wanted = input.value.toLowerCase();
  let shown = 0;
  for (const row of document.getElementById(input.dataset.table).tBodies[0].rows) {
    row.hidden = !row.textContent.toLowerCase().includes(wanted);
    shown += !row.hidden;
  }
  said.textContent = shown + " rows";
}
async function copy(button) {
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    button.after(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.textContent = "Copied";
  button.classList.add("done");
  said.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; button.classList.remove("done"); }, 1500);
}
function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.tagName === "DETAILS") {
    target.open = true;
    target.scrollIntoView({ block: "nearest" });
  }
}
document.addEventListener("click", event => {
  const button = event.target.closest("button");
  if (button && button.closest("thead")) sort(button.closest("th"));
  else if (button && button.dataset.copy !== undefined) copy(button);
  else if (event.target.closest("a[href^='#']")) setTimeout(open);
});
document.addEventListener("input", event => { if (event.target.dataset.table) search(event.target); });
window.addEventListener("hashchange", open);
let closed = [];
window.addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  for (const one of closed) one.open = true;
});
window.addEventListener("afterprint", () => { for (const one of closed) one.open = false; });
open();
