// The floors of a building, each zone where it lies: temperature, set-point, light. Shown when the CSE has any.

import { $, make } from "./dom.js";
import { number } from "./format.js";

const FLOOR = /^floor\d+$/;
const ZONES = ["north", "west", "core", "east", "south"];
const COMFORT_K = 1.5;

export function showFloors(root) {
  const floors = root.children.filter((child) => FLOOR.test(child.name));
  $("floors").hidden = floors.length === 0;
  $("floor-plans").replaceChildren(...floors.map(plan).reverse());
  return floors.length > 0;
}

function plan(floor) {
  const values = new Map(floor.children.map((child) => [child.name, child.latest?.value?.value]));
  const figure = make("figure", "floor");
  const rooms = make("div", "rooms");
  rooms.append(...ZONES.filter((zone) => values.has(`${zone}_temperature`)).map((zone) => room(zone, values)));
  const power = values.get("cooling_power");
  figure.append(make("figcaption", "", `${floor.name.replace("floor", "Floor ")}${power == null ? "" : ` · cooling ${number(power)} kW`}`), rooms);
  return figure;
}

function room(zone, values) {
  const [warm, cool, heat, light, people] = ["temperature", "cooling_setpoint", "heating_setpoint", "light_level", "occupants"]
    .map((name) => values.get(`${zone}_${name}`));
  const tile = make("div", `room ${zone}`);
  const state = warm == null ? "unknown" : warm > cool + COMFORT_K ? "warm" : warm < heat - COMFORT_K ? "cold" : "fine";
  tile.dataset.state = state;
  tile.append(make("b", "", warm == null ? "–" : `${number(warm)} °C`),
    make("small", "", `${zone}${state === "fine" || state === "unknown" ? "" : `, ${state}`}`),
    make("small", "", [cool == null ? "" : `set ${number(heat)}–${number(cool)} °C`, light == null ? "" : `light ${number(light)} %`,
      people == null ? "" : `${number(people)} people`].filter(Boolean).join(" · ")));
  return tile;
}
