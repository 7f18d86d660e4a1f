// The alarm list: active first, then the newest.

import { $, make, put } from "./dom.js";
import { day, kw, time } from "./format.js";

export function showAlarms({ threshold, list }) {
  const active = list.filter((alarm) => alarm.state === "raised");
  $("alarms-count").hidden = list.length === 0;
  $("alarms-count").classList.toggle("alarm", active.length > 0);
  put("alarms-count", active.length ? `${active.length} active` : `${list.length} past`);
  $("alarms-empty").hidden = list.length > 0;
  put("alarms-empty", threshold == null
    ? "No peak alarm. The limit is learnt from the first full day."
    : `No peak alarm. It is raised when the 15-minute demand reaches ${kw(threshold)}.`);
  const keys = list.map((alarm) => `${alarm.since} ${alarm.state} ${alarm.peak_kw}`).join();
  if ($("alarms").dataset.keys === keys) return;
  $("alarms").dataset.keys = keys;
  $("alarms").replaceChildren(...list.map(row));
  $("power").dataset.alarm = active.length > 0;
}

function row(alarm) {
  const active = alarm.state === "raised";
  const item = make("li", active ? "active" : "");
  const span = active ? `since ${time(alarm.since)}` : `${time(alarm.since)}–${time(alarm.time)}`;
  item.append(
    make("span", "state", active ? "Active" : "Cleared"),
    make("span", "value", kw(alarm.peak_kw)),
    make("span", "when", `${day(alarm.since)}, ${span}`),
  );
  item.title = `Highest 15-minute demand ${kw(alarm.peak_kw)}, limit ${kw(alarm.threshold_kw)}`;
  return item;
}
