/** Small helpers over the DOM. What people wrote is only ever set as text. */

export const byId = (id) => document.getElementById(id);

/** Makes an element with properties, `data-` attributes and children. */
export function make(tag, { data = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  Object.assign(element.dataset, data);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A colour of its own for each user, the same every time. */
export function hueOf(text) {
  let hue = 0;
  for (const character of text) hue = (hue * 31 + character.codePointAt(0)) % 360;
  return hue;
}

/** The round mark with a user's first letter. */
export function paintMark(element, user) {
  element.textContent = [...(user.name || user.id)][0].toUpperCase();
  element.style.setProperty("--hue", hueOf(user.id));
}

const sameDay = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const otherDay = new Intl.DateTimeFormat(undefined, {
  month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
});

/** A time as short as it can be understood. */
export function shortTime(date) {
  const today = date.toDateString() === new Date().toDateString();
  return (today ? sameDay : otherDay).format(date);
}
