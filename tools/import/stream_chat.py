#!/usr/bin/env python3
"""Converts an export of Stream Chat into lines that `parlor import` reads.

    tools/import/stream_chat.py export.json > history.jsonl
    parlor import history.jsonl

The file is what the export of channels gives: JSON as Stream's API has it (version 1: the
channels, each with its messages, members and reads), or a line for each of them (version
2). Its format: https://getstream.io/chat/docs/node/exporting_channels/

Channels become rooms that are called by their `cid`, `messaging:general`. Messages keep
their ids; threads, quotes, reactions, mentions, pins and read marks are kept. Attachments
stay where they are: a message has their links.
"""

import json

from lines import ms_of_time, parlor_id, run, time_of_ms

# What Stream knows of a user or channel besides what the application has put there.
OWN = {"id", "name", "image", "role", "roles", "teams", "created_at", "updated_at", "deleted_at",
       "last_active", "online", "banned", "devices", "mutes", "language", "invisible", "cid", "type",
       "config", "created_by", "member_count", "last_message_at", "frozen", "disabled", "hidden",
       "own_capabilities", "truncated_at", "truncated_by", "message_count", "team", "members",
       "created_by_id", "blocked_user_ids", "total_unread_count", "unread_channels", "unread_count",
       "shadow_banned", "deactivated_at", "revoke_tokens_issued_before", "privacy_settings"}


def documents(path):
    """The parts of an export, each with its type."""
    with open(path, encoding="utf-8") as file:
        first = file.readline()
        file.seek(0)
        try:
            is_lines = "type" in json.loads(first)
        except (ValueError, TypeError):
            is_lines = False
        if is_lines:
            for line in file:
                if line.strip():
                    one = json.loads(line)
                    yield one["type"], one.get("item") or one.get("data") or one.get(one["type"])
            return
        whole = json.load(file)
    channels = whole.get("channels", [whole]) if isinstance(whole, dict) else whole
    for state in channels:
        channel = state.get("channel", state)
        yield "channel", channel
        of = {"channel_type": channel["type"], "channel_id": channel["id"]}
        for kind, name in (("member", "members"), ("message", "messages"), ("read", "reads"),
                           ("read", "read")):
            for one in state.get(name) or []:
                yield kind, {**of, **one}


def at(text):
    return time_of_ms(ms_of_time(text)) if text else None


def room_of(line):
    cid = line.get("cid") or line.get("channel_cid")
    return parlor_id(cid or f"{line['channel_type']}:{line['channel_id']}")


def custom(line):
    return {name: value for name, value in line.items() if name not in OWN and value is not None}


def user(archive, line):
    """A user as an object, or by the id alone; gives the id."""
    if line is None:
        return None
    if isinstance(line, str):
        archive.user(parlor_id(line))
        return parlor_id(line)
    archive.user(
        parlor_id(line["id"]),
        name=(line.get("name") or "")[:100],
        avatar_url=line.get("image"),
        custom=custom(line),
        created_at=at(line.get("created_at")),
        deactivated_at=at(line.get("deactivated_at")),
    )
    return parlor_id(line["id"])


def channel(archive, line):
    cid = line.get("cid") or f"{line['type']}:{line['id']}"
    maker = user(archive, line.get("created_by") or line.get("created_by_id"))
    archive.room(
        parlor_id(cid), "public" if line["type"] == "livestream" else "private",
        title=(line.get("name") or "")[:200],
        custom=custom(line),
        rules={"frozen": True} if line.get("frozen") else None,
        ownerless=True,
        made_by=maker,
        created_at=at(line.get("created_at")),
    )


def member(archive, line):
    role = line.get("channel_role") or line.get("role") or ""
    role = "owner" if role == "owner" else "moderator" if "moderator" in role else None
    archive.member(
        room_of(line), user(archive, line.get("user") or line["user_id"]),
        role=role, joined_at=at(line.get("created_at")),
    )


def file_of(attached):
    name = attached.get("title") or attached.get("fallback") or ""
    url = attached.get("asset_url") or attached.get("image_url")
    # What is shown of another site is a link, and no file.
    is_file = url and not attached.get("og_scrape_url")
    link = url or attached.get("og_scrape_url")
    return ({"url": url, "name": name} if is_file else None), f"{name} {link}", link


def message(archive, line):
    room, sender = room_of(line), user(archive, line.get("user") or line.get("user_id"))
    text = line.get("text") or ""
    files = [file_of(attached) for attached in line.get("attachments") or []]
    attachments, links = archive.files([(file, shown) for file, shown, link in files
                                        if link and link not in text])
    text += links
    is_gone = bool(line.get("deleted_at") or line.get("type") == "deleted")
    if line.get("type") in ("system", "ephemeral", "error") or not (text.strip() or attachments or is_gone):
        archive.leave_out("notices and messages without a text")
        return
    mentioned = [user(archive, one) for one in
                 line.get("mentioned_users") or line.get("mentioned_users_ids") or []]
    archive.message(
        room, line["id"], sender, ms_of_time(line["created_at"]),
        content=None if is_gone else text.strip(),
        attachments=None if is_gone else attachments,
        edited_at=at(line.get("message_text_updated_at")),
        deleted_at=at(line.get("deleted_at") or line["created_at"]) if is_gone else None,
        reply_to=line.get("quoted_message_id"),
        thread_id=line.get("parent_id"),
        in_room=bool(line.get("parent_id") and line.get("show_in_channel")),
        mentions={"users": mentioned} if mentioned and not is_gone else None,
        pinned={"at": at(line.get("pinned_at") or line["created_at"]),
                "by": user(archive, line.get("pinned_by")) or sender}
        if line.get("pinned") and not is_gone else None,
    )
    for one in [] if is_gone else line.get("latest_reactions") or line.get("reactions") or []:
        reaction(archive, one, room)


def reaction(archive, line, room=None):
    when = line.get("created_at")
    archive.reaction(
        room or room_of(line), line["message_id"], user(archive, line.get("user") or line["user_id"]),
        line["type"], ms_of_time(when) if when else None,
    )


def read(archive, line):
    if line.get("last_read"):
        who = user(archive, line.get("user") or line["user_id"])
        archive.read(room_of(line), who, ms_of_time(line["last_read"]))


def convert(path, archive):
    takes = {"user": user, "channel": channel, "member": member, "message": message,
             "reaction": reaction, "read": read}
    for kind, line in documents(path):
        if kind in takes:
            takes[kind](archive, line)
        else:
            archive.leave_out(f"entries of the type {kind}")


if __name__ == "__main__":
    run(__doc__.split("\n")[0], "the file that Stream's export gives", convert)
