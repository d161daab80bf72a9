#!/usr/bin/env python3
"""Converts a bulk export of Mattermost into lines that `parlor import` reads.

    tools/import/mattermost.py export.jsonl > history.jsonl
    parlor import history.jsonl

The file is what `mmctl export` writes: the JSONL file, or the ZIP file that it is in. Its
format: https://docs.mattermost.com/onboard/bulk-loading-data-format.html

Users are called by their usernames, rooms `team:channel`; direct channels become direct
rooms, or private ones where there are more than two. Posts, replies, reactions, pins and
how far members have looked are kept. A message has the names of its files; with `--files` they
are attachments, to be imported from the folder `data` of the unpacked ZIP file:

    tools/import/mattermost.py export.zip --files > history.jsonl
    parlor import history.jsonl --files unpacked/data
"""

import hashlib
import json
import re
import zipfile
from pathlib import Path

from lines import parlor_id, run, time_of_ms


def lines_of(path):
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            name = next(name for name in packed.namelist() if name.endswith(".jsonl"))
            with packed.open(name) as lines:
                yield from (json.loads(line) for line in lines if line.strip())
    else:
        with Path(path).open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.strip())


def room_of(team, channel):
    return parlor_id(f"{team}:{channel}")


def direct_of(members):
    return parlor_id("direct:" + ":".join(sorted(members)))


def user(archive, line):
    name = line.get("nickname") or f"{line.get('first_name', '')} {line.get('last_name', '')}"
    user_id = parlor_id(line["username"])
    archive.user(
        user_id,
        name=name.strip()[:100],
        custom={"email": line["email"]} if line.get("email") else None,
        deactivated_at=time_of_ms(line["delete_at"]) if line.get("delete_at") else None,
    )
    for team in line.get("teams") or []:
        for channel in team.get("channels") or []:
            room = room_of(team["name"], channel["name"])
            roles = channel.get("roles", "")
            role = "moderator" if "channel_admin" in roles else None
            archive.member(room, user_id, role="read_only" if "guest" in roles else role)
            if channel.get("last_viewed_at"):
                archive.read(room, user_id, channel["last_viewed_at"])


def channel(archive, line):
    archive.room(
        room_of(line["team"], line["name"]),
        "public" if line.get("type") == "O" else "private",
        title=line.get("display_name", "")[:200],
        topic=(line.get("header") or line.get("purpose") or "").replace("\n", " ")[:1000],
        ownerless=True,
    )


def direct_channel(archive, line):
    viewed = {one["username"]: one.get("last_viewed_at") for one in line.get("participants") or []}
    members = list(dict.fromkeys([*(line.get("members") or []), *viewed]))
    ids = [parlor_id(member) for member in members]
    room, is_pair = direct_of(members), len(members) == 2
    archive.room(
        room, "direct" if is_pair else "private",
        users=ids if is_pair else None, ownerless=not is_pair,
        topic=(line.get("header") or "").replace("\n", " ")[:1000],
    )
    for name, user_id in zip(members, ids):
        archive.member(room, user_id)
        if viewed.get(name):
            archive.read(room, user_id, viewed[name])


def post(archive, room, line, root=None):
    """A post has no id of its own: it is known by its user, its time and what it says."""
    said = f"{line['user']}\n{line.get('message', '')}\n{root}"
    message_id = f"{line['create_at']}:{hashlib.sha256(said.encode()).hexdigest()[:16]}"
    text = line.get("message", "")
    names = [(attached["path"], Path(attached["path"]).name)
             for attached in line.get("attachments") or []]
    attachments, others = archive.files([({"file": path}, name) for path, name in names])
    text += others
    is_notice = (line.get("type") or "").startswith("system_")
    if is_notice or not (text.strip() or attachments):
        archive.leave_out("notices and posts without a text")
        return
    user_id, at = parlor_id(line["user"]), line["create_at"]
    mentioned = [parlor_id(name) for name in re.findall(r"(?<!\w)@([a-z0-9._-]+)", text)]
    everyone = {"channel", "all", "here"}
    users = [name for name in dict.fromkeys(mentioned) if archive.has_user(name)]
    mentions = {"users": users, "room": bool(everyone & set(re.findall(r"@(\w+)", text)))}
    archive.message(
        room, message_id, user_id, at,
        content=text.strip(),
        attachments=attachments,
        thread_id=root,
        edited_at=time_of_ms(line["edit_at"]) if line.get("edit_at") else None,
        mentions={name: value for name, value in mentions.items() if value},
        pinned={"at": time_of_ms(at), "by": user_id} if line.get("is_pinned") else None,
    )
    for reaction in line.get("reactions") or []:
        who, name = parlor_id(reaction["user"]), reaction["emoji_name"]
        archive.reaction(room, message_id, who, name, reaction.get("create_at"))
    for reply in line.get("replies") or []:
        post(archive, room, reply, root or message_id)


def convert(path, archive):
    for line in lines_of(path):
        kind = line["type"]
        what = line.get(kind)
        if kind == "user":
            user(archive, what)
        elif kind == "channel":
            channel(archive, what)
        elif kind == "direct_channel":
            direct_channel(archive, what)
        elif kind == "post":
            post(archive, room_of(what["team"], what["channel"]), what)
        elif kind == "direct_post":
            post(archive, direct_of(what["channel_members"]), what)
        elif kind not in ("version", "info", "team", "scheme", "role"):
            archive.leave_out(f"lines of the type {kind}")


if __name__ == "__main__":
    run(__doc__.split("\n")[0], "the JSONL file, or the ZIP file that it is in", convert)
