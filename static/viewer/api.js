/**
 * Shows the descriptions of the interfaces; needs nothing from elsewhere.
 *
 * @import { Call, Schema } from "./shape.js"
 *
 * @typedef {object} OpenApi
 * @property {Record<string, Record<string, Call>>} paths
 * @property {{name: string, description: string}[]} tags
 * @property {{schemas: Record<string, Schema>}} components
 *
 * @typedef {{name: string, title: string, payload: Schema, examples: {payload: unknown}[]}} Message
 * @typedef {{channels: {socket: {messages: Record<string, Message>}}, components: {schemas: Record<string, Schema>}}} AsyncApi
 */

import { button, element } from "./element.js";
import { linked } from "./shape.js";
import { trial } from "./trial.js";

/** @type {(id: string) => HTMLInputElement} what the page has; only the ones that are written into are inputs */
const byId = (id) => /** @type {HTMLInputElement} */ (document.getElementById(id));

/**
 * One operation, frame or type, folded; what is in it is made when it is opened.
 *
 * @param {string} id what links to it
 * @param {string} kind
 * @param {string} name
 * @param {string} words what it is found by besides
 * @param {() => (Node | string)[]} content
 */
function entry(id, kind, name, words, content) {
  const link = element("a", "#");
  link.className = "link";
  link.setAttribute("href", `#${id}`);
  link.setAttribute("aria-label", `Link to ${name}`);
  const head = element("summary", "", element("b", kind), element("code", name), element("span", words), link);
  const details = /** @type {HTMLDetailsElement} */ (element("details", "", head));
  details.id = id;
  details.dataset.words = `${id} ${kind} ${name} ${words}`.toLowerCase();
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(...content());
  });
  return details;
}

/** @type {(title: string, value: unknown) => Node[]} */
const part = (title, value) => (value === undefined ? [] : [element("h3", title), linked(value)]);

/** @type {(method: string, path: string, call: Call) => HTMLElement} */
const operation = (method, path, call) => entry(call.operationId, method, path, call.summary, () => [
  element("p", call.description),
  element("p", "", "In clients: ", element("code", call.operationId)),
  trial(method, path, call, () => byId("token").value.trim()),
  ...part("Body", call.requestBody?.content["application/json"]?.schema),
  ...Object.entries(call.responses).flatMap(([status, { description, content }]) => {
    const [body] = Object.values(content ?? {});
    if (status >= "400") return [element("p", `${status} ${description}`)];
    return [
      element("h3", `${status} ${description}`),
      ...(body ? [linked(body.schema)] : []),
      ...(body?.example === undefined ? [] : [linked(body.example)]),
    ];
  }),
  ...part("The body of all refusals", { $ref: "#/components/schemas/ErrorBody" }),
]);

/** @param {OpenApi} openapi */
function operations(openapi) {
  const all = Object.entries(openapi.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, call]) => ({ tag: call.tags[0], made: operation(method, path, call) })));
  return openapi.tags.map(({ name, description }) =>
    section(name, description, all.filter(({ tag }) => tag === name).map(({ made }) => made)));
}

/** @type {(title: string, what: string, entries: HTMLElement[]) => HTMLElement} */
const section = (title, what, entries) =>
  element("section", "", element("h2", "", `${title} `, element("small", what)), ...entries);

/** @param {AsyncApi} asyncapi */
function frames(asyncapi) {
  // Each command has an ack of its own; they are listed with it.
  const all = Object.entries(asyncapi.channels.socket.messages);
  const acks = new Map(all.filter(([name]) => name.startsWith("ack.")));
  return all.filter(([name]) => !acks.has(name)).map(([name, message]) => {
    const isCommand = name.startsWith("command.");
    const ack = acks.get(name.replace("command.", "ack."));
    return entry(`frame-${name}`, isCommand ? "command" : "event", message.name, message.title, () => [
      ...part("Example", message.examples[0].payload),
      ...part("Frame", message.payload),
      ...part("Ack", ack?.examples[0].payload),
      ...part("Frame of the ack", ack?.payload),
    ]);
  });
}

async function show() {
  /** @type {(path: string) => Promise<any>} */
  const load = async (path) => (await fetch(path)).json();
  /** @type {[OpenApi, AsyncApi]} */
  const [openapi, asyncapi] = await Promise.all([
    load("api/v1/openapi.json"),
    load("api/v1/asyncapi.json"),
  ]);
  const schemas = { ...asyncapi.components.schemas, ...openapi.components.schemas };
  const types = Object.keys(schemas).sort().map((name) =>
    entry(`type-${name}`, "type", name, schemas[name].description ?? "", () => [linked(schemas[name])]));
  byId("calls").replaceChildren(
    ...operations(openapi),
    section("WebSocket", "what is said at /ws", frames(asyncapi)),
    section("Types", "what the others are made of", types),
  );
  find();
  openNamed();
}

/** Shows what has all the words that are looked for, and the headings of that alone. */
function find() {
  const wanted = byId("find").value.toLowerCase().split(/\s+/);
  const sections = [...document.querySelectorAll("section")];
  for (const section of sections) {
    const entries = [...section.querySelectorAll("details")];
    const title = section.querySelector("h2")?.textContent?.toLowerCase() ?? "";
    for (const details of entries) {
      const words = `${title} ${details.dataset.words}`;
      details.hidden = !wanted.every((word) => words.includes(word));
    }
    section.hidden = entries.every(({ hidden }) => hidden);
  }
  byId("nothing").hidden = sections.length === 0 || sections.some(({ hidden }) => !hidden);
}

/** Opens what the address names. */
function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!(named instanceof HTMLDetailsElement)) return;
  // What is looked for is elsewhere.
  if (named.hidden) {
    byId("find").value = "";
    find();
  }
  named.open = true;
  named.scrollIntoView();
}

byId("find").addEventListener("input", find);
addEventListener("hashchange", openNamed);

show().catch(() => {
  const again = button("Try again", () => location.reload());
  byId("calls").replaceChildren(element("p", "The descriptions could not be loaded. "), again);
});
