/**
 * Tries an operation out, on the server that the page is from.
 *
 * @import { Call, Parameter } from "./shape.js"
 */

import { element } from "./element.js";

/** How much of an answer is shown: a page of history, and no film. */
const SHOWN_BYTES = 256 * 1024;
/** How long it may take, in milliseconds. */
const TIMEOUT = 30_000;

/** @type {(name: string, what: string, input: HTMLElement) => HTMLElement} */
const labelled = (name, what, input) =>
  element("label", "", element("span", name), input, element("small", what));

/**
 * A field for a parameter, with what it takes.
 *
 * @param {Parameter} parameter
 */
function field(parameter) {
  const { name, required, schema, example } = parameter;
  const input = /** @type {HTMLInputElement} */ (element("input", ""));
  input.name = name;
  input.required = required;
  if (required && example !== undefined) input.value = String(example);
  input.placeholder = schema.enum?.join(", ") ?? (schema.default === undefined ? schema.type : String(schema.default));
  return input;
}

/**
 * The request that has been filled in. What is left empty is left out.
 *
 * @param {string} path
 * @param {{parameter: Parameter, input: HTMLInputElement}[]} fields
 */
function filled(path, fields) {
  const query = new URLSearchParams();
  /** @type {Record<string, string>} */
  const headers = {};
  for (const { parameter, input } of fields) {
    const { value } = input;
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value !== "" && parameter.in === "query") query.set(parameter.name, value);
    else if (value !== "") headers[parameter.name] = value;
  }
  // Relative, because all of it may be below a path.
  const url = path.slice(1) + (query.size ? `?${query}` : "");
  return { url, headers };
}

/** @type {(response: Response) => Promise<string>} */
async function text(response) {
  const type = response.headers.get("content-type") ?? "";
  const body = await response.blob();
  if (!/json|text/.test(type)) return body.size ? `${body.size} bytes of ${type}` : "";
  const all = await body.slice(0, SHOWN_BYTES).text();
  if (body.size > SHOWN_BYTES) return `${all}\n… ${body.size} bytes`;
  return type.includes("json") ? JSON.stringify(JSON.parse(all), null, 2) : all;
}

/**
 * The form of an operation.
 *
 * @param {string} method
 * @param {string} path
 * @param {Call} call
 * @param {() => string} token the one to ask with, or none
 */
export function trial(method, path, call, token) {
  const fields = (call.parameters ?? []).map((parameter) => ({ parameter, input: field(parameter) }));
  const form = element("form", "", element("h3", "Try it"));
  for (const { parameter, input } of fields) form.append(labelled(parameter.name, parameter.description, input));
  const json = call.requestBody?.content["application/json"];
  const body = /** @type {HTMLTextAreaElement} */ (element("textarea", ""));
  const file = /** @type {HTMLInputElement} */ (element("input", ""));
  if (json) {
    body.value = JSON.stringify(json.example ?? {}, null, 2);
    body.rows = body.value.split("\n").length;
    form.append(labelled("Body", "", body));
  } else if (call.requestBody) {
    file.type = "file";
    file.required = true;
    form.append(labelled("File", "", file));
  }
  const answer = element("pre", "");
  answer.hidden = true;
  answer.setAttribute("role", "status");
  form.append(element("button", `Send ${method.toUpperCase()}`), answer);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { url, headers } = filled(path, fields);
    if (token()) headers.Authorization = `Bearer ${token()}`;
    if (json) headers["Content-Type"] = "application/json";
    answer.hidden = false;
    answer.textContent = "…";
    try {
      const response = await fetch(url, {
        method: method.toUpperCase(),
        headers,
        body: json ? body.value : file.files?.[0],
        signal: AbortSignal.timeout(TIMEOUT),
      });
      answer.textContent = `${response.status} ${await text(response)}`.trim();
    } catch (error) {
      answer.textContent = `No answer: ${error instanceof Error ? error.message : error}`;
    }
  });
  return form;
}
