"""What the description of REST says, as the SDKs need it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

PREFIX = "/api/v1"

# An application's backend has no accounts here, and needs no descriptions.
LEFT_OUT = {"Accounts": {"getMe"}, "Descriptions": set()}

# Calls that may be made once more without doing anything twice, though they are
# POST and have no key of their own.
REPEATABLE = {
    "importLines", "openDirectRoomBetween", "upsertUsers", "deactivateUser", "reactivateUser", "disconnectUser",
    "disconnectRoom", "markAllRead", "revokeUserTokens", "revokeToken",
}

# How lists go on: the entries, the parameter, and where in the last entry its value
# is; without that it is in the page.
PAGES = {
    "listRooms": ("rooms", "cursor", ()),
    "listPins": ("messages", "cursor", ()),
    "searchMessages": ("results", "cursor", ()),
    "getUnread": ("rooms", "cursor", ()),
    "listDrafts": ("drafts", "cursor", ()),
    "listReports": ("reports", "cursor", ()),
    "listFollowedThreads": ("threads", "cursor", ()),
    "listSaved": ("saved", "cursor", ()),
    "listScheduled": ("scheduled", "cursor", ()),
    "listMembers": ("members", "after", ("user", "id")),
    "listRoomBans": ("bans", "after", ("user", "id")),
    "listRoomReceipts": ("receipts", "after", ("user_id",)),
    "listMessageReceipts": ("receipts", "after", ("user_id",)),
    "listReactions": ("reactions", "after", ("user_id",)),
    "listBlocks": ("users", "after", ("id",)),
    "listUsers": ("users", "after", ("id",)),
    "listConnections": ("connections", "after", ("connection_id",)),
    "listRoomConnections": ("connections", "after", ("connection_id",)),
    "listUserConnections": ("connections", "after", ("connection_id",)),
    "listApiKeys": ("api_keys", "after", ("id",)),
    "listDeadLetters": ("dead", "after", ("id",)),
    "listRoomEvents": ("events", "after", ("seq",)),
    "listInbox": ("events", "after", ("inbox_seq",)),
    "listThread": ("replies", "after", ("seq",)),
    "listAuditLog": ("entries", "before", ("id",)),
    # Older and older, or with `after` newer and newer: the SDKs know.
    "listMessages": ("messages", "before", ("seq",)),
}

Schema = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body."""

    name: str
    schema: Schema
    required: bool
    text: str


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    """With `{names}`, below `/api/v1`."""
    places: list[str]
    query: list[Field]
    has_key: bool
    """Whether it takes an `Idempotency-Key`."""
    body: str | None
    """The name of its type, or `bytes`."""
    body_required: bool
    answer: str | None
    """The same of what it is answered."""
    summary: str
    text: str

    @property
    def repeatable(self) -> bool:
        return self.method != "POST" or self.has_key or self.id in REPEATABLE

    @property
    def pages(self) -> tuple[str, str, tuple[str, ...]] | None:
        return PAGES.get(self.id)

    @property
    def iterator(self) -> str:
        """The name of the call that goes through all pages."""
        name = re.sub(r"^(list|get)", "", self.id)
        return "iter" + name[0].upper() + name[1:]


class Description:
    def __init__(self, document: dict[str, Any]) -> None:
        self.schemas: dict[str, Schema] = dict(document["components"]["schemas"])
        self._name_what_has_no_name()
        self.operations = [
            operation(path, method, stated)
            for path, methods in document["paths"].items()
            for method, stated in methods.items()
            if stated["operationId"] in LEFT_OUT.get(stated["tags"][0], {stated["operationId"]})
        ]
        self.operations.sort(key=lambda operation: operation.id)
        for each in self.operations:
            answer = self.schemas.get(each.answer or "", {})
            if "has_more" in answer.get("properties", {}) and each.pages is None:
                raise SystemExit(f"{each.id} has pages: PAGES in {__file__} must say how it goes on")
        self._keep_what_is_used()

    def fields(self, name: str) -> list[Field]:
        schema = self.schemas[name]
        required = set(schema.get("required", []))
        return [
            Field(name, of, name in required, one_line(of.get("description", "")))
            for name, of in schema.get("properties", {}).items()
        ]

    def item(self, operation: Operation) -> str:
        """The name of the type of what a list consists of."""
        assert operation.pages and operation.answer
        entries = self.schemas[operation.answer]["properties"][operation.pages[0]]
        return reference(entries["items"])

    def _name_what_has_no_name(self) -> None:
        """An object within a list gets a name, as it needs in every language."""
        for name, schema in list(self.schemas.items()):
            for field, of in schema.get("properties", {}).items():
                items = of.get("items", {})
                if "properties" in items:
                    own = name + field.title().removesuffix("s")
                    self.schemas[own] = items
                    of["items"] = {"$ref": f"#/components/schemas/{own}"}

    def _keep_what_is_used(self) -> None:
        used: set[str] = set()
        todo = [name for each in self.operations for name in (each.body, each.answer)]
        todo.append("ErrorCode")
        while todo:
            name = todo.pop()
            if name in self.schemas and name not in used:
                used.add(name)
                todo += re.findall(r"#/components/schemas/(\w+)", str(self.schemas[name]))
        self.schemas = {name: self.schemas[name] for name in sorted(used)}


def operation(path: str, method: str, stated: dict[str, Any]) -> Operation:
    parameters = stated.get("parameters", [])
    content = stated.get("requestBody", {}).get("content", {})
    answers = [of.get("content", {}) for status, of in stated["responses"].items() if status[0] == "2"]
    return Operation(
        id=stated["operationId"],
        method=method.upper(),
        path=path.removeprefix(PREFIX),
        places=[each["name"] for each in parameters if each["in"] == "path"],
        query=[
            Field(each["name"], each["schema"], each["required"], one_line(each.get("description", "")))
            for each in sorted(parameters, key=lambda each: not each["required"])
            if each["in"] == "query"
        ],
        has_key=any(each["name"] == "Idempotency-Key" for each in parameters),
        body=typed(content),
        body_required=stated.get("requestBody", {}).get("required", False),
        answer=typed(answers[0]),
        summary=stated["summary"],
        text=one_line(stated.get("description", "")),
    )


def typed(content: dict[str, Any]) -> str | None:
    if not content:
        return None
    return reference(content["application/json"]["schema"]) if "application/json" in content else "bytes"


def reference(schema: Schema) -> str:
    return schema["$ref"].rsplit("/", 1)[1]


def one_line(text: str) -> str:
    return " ".join(text.split())


def is_json(schema: Schema) -> bool:
    """Whether it is text that holds JSON, as an object in a query does."""
    return schema.get("contentMediaType") == "application/json"
