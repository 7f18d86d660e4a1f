// Puts the state of the monitor on the page and keeps it current.

import { showAlarms } from "./alarms.js";
import { follow, load } from "./api.js";
import { Curve } from "./chart.js";
import { $, make, put } from "./dom.js";
import { change, day, full, kw, kwh, number, percent, setZone, time, times } from "./format.js";
import { showHours } from "./hours.js";
import { changeResource, loadTree } from "./tree.js";

const STATES = { online: "Meter online", stale: "Meter stale", disconnected: "Disconnected", waiting: "Waiting" };
const curve = new Curve($("curve"), $("curve-readout"), $("curve-text"), $("curve-empty"));
let device = { state: "waiting", text: "" };

function showPower(power) {
  if (!power) return;
  put("clock", `${power.speed > 1.5 ? "Data of " : ""}${full(power.time)}`);
  $("clock").dateTime = new Date(power.time * 1000).toISOString();
  $("speed").hidden = !(power.speed > 1.5);
  if (power.speed > 1.5) put("speed", `replay ${times(power.speed)}`);
  put("now", number(power.value));
  $("power").dataset.stale = !power.good;
  document.title = `${kw(power.value)} – ${$("title").textContent}`;
  showTrend(power.trend);
  $("peak").replaceChildren(kw(power.peak.value), make("small", "", ` ${time(power.peak.time)}`));
  put("limit", power.threshold == null ? "learning" : kw(power.threshold));
  showGauge(power);
}

function showTrend(trend) {
  if (trend == null) return put("trend", "First value");
  const arrow = Math.abs(trend) < 0.5 ? "→" : trend > 0 ? "▲" : "▼";
  $("trend").replaceChildren(make("b", "", `${arrow} ${change(trend)} kW`), " against the hour before");
}

function showGauge({ value, peak, threshold }) {
  const top = Math.max(peak.value, threshold ?? 0) * 1.08 || 1;
  $("gauge").hidden = false;
  $("gauge-fill").style.width = `${Math.max(0, Math.min(100, (value / top) * 100))}%`;
  $("gauge-limit").hidden = threshold == null;
  $("gauge-limit").style.left = `${((threshold ?? 0) / top) * 100}%`;
}

function showEnergy(energy) {
  put("today", energy.today == null ? "–" : kwh(energy.today));
  const [now, before] = [energy.today, energy.yesterday];
  $("yesterday").replaceChildren(before == null ? "–" : kwh(before),
    make("small", "", now != null && before ? ` ${percent(now / before - 1)}` : ""));
  showHours(energy.hours);
  showDays(energy.days, energy.today);
}

function showDays(days, today) {
  const last = days.slice(-6).reverse();
  if (today != null) last.unshift({ kwh: today });
  const top = Math.max(...last.map((each) => each.kwh), 1);
  $("days-empty").hidden = last.length > 0;
  $("days").replaceChildren(...last.map((each) => {
    const running = each.start === undefined;
    const item = make("li", running ? "today" : "");
    const track = make("div", "track");
    const fill = make("i");
    fill.style.width = `${(each.kwh / top) * 100}%`;
    track.append(fill);
    item.append(make("span", "", running ? "Today" : day(each.start)), track, make("span", "kwh", kwh(each.kwh)),
      make("span", "peak", running ? "so far" : `peak ${kw(each.peak_kw)}`));
    if (each.complete === false) item.title = "Not the whole day was measured";
    return item;
  }));
}

function showDevice(next) {
  device = next;
  $("device").dataset.state = device.state in STATES ? device.state : "waiting";
  put("device-text", STATES[device.state] ?? device.state);
  $("device").title = device.text;
  showBanner(device.state === "online" || !device.text ? "" : device.text);
}

function showBanner(text) {
  $("banner").hidden = !text;
  put("banner", text);
}

async function loadState() {
  try {
    const state = await load("/api/state");
    setZone(state.time_zone);
    put("title", state.title || "Building");
    showDevice(state.device);
    showPower(state.power);
    curve.show(state.curve, state.power?.threshold ?? null, state.time_zone);
    showEnergy(state.energy);
    showAlarms(state.alarms);
  } catch (error) {
    showBanner(`The data cannot be loaded: ${error.message}`);
    setTimeout(loadState, 3000);
  }
}

function takePower(power) {
  showPower(power);
  if (!curve.add(power.time, power.value, power.threshold)) loadState();
}

function lost() {
  $("device").dataset.state = "disconnected";
  put("device-text", "Reconnecting …");
  showBanner("The connection to the monitor is lost. The values below are the last known.");
}

setZone("UTC");
await loadState();
follow({
  hello: () => { loadState(); loadTree(); },
  reload: loadState,
  power: takePower,
  energy: showEnergy,
  alarms: showAlarms,
  device: showDevice,
  resource: changeResource,
  lost,
});
