"""Types and calls in Python."""

from __future__ import annotations

import keyword
import re
from textwrap import fill

from description import Description, Field, Operation, Schema, is_json, reference

HEAD = '"""{what}\n\nMade by `sdk/generate` from the description of REST: do not edit."""\n\n'
PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def files(of: Description) -> dict[str, str]:
    return {
        "types.py": types(of),
        "_calls.py": calls(of),
        "_methods.py": methods(of),
    }


def type_of(schema: Schema, scope: str = "", sent: bool = False) -> str:
    """What stands for a schema; `sent` is what the application says."""
    if "$ref" in schema:
        return scope + reference(schema)
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr_of, schema['enum']))}]"
    either = schema.get("anyOf") or schema.get("oneOf")
    if either:
        return union([type_of(each, scope, sent) for each in either])
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return union([type_of({**schema, "type": kind}, scope, sent) for kind in kinds])
    if kinds == "array":
        return f"{'Sequence' if sent else 'List'}[{type_of(schema['items'], scope, sent)}]"
    if kinds == "object" or is_json(schema):
        values = schema.get("additionalProperties", True)
        inner = "Any" if isinstance(values, bool) else type_of(values, scope, sent)
        return f"{'Mapping' if sent else 'Dict'}[str, {inner}]"
    if kinds == "string" and schema.get("format") == "date-time" and sent:
        return "Union[str, datetime]"
    return PLAIN.get(kinds or "", "Any")


def union(types: list[str]) -> str:
    return f"Union[{', '.join(types)}]"


def repr_of(text: str) -> str:
    return f'"{text}"'


def types(of: Description) -> str:
    lines = [
        HEAD.format(what="What the server answers, and parts of what it is asked."),
        "from __future__ import annotations\n\n",
        "from typing import Any, Dict, List, Literal, TypedDict, Union\n",
    ]
    asked = {each.body for each in of.operations}
    for name, schema in of.schemas.items():
        # What is asked is given as arguments.
        if name in asked:
            continue
        doc = doc_of(schema.get("description", ""), 4)
        if "properties" not in schema:
            lines.append(f"\n{name} = {type_of(schema)}\n" + (doc_of(schema.get("description", ""), 0)))
            continue
        fields = of.fields(name)
        if any(keyword.iskeyword(field.name) for field in fields):
            lines.append(by_texts(name, fields) + doc_of(schema.get("description", ""), 0))
            continue
        must = [field for field in fields if field.required]
        may = [field for field in fields if not field.required]
        if may and must:
            lines.append(f"\n\nclass _{name}(TypedDict):\n{members(must)}")
            lines.append(f"\n\nclass {name}(_{name}, total=False):\n{doc}{gap(doc)}{members(may)}")
        else:
            total = ", total=False" if may else ""
            lines.append(f"\n\nclass {name}(TypedDict{total}):\n{doc}{gap(doc)}{members(fields)}")
    return "".join(lines)


def by_texts(name: str, fields: list[Field]) -> str:
    """A type with a field whose name no class can have (PEP 589, "Alternative Syntax")."""
    (required,) = {field.required for field in fields}
    total = "" if required else "    total=False,\n"
    given = "".join(f'        "{field.name}": {type_of(field.schema)!r},\n' for field in fields)
    return f'\n\n{name} = TypedDict(\n    "{name}",\n    {{\n{given}    }},\n{total})\n'


def gap(doc: str) -> str:
    return "\n" if doc else ""


def members(fields: list[Field]) -> str:
    return "".join(
        f"    {field.name}: {type_of(field.schema)}\n{doc_of(field.text, 4)}" for field in fields
    )


def doc_of(text: str, indent: int) -> str:
    if not text:
        return ""
    text = " ".join(text.split()).replace("\\", "\\\\")
    space = " " * indent
    end = " " if text.endswith('"') else ""
    return fill(f'"""{text}{end}"""', 96, initial_indent=space, subsequent_indent=space) + "\n"


def calls(of: Description) -> str:
    lines = [
        HEAD.format(what="All calls of REST, described and not yet made."),
        "from __future__ import annotations\n\n",
        "from datetime import datetime\n",
        "from typing import Any, Dict, Literal, Mapping, Sequence, Union\n\n",
        "from . import types\n",
        "from ._call import UNSET, Call, Pages, Unset, pages, path\n",
    ]
    for each in of.operations:
        lines.append(call(of, each))
        if each.pages:
            lines.append(iterator(of, each))
    return "".join(lines)


def arguments(of: Description, each: Operation) -> tuple[list[str], list[Field], list[Field]]:
    """Those by place, then those by name: of the query and of the body."""
    # Ids that the server has given are numbers in some answers.
    places = [f"{place}: {'Union[str, int]' if place == 'id' else 'str'}" for place in each.places]
    if each.body == "bytes":
        places.append("content: bytes")
    body = of.fields(each.body) if each.body not in (None, "bytes") else []
    return places, each.query, sorted(body, key=lambda field: not field.required)


