// The resource tree of the CSE with latest values; a value that changes lights up.

import { load } from "./api.js";
import { $, make } from "./dom.js";
import { showFloors } from "./floors.js";
import { quantity } from "./format.js";

const KINDS = { 1: "policy", 2: "AE", 3: "container", 5: "CSEBase", 9: "group", 16: "remote CSE", 23: "subscription" };
const REFRESH_MS = 30_000;
const FLOORS_MS = 5_000;
// What became of commands: there for who opens it.
const SHUT = "cmd";
const rows = new Map();
// Branches that are not as they are at first.
const toggled = new Set();
let timer;

export async function loadTree() {
  clearTimeout(timer);
  timer = setTimeout(loadTree, REFRESH_MS);
  try {
    const root = await load("/api/tree");
    if (showFloors(root)) {
      clearTimeout(timer);
      timer = setTimeout(loadTree, FLOORS_MS);
    }
    const before = new Map([...rows].map(([path, row]) => [path, row.dataset.time]));
    rows.clear();
    const list = make("ul");
    list.append(node(root));
    const focused = document.activeElement?.dataset?.path;
    const scrolled = $("tree").scrollTop;
    $("tree").replaceChildren(list);
    $("tree").scrollTop = scrolled;
    for (const [path, row] of rows) if (before.has(path) && before.get(path) !== row.dataset.time) flash(row);
    if (focused !== undefined) $("tree").querySelector(`summary[data-path="${CSS.escape(focused)}"]`)?.focus();
    $("tree-empty").hidden = true;
  } catch (error) {
    clearTimeout(timer);
    timer = setTimeout(loadTree, 5000);
    if (!rows.size) $("tree-empty").textContent = `The tree cannot be shown: ${error.message}`;
  }
}

// A new value; a container that is not known yet makes the tree load again soon.
export function changeResource({ path, value, time }) {
  const row = rows.get(path);
  if (!row) {
    clearTimeout(timer);
    timer = setTimeout(loadTree, 2000);
    return;
  }
  showLatest(row, { value, time });
  flash(row);
}

function flash(row) {
  row.classList.remove("flash");
  void row.offsetWidth; // restarts the animation
  row.classList.add("flash");
}

function node(resource) {
  const item = make("li");
  const inner = resource.children.length > 0;
  const row = make(inner ? "summary" : "div", "row");
  row.dataset.path = resource.path;
  row.append(make("span", "name", resource.name), make("span", "kind", KINDS[resource.type] ?? `type ${resource.type}`), make("span", "latest"));
  rows.set(resource.path, row);
  if (resource.latest) showLatest(row, resource.latest);
  item.append(inner ? branch(resource, row) : row);
  return item;
}

function branch(resource, row) {
  const details = make("details");
  const shut = resource.name === SHUT;
  details.open = shut === toggled.has(resource.path);
  details.addEventListener("toggle", () => (details.open === shut ? toggled.add(resource.path) : toggled.delete(resource.path)));
  const list = make("ul");
  list.append(...resource.children.map(node));
  details.append(row, list);
  return details;
}

function showLatest(row, { value, time }) {
  const latest = row.querySelector(".latest");
  row.dataset.time = time;
  latest.textContent = brief(value);
  latest.title = `${typeof value === "string" ? value : JSON.stringify(value)}${time ? `\ncreated ${time}` : ""}`;
}

function brief(value) {
  if (value === null || typeof value !== "object") return String(value);
  if (typeof value.value === "number") return quantity(value.value, value.unit ?? "");
  if (typeof value.value === "boolean") return value.value ? "on" : "off";
  return value.state ?? value.status ?? JSON.stringify(value);
}
