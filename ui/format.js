// Numbers and times as people read them; times in the time zone of the building.

const language = "en-GB";
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const signed = new Intl.NumberFormat(language, { maximumFractionDigits: 1, signDisplay: "exceptZero" });
const percents = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" });

let formats = {};

export function setZone(timeZone) {
  const make = (options) => new Intl.DateTimeFormat(language, { timeZone, hourCycle: "h23", ...options });
  formats = {
    time: make({ hour: "2-digit", minute: "2-digit" }),
    day: make({ weekday: "short", day: "numeric", month: "short" }),
    full: make({ weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" }),
  };
}

const date = (name, seconds) => formats[name].format(new Date(seconds * 1000));
export const time = (seconds) => date("time", seconds);
export const day = (seconds) => date("day", seconds);
export const full = (seconds) => date("full", seconds);

export const number = (value) => (Math.abs(value) >= 100 ? whole : tenth).format(value);
export const change = (value) => signed.format(value);
export const percent = (value) => percents.format(value);
export const kw = (value) => `${number(value)} kW`;
export const kwh = (value) => `${number(value)} kWh`;
// A number with its unit; long counters in a bigger unit.
export function quantity(value, unit) {
  const big = unit.startsWith("W") && Math.abs(value) >= 1e6;
  return `${number(big ? value / 1e6 : value)} ${big ? `M${unit}` : unit}`.trim();
}

export const times = (value) => `${whole.format(value)}×`;
