/**
 * What the descriptions are made of, and how it is shown.
 *
 * @typedef {Record<string, any>} Schema
 * @typedef {{schema: Schema, example?: unknown}} Content
 * @typedef {{name: string, in: string, required: boolean, description: string, schema: Schema, example?: unknown}} Parameter
 * @typedef {{description: string, content?: Record<string, Content>}} Response
 *
 * @typedef {object} Call
 * @property {string} operationId
 * @property {string} summary
 * @property {string} description
 * @property {string[]} tags
 * @property {Parameter[]} [parameters]
 * @property {{required?: boolean, content: Record<string, Content>}} [requestBody]
 * @property {Record<string, Response>} responses
 */

import { element } from "./element.js";

const REFERENCE = /("#\/components\/schemas\/(\w+)")/;

/** @type {(text: string, name: string) => HTMLElement} */
function typeLink(text, name) {
  const link = element("a", text);
  link.setAttribute("href", `#type-${name}`);
  return link;
}

/**
 * The name of a type, where nothing but that is said.
 *
 * @type {(value: any) => string | undefined}
 */
const nameOf = (value) => (value?.$ref && Object.keys(value).length === 1 ? value.$ref.split("/").pop() : undefined);

/**
 * JSON, in which the names of types lead to them.
 *
 * @param {unknown} value
 */
export function linked(value) {
  const name = nameOf(value);
  if (name) return element("p", "", typeLink(name, name));
  const shown = element("pre", "");
  // Every third piece is a reference, and every third after it the name in it.
  const pieces = JSON.stringify(value, null, 2).split(REFERENCE);
  for (let at = 0; at < pieces.length; at += 3) {
    shown.append(pieces[at]);
    if (pieces[at + 1] === undefined) continue;
    shown.append(typeLink(pieces[at + 1], pieces[at + 2]));
  }
  return shown;
}
