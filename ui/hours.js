// Energy by hour: today before yesterday; a table says the same in words.

import { $, make } from "./dom.js";
import { kwh, number } from "./format.js";

let rows = [];
let chosen = -1;

export function showHours(hours) {
  rows = hours;
  const known = hours.some((row) => row.today != null || row.yesterday != null);
  $("hours-empty").hidden = known;
  $("hours").hidden = !known;
  if (!known) return;
  const top = ceiling(Math.max(...hours.flatMap((row) => [row.today ?? 0, row.yesterday ?? 0])));
  if ($("hours").querySelectorAll(".bar-hour").length !== hours.length) build(hours);
  scale(top);
  const open = hours.findLastIndex((row) => row.today != null);
  $("hours").querySelectorAll(".bar-hour").forEach((bar, index) => {
    bar.classList.toggle("open", index === open);
    height(bar.querySelector(".past"), hours[index].yesterday, top);
    height(bar.querySelector(".now"), hours[index].today, top);
  });
  table(hours);
  if (chosen >= 0) choose(chosen);
}

function build(hours) {
  $("hours").replaceChildren(...[0, 1].map(() => scaleLine()), ...hours.map((row, index) => {
    const bar = make("div", "bar-hour");
    const column = make("div", "column");
    column.append(make("i", "past"), make("i", "now"));
    bar.append(column, make("span", "", row.label));
    bar.addEventListener("pointerenter", () => choose(index));
    return bar;
  }));
}

function scaleLine() {
  const line = make("div", "scale");
  line.append(make("span"));
  return line;
}

function scale(top) {
  const area = 158 - 8 - 18;
  $("hours").querySelectorAll(".scale").forEach((line, index) => {
    const part = index === 0 ? 1 : 0.5;
    line.style.top = `${8 + area * (1 - part)}px`;
    line.firstChild.textContent = `${number(top * part)} kWh`;
  });
}

function height(bar, value, top) {
  bar.style.height = `${((value ?? 0) / top) * 100}%`;
}

function choose(index) {
  chosen = index;
  $("hours").querySelectorAll(".bar-hour").forEach((bar, at) => bar.classList.toggle("chosen", at === index));
  const row = rows[index];
  const parts = row ? [`${row.label}:00`, row.today == null ? "" : `today ${kwh(row.today)}`,
    row.yesterday == null ? "" : `yesterday ${kwh(row.yesterday)}`] : [];
  $("hours-readout").textContent = parts.filter(Boolean).join(" · ");
}

function table(hours) {
  const element = make("table");
  const head = element.createTHead().insertRow();
  for (const text of ["Hour", "Today (kWh)", "Yesterday (kWh)"]) head.append(make("th", "", text));
  const body = element.createTBody();
  for (const row of hours) {
    const line = body.insertRow();
    for (const text of [row.label, row.today == null ? "–" : number(row.today), row.yesterday == null ? "–" : number(row.yesterday)]) {
      line.insertCell().textContent = text;
    }
  }
  $("hours-table").replaceChildren(element);
}

function ceiling(value) {
  const step = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((n) => n * step).find((n) => n >= value);
}

$("hours").addEventListener("pointerleave", () => choose(-1));
$("hours").addEventListener("blur", () => choose(-1));
$("hours").addEventListener("keydown", (event) => {
  const move = { ArrowRight: 1, ArrowLeft: -1, Home: -rows.length, End: rows.length }[event.key];
  if (move === undefined) return;
  event.preventDefault();
  choose(Math.min(rows.length - 1, Math.max(0, chosen + move)));
});