def signature(of: Description, each: Operation) -> str:
    places, query, body = arguments(of, each)
    named = [argument(field) for field in [*query, *body]]
    if each.has_key:
        named.append("idempotency_key: Union[str, Unset] = UNSET")
    parts = [*places, *(["*", *named] if named else [])]
    one = ", ".join(parts)
    return f"({one})" if len(one) < 60 else "(\n    " + ",\n    ".join(parts) + ",\n)"


def argument(field: Field) -> str:
    kind = type_of(field.schema, "types.", sent=True)
    if field.required:
        return f"{snake(field.name)}: {kind}"
    inner = kind.removeprefix("Union[").removesuffix("]") if kind.startswith("Union[") else kind
    return f"{snake(field.name)}: Union[{inner}, Unset] = UNSET"


def call(of: Description, each: Operation) -> str:
    places, query, body = arguments(of, each)
    answer = {None: "None", "bytes": "bytes"}.get(each.answer, f"types.{each.answer}")
    where = [f'"{each.path}"', *(f"{place}={place}" for place in each.places)]
    rest = [f'"{each.method}"', f"path({', '.join(where)})"]
    if query:
        rest.append(f"query={values(query)}")
    if body:
        rest.append(f"body={values(body)}")
    elif each.body == "bytes":
        rest.append("body=content")
    if each.has_key:
        has_own = any(field.name == "client_id" for field in body)
        rest.append("key=" + ("idempotency_key if client_id is UNSET else None" if has_own else "idempotency_key"))
    if each.repeatable:
        rest.append("repeatable=True")
    form = {None: "nothing", "bytes": "bytes"}.get(each.answer, "json")
    rest.append(f'answer="{form}"')
    inner = "".join(f"        {part},\n" for part in rest)
    text = text_of(each, [*query, *body])
    return f"\n\ndef {snake(each.id)}{signature(of, each)} -> Call[{answer}]:\n{text}    return Call(\n{inner}    )\n"


def iterator(of: Description, each: Operation) -> str:
    assert each.pages
    places, query, _ = arguments(of, each)
    items, parameter, where = each.pages
    given = [f"{place}={place}" for place in each.places]
    given += [f"{snake(field.name)}={snake(field.name)}" for field in query]
    made = f"{snake(each.id)}({', '.join(given)})"
    if len(made) > 80:
        made = f"{snake(each.id)}(\n            " + ",\n            ".join(given) + ",\n        )"
    place = " ".join(f'"{part}",' for part in where)
    text = doc_of(f"{each.summary}: one after the other, from as many pages as there are.", 4)
    return (
        f"\n\ndef {snake(each.iterator)}{signature(of, each)} -> Pages[types.{of.item(each)}]:\n{text}"
        f"    return pages(\n        {made},\n"
        f'        "{items}",\n        "{parameter}",\n        ({place}),\n    )\n'
    )


def values(fields: list[Field]) -> str:
    pairs = [f'"{field.name}": {snake(field.name)}' for field in fields]
    one = "{" + ", ".join(pairs) + "}"
    return one if len(one) < 75 else "{\n            " + ",\n            ".join(pairs) + ",\n        }"


def text_of(each: Operation, fields: list[Field]) -> str:
    told = [field for field in fields if field.text]
    text = doc_of(f"{each.summary}. {each.text}", 4)
    if not told:
        return text
    listed = "".join(
        fill(f"{snake(field.name)}: {field.text}", 96, initial_indent="    - ", subsequent_indent="      ") + "\n"
        for field in told
    ).replace("\\", "\\\\")
    return text.rstrip().removesuffix('"""').rstrip() + f'\n\n{listed}    """\n'


def methods(of: Description) -> str:
    names = [(snake(each.id), snake(each.iterator) if each.pages else None) for each in of.operations]

    def rows(call: str, every: str) -> str:
        return "".join(
            f"    {name} = {call}(_calls.{name})\n" + (f"    {all_} = {every}(_calls.{all_})\n" if all_ else "")
            for name, all_ in names
        )

    return (
        HEAD.format(what="All calls as methods.")
        + "from __future__ import annotations\n\n"
        + "from . import _calls\n"
        + "from ._core import AsyncCore, SyncCore, awaited, awaited_pages, blocking, blocking_pages\n\n\n"
        + 'class SyncMethods(SyncCore):\n    """Each waits for the answer."""\n\n'
        + rows("blocking", "blocking_pages")
        + '\n\nclass AsyncMethods(AsyncCore):\n    """Each is awaited."""\n\n'
        + rows("awaited", "awaited_pages")
    )


def snake(name: str) -> str:
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return name + "_" if keyword.iskeyword(name) else name
