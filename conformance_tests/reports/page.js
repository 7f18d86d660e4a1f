"use strict";
// Draws the list of cases from the data in the page. Whatever a CSE sent becomes text nodes, never markup.
(() => {
  const byId = (id) => document.getElementById(id);
  const { cases, repeat, codes } = JSON.parse(byId("data").textContent);
  const VERDICTS = ["fail", "inconclusive", "pass", "not applicable"];
  const SIGN = { fail: "✕", inconclusive: "?", pass: "✓", "not applicable": "–" };
  const CLASS = { "not applicable": "na" };
  const MOST_OPENED = 100, DEEPEST_JSON = 40;
  const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
  const classOf = (verdict) => CLASS[verdict] || verdict;

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (typeof value === "function") element.addEventListener(name, value);
      else if (value !== null && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  /** Write what cannot be seen, or reorders text, as an escape. */
  function visible(text) {
    return text.replace(/\r\n/g, "\n").replace(HIDDEN, (character) => {
      const code = character.codePointAt(0);
      return code < 256 ? "\\x" + code.toString(16).padStart(2, "0") : "\\u" + code.toString(16).padStart(4, "0");
    });
  }

  const seconds = (value) => (value < 0.0005 ? "" : value < 10 ? value.toFixed(2) + " s" : Math.round(value) + " s");
  const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : "'" + text.replace(/'/g, "'\"'\"'") + "'");
  const commandOf = (id) => visible(repeat.split("{id}").join(quoted(id)));

  // ---- the state, kept in the fragment: #verdict=fail,inconclusive&area=DMR&feature=type:AE&text=words&sort=slow&case=ID
  const controls = { area: byId("area"), feature: byId("feature"), sort: byId("sort"), text: byId("text") };
  const chips = [...document.querySelectorAll(".chip")];
  let state = {};

  function readFragment() {
    const given = new URLSearchParams(location.hash.slice(1));
    state = { verdict: new Set((given.get("verdict") || "").split(",").filter((one) => VERDICTS.includes(one))) };
    for (const name of ["area", "feature", "sort", "text", "case"]) state[name] = given.get(name) || "";
  }

  function fragment(changes) {
    const all = { ...state, ...changes };
    const parts = new URLSearchParams();
    if (all.verdict.size) parts.set("verdict", VERDICTS.filter((one) => all.verdict.has(one)).join(","));
    for (const name of ["area", "feature", "sort", "text", "case"]) if (all[name]) parts.set(name, all[name]);
    return "#" + parts;
  }

  function change(changes) {
    const target = fragment({ case: "", ...changes });
    try {
      history.replaceState(null, "", target);
      readFragment();
      show();
    } catch {
      location.hash = target; // a sandboxed frame: hashchange follows
    }
  }

  // ---- the list
  const searched = new Map();
  function wordsOf(one) {
    if (!searched.has(one)) {
      const text = [one.id, one.area, one.purpose, one.reason, one.note, ...one.refs, ...one.needs, ...one.observed].join("\n");
      searched.set(one, text.toLowerCase());
    }
    return searched.get(one);
  }

  function matching() {
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    const found = cases.filter((one) =>
      (!state.verdict.size || state.verdict.has(one.verdict)) &&
      (!state.area || one.area === state.area) &&
      (!state.feature || one.needs.includes(state.feature)) &&
      words.every((word) => wordsOf(one).includes(word)));
    if (state.sort === "slow") found.sort((a, b) => b.seconds - a.seconds);
    if (state.sort === "id") found.sort((a, b) => (a.id < b.id ? -1 : 1));
    return found; // the data come worst first
  }

  const rows = new Map();
  function rowOf(one) {
    if (!rows.has(one)) rows.set(one, makeRow(one));
    return rows.get(one);
  }

  function icon(verdict) {
    return make("span", { class: "icon " + classOf(verdict), title: verdict },
      make("i", { "aria-hidden": "true" }, SIGN[verdict]), make("span", { class: "away" }, verdict));
  }

  function makeRow(one) {
    const row = make("details", { class: "case", toggle: () => row.open && row.childElementCount === 1 && row.append(inside(one)) },
      make("summary", {}, icon(one.verdict),
        make("span", { class: "id" }, visible(one.id)),
        make("span", { class: "purpose" }, visible(one.purpose)),
        make("span", { class: "area" }, visible(one.area)),
        make("span", { class: "time" }, seconds(one.seconds)),
        one.reason && one.verdict !== "not applicable" ? make("span", { class: "why" }, visible(one.reason.slice(0, 300))) : null));
    return row;
  }

  function show() {
    for (const name of Object.keys(controls)) if (controls[name].value !== state[name]) controls[name].value = state[name];
    for (const chip of chips) chip.setAttribute("aria-pressed", String(state.verdict.has(chip.dataset.verdict)));
    const found = matching();
    byId("list").replaceChildren(...found.map(rowOf));
    byId("found").textContent = found.length === cases.length
      ? cases.length.toLocaleString("en") + " cases"
      : found.length.toLocaleString("en") + " of " + cases.length.toLocaleString("en") + " cases";
    byId("clear").hidden = found.length === cases.length && !state.sort;
    byId("open").hidden = !found.length;
    byId("nothing").hidden = found.length > 0;
    openNamed();
  }

  function openNamed() {
    const one = state.case && cases.find((each) => each.id === state.case);
    if (!one) return;
    const row = rowOf(one);
    if (!row.isConnected) byId("list").prepend(row);
    row.open = true;
    requestAnimationFrame(() => { row.scrollIntoView({ block: "start" }); row.firstElementChild.focus({ preventScroll: true }); });
  }

  // ---- one case
  function inside(one) {
    const body = make("div", { class: "inside" });
    if (one.reason) {
      body.append(make("p", { class: "reason " + classOf(one.verdict) },
        make("b", {}, one.verdict[0].toUpperCase() + one.verdict.slice(1)), make("span", {}, visible(one.reason))));
    }
    const about = make("dl", { class: "about" });
    const entry = (name, value) => value && about.append(make("dt", {}, name), make("dd", {}, value));
    entry("References", visible(one.refs.join(" · ")));
    entry("Needs", one.needs.length ? links(one.needs) : "");
    entry("Observed", one.observed.length ? make("ul", {}, ...one.observed.map((seen) => make("li", {}, visible(seen)))) : "");
    entry("Note", visible(one.note));
    entry("Area", make("a", { href: "#" + new URLSearchParams({ area: one.area }) }, visible(one.area)));
    body.append(about, repeating(one));
    one.exchanges.forEach((exchange, index) => body.append(exchanged(exchange, index)));
    if (!one.exchanges.length && one.verdict !== "not applicable") {
      body.append(make("p", { class: "muted" }, "Messages are kept for cases that do not pass."));
    }
    return body;
  }

  function links(features) {
    const all = document.createDocumentFragment();
    for (const name of features) all.append(make("a", { href: "#" + new URLSearchParams({ feature: name }) }, visible(name)), " ");
    return all;
  }

  function repeating(one) {
    const command = commandOf(one.id);
    const address = () => location.href.split("#")[0] + fragment({ verdict: new Set(), area: "", feature: "", text: "", sort: "", case: one.id });
    return make("div", { class: "repeat" }, make("code", {}, command),
      make("button", { type: "button", click: (event) => copy(event.currentTarget, command) }, "Copy command"),
      make("button", { type: "button", click: (event) => copy(event.currentTarget, address()) }, "Copy link"));
  }

  async function copy(button, text) {
    const label = button.textContent;
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      done = copyByHand(text);
    }
    button.textContent = done ? "Copied" : "Not allowed";
    byId("said").textContent = done ? "Copied" : "Copying is not allowed here";
    setTimeout(() => { button.textContent = label; }, 1500);
  }

  function copyByHand(text) {
    const field = make("textarea", { class: "away" });
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }

  function exchanged([direction, at, step, request, response], index) {
    const out = direction === "out";
    return make("section", { class: "exchange" },
      make("h3", {}, index + 1 + ". " + visible(step),
        make("span", {}, out ? "tester → CSE" : "CSE → tester"), make("span", {}, at.toFixed(3) + " s")),
      make("div", { class: "pair" }, message(out ? "Request" : "Notification from the CSE", request), message("Answer", response)));
  }

  function message(title, text) {
    const shown = visible(text);
    const end = shown.indexOf("\n\n");
    const head = end < 0 ? shown : shown.slice(0, end);
    const code = /^x-m2m-rsc: *(\d+)/im.exec(head);
    const pre = make("pre", { tabindex: "0", "aria-label": title }, ...headLines(head));
    if (end >= 0) pre.append("\n\n", pretty(shown.slice(end + 2)));
    if (!shown) pre.append(make("span", { class: "name" }, "nothing"));
    return make("div", { class: "message" }, make("h4", {}, title, code ? " · " : null, code ? make("b", {}, code[1] + " " + (codes[code[1]] || "")) : null), pre);
  }

  function headLines(head) {
    return head.split("\n").flatMap((line, index) => {
      const colon = line.indexOf(":");
      const start = index ? ["\n"] : [];
      if (!index) return [make("span", { class: "first" }, line)];
      return colon > 0 ? [...start, make("span", { class: "name" }, line.slice(0, colon + 1)), line.slice(colon + 1)] : [...start, line];
    });
  }

  /** Indent and colour JSON, token by token: digits, keys and their order stay as they were sent. */
  function pretty(text) {
    const all = document.createDocumentFragment();
    const tokens = tokensOf(text);
    if (!tokens) return text;
    let depth = 0, flat = -1;
    const line = () => (flat < 0 ? "\n" + "  ".repeat(depth) : "");
    tokens.forEach((token, index) => {
      if (flat < 0 && token === "[") flat = shortList(tokens, index);
      const next = tokens[index + 1], closed = next === "}" || next === "]";
      if (token === "{" || token === "[") {
        depth += 1;
        all.append(token, closed ? "" : line());
      } else if (token === "}" || token === "]") {
        depth -= 1;
        const empty = tokens[index - 1] === "{" || tokens[index - 1] === "[";
        all.append(empty ? token : line() + token);
        if (index === flat) flat = -1;
      } else if (token === ",") all.append("," + (line() || " "));
      else if (token === ":") all.append(": ");
      else all.append(make("span", { class: token[0] !== '"' ? "literal" : next === ":" ? "key" : "string" }, token));
    });
    return all;
  }

  /** Where a list of a few plain values ends, which stays on one line; else -1. */
  function shortList(tokens, start) {
    let length = 0;
    for (let index = start + 1; index < tokens.length && length < 60; index += 1) {
      if (tokens[index] === "]") return index;
      if ("{[".includes(tokens[index])) return -1;
      length += tokens[index].length + 1;
    }
    return -1;
  }

  function tokensOf(text) {
    try {
      JSON.parse(text);
    } catch {
      return null;
    }
    const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) || [];
    let depth = 0;
    for (const token of tokens) {
      if (token === "{" || token === "[") depth += 1;
      if (token === "}" || token === "]") depth -= 1;
      if (depth > DEEPEST_JSON) return null;
    }
    return tokens;
  }

  // ---- controls
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      const verdict = new Set(state.verdict);
      if (!verdict.delete(chip.dataset.verdict)) verdict.add(chip.dataset.verdict);
      change({ verdict });
    });
  }
  for (const name of ["area", "feature", "sort"]) controls[name].addEventListener("change", () => change({ [name]: controls[name].value }));
  let typing;
  controls.text.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(() => change({ text: controls.text.value.trim() }), 120); });
  byId("clear").addEventListener("click", () => change({ verdict: new Set(), area: "", feature: "", text: "", sort: "" }));
  const shownRows = () => [...byId("list").children];
  byId("open").addEventListener("click", () => {
    const some = shownRows().slice(0, MOST_OPENED), open = some.some((row) => !row.open);
    for (const row of open ? some : shownRows()) row.open = open;
  });
  for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(button, byId(button.dataset.copy).textContent));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) { event.preventDefault(); controls.text.focus(); }
  });
  addEventListener("beforeprint", () => {
    const trouble = matching().filter((one) => one.verdict === "fail" || one.verdict === "inconclusive").slice(0, MOST_OPENED);
    for (const one of trouble) {
      const row = rowOf(one);
      if (row.childElementCount === 1) row.append(inside(one));
      row.open = true;
    }
  });
  addEventListener("hashchange", () => {
    readFragment();
    show();
    if (!state.case && location.hash) byId("cases").scrollIntoView({ block: "start" });
  });
  byId("tools").hidden = false;
  readFragment();
  show();
})();
