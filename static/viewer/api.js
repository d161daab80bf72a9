/**
 * Shows the descriptions of the interfaces; needs nothing from elsewhere.
 *
 * @typedef {object} Call
 * @property {string} summary
 * @property {string[]} [tags]
 * @property {object[]} [parameters]
 * @property {object} [requestBody]
 * @property {object} responses
 *
 * @typedef {object} OpenApi
 * @property {Record<string, Record<string, Call>>} paths
 * @property {{schemas: Record<string, object>}} components
 *
 * @typedef {{channels: {socket: {messages: Record<string, {name: string, payload: object}>}}}} AsyncApi
 */

/** @type {(id: string) => HTMLInputElement} what the page has; only the one that is written into is an input */
const byId = (id) => /** @type {HTMLInputElement} */ (document.getElementById(id));

/** @type {(name: string, text: string, ...children: (Node | string)[]) => HTMLElement} */
const element = (name, text, ...children) => {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
};

/**
 * Groups of calls that are not called by their word with a capital.
 *
 * @type {Record<string, string>}
 */
const NAMES = {
  api: "API keys", asyncapi: "AsyncAPI", auth: "Accounts", me: "Me", openapi: "OpenAPI", read: "Read marks", roles: "Role contexts",
};
/** @type {(group: string) => string} */
const called = (group) => NAMES[group] ?? group[0].toUpperCase() + group.slice(1);

/**
 * One call or frame, folded.
 * @param {string} kind
 * @param {string} name
 * @param {string} summary
 * @param {[title: string, value: unknown][]} parts
 */
function entry(kind, name, summary, parts) {
  const head = element("summary", "", element("b", kind), element("code", name), element("span", summary));
  const details = element("details", "", head);
  for (const [title, value] of parts) {
    if (value === undefined) continue;
    details.append(element("p", title), element("pre", JSON.stringify(value, null, 2)));
  }
  details.dataset.words = `${kind} ${name} ${summary}`.toLowerCase();
  return details;
}

/** @param {OpenApi} openapi */
function calls(openapi) {
  /** @type {Map<string, HTMLElement[]>} */
  const groups = new Map();
  for (const [path, item] of Object.entries(openapi.paths)) {
    for (const [method, call] of Object.entries(item)) {
      const group = call.tags?.[0] ?? "other";
      const entries = groups.get(group) ?? [];
      groups.set(group, entries);
      entries.push(entry(method, path, call.summary, [
        ["Parameters", call.parameters?.length ? call.parameters : undefined],
        ["Body", call.requestBody],
        ["Responses", call.responses],
      ]));
    }
  }
  return groups;
}

async function show() {
  /** @type {(path: string) => Promise<any>} */
  const load = async (path) => (await fetch(path)).json();
  /** @type {[OpenApi, AsyncApi]} */
  const [openapi, asyncapi] = await Promise.all([
    load("api/v1/openapi.json"),
    load("api/v1/asyncapi.json"),
  ]);
  const main = byId("calls");
  main.replaceChildren();
  for (const [group, entries] of calls(openapi)) {
    main.append(element("section", "", element("h2", called(group)), ...entries));
  }
  const frames = Object.entries(asyncapi.channels.socket.messages).map(([name, message]) => {
    const isCommand = name.startsWith("command.");
    return entry(isCommand ? "command" : "event", message.name, "", [["Frame", message.payload]]);
  });
  main.append(element("section", "", element("h2", "WebSocket, /ws"), ...frames));
  main.append(element("section", "", element("h2", "Types"),
    ...Object.entries(openapi.components.schemas).map(([name, schema]) =>
      entry("type", name, "", [["Schema", schema]]))));
  find();
}

/** Shows what has the words that are looked for, and the headings of that alone. */
function find() {
  const wanted = byId("find").value.trim().toLowerCase();
  const sections = [...document.querySelectorAll("section")];
  for (const section of sections) {
    const entries = [...section.querySelectorAll("details")];
    for (const details of entries) details.hidden = !details.dataset.words?.includes(wanted);
    section.hidden = entries.every(({ hidden }) => hidden);
  }
  byId("nothing").hidden = sections.length === 0 || sections.some(({ hidden }) => !hidden);
}

byId("find").addEventListener("input", find);

show();
