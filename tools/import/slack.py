#!/usr/bin/env python3
"""Converts an export archive of Slack into lines that `parlor import` reads.

    tools/import/slack.py export.zip > history.jsonl
    parlor import history.jsonl

The archive is the ZIP file that Slack offers, as it is or unpacked. Its format:
https://slack.com/help/articles/220556107-How-to-read-Slack-data-exports

Users, public and private channels, direct messages and those of groups become users and
rooms with the ids that Slack has given them; threads, reactions, edits and mentions are
kept. Files stay where they are: a message has their names and links. Notices such as
"has joined the channel" are left out.
"""

import html
import json
import re
import zipfile
from pathlib import Path

from lines import parlor_id, run, time_of_ms

# Subtypes of messages that somebody wrote.
SAID = {None, "bot_message", "file_share", "me_message", "thread_broadcast", "file_comment",
        "reply_broadcast", "tombstone"}
# The files that list rooms, and of what kind these are.
LISTS = {"channels.json": "public", "groups.json": "private", "mpims.json": "private",
         "dms.json": "direct"}


class Files:
    """An archive's files, packed or unpacked."""

    def __init__(self, path):
        self.zip = zipfile.ZipFile(path) if Path(path).is_file() else None
        self.folder = Path(path)
        names = (
            self.zip.namelist() if self.zip
            else [str(file.relative_to(path)) for file in self.folder.rglob("*.json")]
        )
        self.names = sorted(name for name in names if name.endswith(".json"))

    def json(self, name):
        if name not in self.names:
            return []
        text = self.zip.read(name) if self.zip else (self.folder / name).read_bytes()
        return json.loads(text)

    def days_of(self, channel):
        """The messages of a channel's folder, oldest day first."""
        for name in self.names:
            if name.rsplit("/", 1)[0] == channel:
                yield from self.json(name)


def ms(ts):
    """Of a time in seconds, which is what Slack calls a message by."""
    return round(float(ts) * 1000)


def user(archive, line):
    profile = line.get("profile", {})
    name = profile.get("display_name") or profile.get("real_name") or line.get("real_name")
    archive.user(
        parlor_id(line["id"]),
        name=(name or line.get("name", ""))[:100],
        avatar_url=profile.get("image_512") or profile.get("image_192"),
        custom={"email": profile["email"]} if profile.get("email") else None,
        deactivated_at=time_of_ms(line.get("updated", 0) * 1000) if line.get("deleted") else None,
    )


def room(archive, line, kind):
    """Gives the room's id, and the name of its folder."""
    room_id = parlor_id(line["id"])
    members = [parlor_id(member) for member in dict.fromkeys(line.get("members", []))]
    for member in members:
        archive.user(member)
    if kind == "direct" and len(members) != 2:
        kind = "private"
    creator = parlor_id(line["creator"]) if line.get("creator") else None
    archive.room(
        room_id, kind,
        title="" if kind == "direct" else line.get("name", ""),
        topic=html.unescape((line.get("topic") or {}).get("value", "")).replace("\n", " ")[:1000],
        users=members if kind == "direct" else None,
        rules={"frozen": True} if line.get("is_archived") else None,
        ownerless=kind != "direct" and creator not in members,
        created_at=time_of_ms(line["created"] * 1000) if line.get("created") else None,
    )
    for member in members:
        is_owner = member == creator and kind != "direct"
        archive.member(room_id, member, role="owner" if is_owner else None)
    return room_id, line["id"] if kind == "direct" else line.get("name", line["id"])


def plain(text):
    """What Slack writes with its own marks, as people read it; and who is mentioned."""
    users, everyone = [], False

    def mark(match):
        nonlocal everyone
        target, _, label = match.group(1).partition("|")
        if target.startswith("@"):
            users.append(parlor_id(target[1:]))
            return f"@{users[-1]}"
        if target.startswith("#"):
            return f"#{label or target[1:]}"
        if target.startswith("!"):
            everyone = everyone or target in ("!channel", "!here", "!everyone")
            return "@room" if everyone and "!sub" not in target else (label or target[1:])
        return target if not label or label == target else f"{label} ({target})"

    text = html.unescape(re.sub(r"<([^<>]+)>", mark, text))
    return text, {"users": list(dict.fromkeys(users)), "room": everyone}


def sender(archive, line):
    if line.get("user"):
        sender = parlor_id(line["user"])
        archive.user(sender, name=(line.get("user_profile") or {}).get("real_name"))
        return sender
    name = line.get("username") or line.get("bot_id") or "bot"
    bot = parlor_id("bot:" + (line.get("bot_id") or name))
    archive.user(bot, name=name[:100])
    return bot


def file_of(file):
    name = file.get("name") or file.get("title") or "file"
    # With the token that the export's links have; it can be taken back.
    url = file.get("url_private_download") or file.get("url_private")
    link = file.get("permalink") or file.get("url_private") or ""
    # Files of other services are pages that ask for a sign-in.
    is_here = url and not file.get("is_external")
    return ({"url": url, "name": name} if is_here else None), f"{name} {link}"


def message(archive, room_id, line):
    ts, thread = line.get("ts"), line.get("thread_ts")
    if line.get("type") != "message" or line.get("subtype") not in SAID or not ts:
        archive.leave_out("notices")
        return
    text, mentions = plain(line.get("text", ""))
    attachments, links = archive.files([file_of(file) for file in line.get("files") or []])
    text += links
    for attached in line.get("attachments") or []:
        text += "\n" + plain(attached.get("text") or attached.get("fallback") or "")[0]
    is_gone = line.get("subtype") == "tombstone"
    if not text.strip() and not attachments and not is_gone:
        archive.leave_out("messages without a text")
        return
    archive.message(
        room_id, ts, sender(archive, line), ms(ts),
        content=None if is_gone else text.strip(),
        attachments=None if is_gone else attachments,
        thread_id=thread if thread and thread != ts else None,
        in_room=line.get("subtype") == "thread_broadcast",
        edited_at=time_of_ms(ms(line["edited"]["ts"])) if line.get("edited") else None,
        deleted_at=time_of_ms(ms(ts)) if is_gone else None,
        mentions={name: value for name, value in mentions.items() if value},
    )
    for reaction in [] if is_gone else line.get("reactions") or []:
        for who in reaction.get("users", []):
            archive.user(parlor_id(who))
            archive.reaction(room_id, ts, parlor_id(who), reaction["name"])


def convert(path, archive):
    files = Files(path)
    for line in files.json("users.json") or files.json("org_users.json"):
        user(archive, line)
    for name, kind in LISTS.items():
        for line in files.json(name):
            room_id, folder = room(archive, line, kind)
            for said in files.days_of(folder):
                message(archive, room_id, said)


if __name__ == "__main__":
    run(__doc__.split("\n")[0], "the archive: a ZIP file, or the folder of an unpacked one", convert)
