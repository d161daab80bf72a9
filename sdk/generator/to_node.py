"""Types and calls in JavaScript, whose types are in comments."""

from __future__ import annotations

from textwrap import fill

from description import Description, Field, Operation, Schema, is_json, reference

HEAD = "// {what} Made by `sdk/generate` from the description of REST: do not edit.\n"
PLAIN = {
    "string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null",
}


def files(of: Description) -> dict[str, str]:
    return {"types/api.d.ts": types(of), "src/calls.js": calls(of)}


def type_of(schema: Schema, sent: bool = False) -> str:
    if "$ref" in schema:
        return reference(schema)
    if "enum" in schema:
        return " | ".join(f'"{each}"' for each in schema["enum"])
    either = schema.get("anyOf") or schema.get("oneOf")
    if either:
        return " | ".join(type_of(each, sent) for each in either)
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return " | ".join(type_of({**schema, "type": kind}, sent) for kind in kinds)
    if kinds == "array":
        inner = type_of(schema["items"], sent)
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if kinds == "object" or is_json(schema):
        values = schema.get("additionalProperties", True)
        return f"Record<string, {'any' if isinstance(values, bool) else type_of(values, sent)}>"
    if kinds == "string" and schema.get("format") == "date-time" and sent:
        return "string | Date"
    return PLAIN.get(kinds or "", "any")


def comment(text: str, indent: str = "") -> str:
    if not text:
        return ""
    text = " ".join(text.split())
    if len(text) < 85:
        return f"{indent}/** {text} */\n"
    return indent + "/**\n" + fill(text, 94, initial_indent=indent + " * ", subsequent_indent=indent + " * ") + f"\n{indent} */\n"


def types(of: Description) -> str:
    asked = {each.body for each in of.operations} | {name for name in of.schemas if name.startswith("Named")}
    asked |= {name for name in of.schemas if "Request" in name}
    lines = [HEAD.format(what="What the server is asked and answers.")]
    for name, schema in of.schemas.items():
        lines.append("\n" + comment(schema.get("description", "")))
        if "properties" in schema:
            lines.append(f"export interface {name} {{\n{members(of.fields(name), name in asked)}}}\n")
        else:
            lines.append(f"export type {name} = {type_of(schema)};\n")
    for each in of.operations:
        if each.query:
            lines.append(f"\n{comment('Parameters of `' + each.id + '`.')}")
            lines.append(f"export interface {query_type(each)} {{\n{members(each.query, True)}}}\n")
    return "".join(lines)


def members(fields: list[Field], sent: bool) -> str:
    return "".join(
        f"{comment(field.text, '  ')}  {field.name}{'' if field.required else '?'}: {type_of(field.schema, sent)};\n"
        for field in fields
    )


def query_type(each: Operation) -> str:
    return each.id[0].upper() + each.id[1:] + "Query"


def calls(of: Description) -> str:
    lines = [
        HEAD.format(what="All calls of REST."),
        'import { Core } from "./core.js";\n\n',
        '/** @typedef {import("./core.js").Options} Options */\n\n',
        "/** The calls of REST by the names that they have in its description. */\n",
        "export class Calls extends Core {",
    ]
    for each in of.operations:
        lines.append(call(each))
        if each.pages:
            lines.append(iterator(of, each))
    lines[-1] = lines[-1].rstrip("\n") + "\n"
    return "".join(lines) + "}\n"


def parameters(each: Operation) -> list[tuple[str, str, bool]]:
    """Name, type and whether it has to be given."""
    # Ids that the server has given are numbers in some answers.
    found = [(place, "string | number" if place == "id" else "string", True) for place in each.places]
    if each.body == "bytes":
        found.append(("content", "Uint8Array", True))
    elif each.body:
        found.append(("body", f'import("../types/api.js").{each.body}', each.body_required))
    if each.query:
        required = any(field.required for field in each.query)
        found.append(("query", f'import("../types/api.js").{query_type(each)}', required))
    return [*found, ("options", "Options", False)]


def documented(text: str, each: Operation, returns: str) -> str:
    lines = fill(text, 92, initial_indent="   * ", subsequent_indent="   * ")
    listed = "".join(
        f"   * @param {{{kind}}} {name if required else f'[{name}]'}\n" for name, kind, required in parameters(each)
    )
    return f"\n  /**\n{lines}\n   *\n{listed}   * @returns {{{returns}}}\n   */\n"


def call(each: Operation) -> str:
    names = [name for name, _, _ in parameters(each)]
    answer = {None: "void", "bytes": "Uint8Array"}.get(each.answer, f'import("../types/api.js").{each.answer}')
    parts = [f'method: "{each.method}"', f'path: "{each.path}"']
    if each.places:
        parts.append(f"places: {{ {', '.join(each.places)} }}")
    if each.query:
        parts.append("query")
    if each.body:
        parts.append("body: content" if each.body == "bytes" else "body")
    if each.has_key:
        parts.append("hasKey: true")
    if each.repeatable:
        parts.append("repeatable: true")
    form = {None: "nothing", "bytes": "bytes"}.get(each.answer, "json")
    parts.append(f'answer: "{form}"')
    what = "{ " + ", ".join(parts) + " }"
    if len(what) > 84:
        what = "{\n      " + ",\n      ".join(parts) + ",\n    }"
    return documented(f"{each.summary}. {each.text}", each, f"Promise<{answer}>") + (
        f"  {each.id}({', '.join(names)}) {{\n    return this.call({what}, options);\n  }}\n"
    )


def iterator(of: Description, each: Operation) -> str:
    assert each.pages
    names = [name for name, _, _ in parameters(each)]
    items, parameter, where = each.pages
    inner = ", ".join(name for name in names if name not in ("query", "options"))
    lead = f"{inner}, " if inner else ""
    path = ", ".join(f'"{part}"' for part in where)
    text = f"{each.summary}: one after the other, from as many pages as there are."
    kind = f'AsyncGenerator<import("../types/api.js").{of.item(each)}, void, undefined>'
    return documented(text, each, kind) + (
        f"  {each.iterator}({', '.join(names)}) {{\n"
        f"    return this.pages((next) => this.{each.id}({lead}next, options), query, "
        f'"{items}", "{parameter}", [{path}]);\n  }}\n'
    )
