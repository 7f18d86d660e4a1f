// Today's curve: power as an area, the alarm limit as a line.
/* global uPlot */

import { kw, time } from "./format.js";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Curve {
  constructor(element, readout, text, empty) {
    Object.assign(this, { element, readout, text, empty });
    this.data = { start: 0, end: 1, times: [], power: [] };
    this.threshold = null;
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.build());
  }

  show(data, threshold, zone) {
    this.data = data;
    this.threshold = threshold;
    if (!this.plot || zone !== this.zone) {
      this.zone = zone;
      this.build();
    } else {
      this.update();
    }
  }

  add(seconds, value, threshold) {
    const { times, power, end } = this.data;
    const last = times.at(-1);
    if (seconds >= end || seconds < last) return false;
    if (seconds === last) power[power.length - 1] = value;
    else {
      times.push(seconds);
      power.push(value);
    }
    this.threshold = threshold;
    this.update();
    return true;
  }

  size() {
    return { width: this.element.clientWidth, height: this.element.clientHeight };
  }

  rows() {
    const { start, end, times, power } = this.data;
    // The line of the limit spans the day, so the day's borders are points without a power.
    const at = [start, ...times, end];
    return [at, [null, ...power, null], at.map(() => this.threshold)];
  }

  top() {
    return Math.max(10, this.threshold ?? 0, ...this.data.power) * 1.12;
  }

  update() {
    const { start, end, times, power } = this.data;
    this.empty.hidden = times.length > 0;
    this.element.hidden = times.length === 0;
    if (!times.length) return;
    this.plot.batch(() => {
      this.plot.setData(this.rows(), false);
      this.plot.setScale("x", { min: start, max: end });
      this.plot.setScale("y", { min: 0, max: this.top() });
    });
    this.plot.redraw();
    this.text.textContent = `${times.length} values from ${time(times[0])} to ${time(times.at(-1))}, `
      + `lowest ${kw(Math.min(...power))}, highest ${kw(Math.max(...power))}, now ${kw(power.at(-1))}.`;
  }

  build() {
    this.plot?.destroy();
    this.element.hidden = false;
    const axis = { stroke: colour("--muted"), grid: { stroke: colour("--grid"), width: 1 }, ticks: { show: false }, font: `12px ${getComputedStyle(document.body).fontFamily}` };
    const two = (n) => String(n).padStart(2, "0");
    this.plot = new uPlot({
      ...this.size(),
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), this.zone),
      padding: [12, 20, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
      scales: { x: { time: true, auto: false }, y: { auto: false } },
      axes: [
        { ...axis, size: 28, incrs: [3600, 7200, 10800, 14400, 21600], space: 56,
          values: (u, splits) => splits.map((s) => { const d = uPlot.tzDate(new Date(s * 1000), this.zone); return `${two(d.getHours())}:${two(d.getMinutes())}`; }) },
        { ...axis, size: 46, space: 44 },
      ],
      series: [
        {},
        { stroke: colour("--accent"), width: 2, fill: colour("--accent-soft"), points: { show: false } },
        { stroke: colour("--alarm"), width: 1.5, dash: [6, 5], points: { show: false } },
      ],
      hooks: { setCursor: [(u) => this.point(u)], draw: [(u) => this.dot(u)] },
    }, this.rows(), this.element);
    this.update();
  }

  point(u) {
    const power = u.cursor.idx == null ? null : u.data[1][u.cursor.idx];
    this.readout.textContent = power == null ? "" : `${time(u.data[0][u.cursor.idx])} · ${kw(power)}`;
  }

  dot(u) {
    const { times, power } = this.data;
    if (!times.length) return;
    const x = u.valToPos(times.at(-1), "x", true);
    const y = u.valToPos(power.at(-1), "y", true);
    const scale = devicePixelRatio;
    u.ctx.save();
    u.ctx.setLineDash([]);
    u.ctx.beginPath();
    u.ctx.arc(x, y, 4.5 * scale, 0, 2 * Math.PI);
    u.ctx.fillStyle = colour("--accent");
    u.ctx.fill();
    u.ctx.lineWidth = 2 * scale;
    u.ctx.strokeStyle = colour("--card");
    u.ctx.stroke();
    u.ctx.restore();
  }
}
