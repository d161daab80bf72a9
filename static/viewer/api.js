// Shows the descriptions of the interfaces; needs nothing from elsewhere.

const element = (name, text, ...children) => {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
};

/** Groups of calls that are not called by their word with a capital. */
const NAMES = {
  api: "API keys", asyncapi: "AsyncAPI", auth: "Accounts", me: "Me", openapi: "OpenAPI", read: "Read marks", roles: "Role contexts",
};
const called = (group) => NAMES[group] ?? group[0].toUpperCase() + group.slice(1);

/** One call or frame, folded. */
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

function calls(openapi) {
  const groups = new Map();
  for (const [path, item] of Object.entries(openapi.paths)) {
    for (const [method, call] of Object.entries(item)) {
      const group = call.tags?.[0] ?? "other";
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(entry(method, path, call.summary, [
        ["Parameters", call.parameters?.length ? call.parameters : undefined],
        ["Body", call.requestBody],
        ["Responses", call.responses],
      ]));
    }
  }
  return groups;
}

async function show() {
  const load = async (path) => (await fetch(path)).json();
  const [openapi, asyncapi] = await Promise.all([
    load("api/v1/openapi.json"),
    load("api/v1/asyncapi.json"),
  ]);
  const main = document.getElementById("calls");
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
  const wanted = document.getElementById("find").value.trim().toLowerCase();
  const sections = [...document.querySelectorAll("section")];
  for (const section of sections) {
    const entries = [...section.querySelectorAll("details")];
    for (const details of entries) details.hidden = !details.dataset.words.includes(wanted);
    section.hidden = entries.every(({ hidden }) => hidden);
  }
  document.getElementById("nothing").hidden = sections.length === 0 || sections.some(({ hidden }) => !hidden);
}

document.getElementById("find").addEventListener("input", find);

show();
