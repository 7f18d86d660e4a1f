// Small words for building elements.

export const $ = (id) => document.getElementById(id);

export function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

export function put(id, text) {
  const element = $(id);
  if (element.textContent !== text) element.textContent = text;
}
