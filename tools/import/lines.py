"""What the converters share: the lines that `parlor import` reads (docs/IMPORT.md).

Python's own library is enough. What is read is put in order in a temporary database,
so that an export of any size needs no more memory than a small one.
"""

import argparse
import hashlib
import json
import re
import sqlite3
import sys
import tempfile
from datetime import datetime, timezone

# What a message may have.
FILES_MAX = 10
URL_BYTES = 2_048
PATH_BYTES = 512

# Names of emoji as several products use them; the others stay names, such as `:party:`.
EMOJI = {
    "+1": "👍", "thumbsup": "👍", "like": "👍", "-1": "👎", "thumbsdown": "👎", "heart": "❤️",
    "love": "❤️", "joy": "😂", "haha": "😂", "laughing": "😆", "smile": "😄", "grinning": "😀",
    "slightly_smiling_face": "🙂", "wink": "😉", "open_mouth": "😮", "wow": "😮", "cry": "😢",
    "sad": "😢", "sob": "😭", "rage": "😡", "angry": "😡", "thinking_face": "🤔", "thinking": "🤔",
    "eyes": "👀", "tada": "🎉", "fire": "🔥", "rocket": "🚀", "100": "💯", "clap": "👏",
    "pray": "🙏", "raised_hands": "🙌", "wave": "👋", "ok_hand": "👌", "muscle": "💪",
    "white_check_mark": "✅", "heavy_check_mark": "✔️", "x": "❌", "heavy_plus_sign": "➕",
    "warning": "⚠️", "question": "❓", "exclamation": "❗", "bulb": "💡", "star": "⭐",
    "sunglasses": "😎", "scream": "😱", "see_no_evil": "🙈", "coffee": "☕", "beers": "🍻",
}
SKIN_TONES = {str(n): chr(0x1F3F9 + n) for n in range(2, 7)}
RESERVED = {"room", "here", "all", "channel", "everyone", "direct"}


def parlor_id(text):
    """The text as an id that Parlor takes: itself, or what is left of it and a hash."""
    if re.fullmatch(r"[A-Za-z0-9._:@+~=|-]{1,64}", text) and text.strip("."):
        if text.lower() not in RESERVED:
            return text
    rest = re.sub(r"[^A-Za-z0-9._:@+~=|-]", "-", text)[:40]
    return f"{rest}~{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def emoji(name):
    name, _, tone = name.partition("::skin-tone-")
    found = EMOJI.get(name)
    return (found + SKIN_TONES.get(tone, "")) if found else f":{name}:"


def time_of_ms(ms):
    return (
        datetime.fromtimestamp(ms / 1000, timezone.utc).isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def ms_of_time(text):
    """Of a time as JSON has it, with any number of digits behind the second."""
    match = re.fullmatch(r"(.{19})(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", text)
    if not match:
        raise ValueError(f"{text!r} is no time")
    second, digits, zone = match.groups()
    whole = datetime.fromisoformat(second + ("+00:00" if zone == "Z" else zone))
    return round(whole.timestamp()) * 1000 + int(((digits or "") + "000")[:3])


def without_empty(fields):
    return {name: value for name, value in fields.items() if value not in (None, "", [], {}, False)}


def is_importable(attachment):
    """Whether an import takes it: one that it does not has the whole line refused."""
    url, path = attachment.get("url"), attachment.get("file")
    if url:
        is_web = url.startswith(("https://", "http://")) and "\0" not in url
        return is_web and len(url.encode()) <= URL_BYTES
    parts = path.split("/")
    return len(path.encode()) <= PATH_BYTES and not {"", ".", ".."}.intersection(parts)


class Archive:
    """Takes users, rooms and what is in them in any order, and writes them in the right one."""

    def __init__(self, takes_files=False):
        self.takes_files = takes_files
        self.file = tempfile.NamedTemporaryFile(prefix="parlor-import-")
        self.db = sqlite3.connect(self.file.name)
        self.db.executescript(
            """
            PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
            CREATE TABLE users (id TEXT PRIMARY KEY, line TEXT);
            CREATE TABLE rooms (id TEXT PRIMARY KEY, line TEXT);
            CREATE TABLE members (room TEXT, id TEXT, line TEXT, PRIMARY KEY (room, id));
            CREATE TABLE messages (room TEXT, at INTEGER, n INTEGER PRIMARY KEY, id TEXT, line TEXT);
            CREATE INDEX in_order ON messages (room, at, n);
            CREATE UNIQUE INDEX once ON messages (room, id);
            CREATE TABLE reactions (room TEXT, message TEXT, line TEXT);
            CREATE INDEX of_message ON reactions (room, message);
            CREATE TABLE reads (room TEXT, user TEXT, at INTEGER, PRIMARY KEY (room, user));
            """
        )
        self.left_out = {}

    def leave_out(self, what):
        self.left_out[what] = self.left_out.get(what, 0) + 1

    def _put(self, table, *values):
        places = ", ".join("?" * len(values))
        self.db.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", values)

    def user(self, user_id, **fields):
        """The first that is said of a user counts."""
        line = {"type": "user", "user_id": user_id, **without_empty(fields)}
        self._put("users", user_id, json.dumps(line, ensure_ascii=False))

    def has_user(self, user_id):
        return bool(self.db.execute("SELECT 1 FROM users WHERE id = ?", (user_id,)).fetchone())

    def room(self, room_id, kind, **fields):
        line = {"type": "room", "room_id": room_id, "kind": kind, **without_empty(fields)}
        self._put("rooms", room_id, json.dumps(line, ensure_ascii=False))

    def member(self, room_id, user_id, **fields):
        line = {"type": "member", "room_id": room_id, "user_id": user_id, **without_empty(fields)}
        self._put("members", room_id, user_id, json.dumps(line, ensure_ascii=False))

    def files(self, files):
        """The attachments of a message, and the text in the place of those that are none.

        Each is given as the import takes it (None: it cannot), and as a text.
        """
        attachments, text = [], ""
        for attachment, link in files:
            is_taken = self.takes_files and attachment and is_importable(attachment)
            if is_taken and len(attachments) < FILES_MAX:
                attachments.append(without_empty(attachment))
            else:
                text += f"\n{link}"
        return attachments, text

    def message(self, room_id, message_id, user_id, at, **fields):
        line = {
            "type": "message", "room_id": room_id, "message_id": message_id, "user_id": user_id,
            "created_at": time_of_ms(at), **without_empty(fields),
        }
        self._put("messages", room_id, at, None, message_id, json.dumps(line, ensure_ascii=False))

    def reaction(self, room_id, message_id, user_id, name, at=None):
        line = {
            "type": "reaction", "room_id": room_id, "message_id": message_id, "user_id": user_id,
            "emoji": emoji(name), **({"created_at": time_of_ms(at)} if at else {}),
        }
        self._put("reactions", room_id, message_id, json.dumps(line, ensure_ascii=False))

    def read(self, room_id, user_id, at):
        """The user has read all that was said up to then."""
        self._put("reads", room_id, user_id, at)

    def write(self, out, mark_read):
        """`mark_read`: the members have read all, where nothing else is known."""
        out.write('{"type": "parlor", "version": 1}\n')
        self._lines(out, "SELECT line FROM users ORDER BY rowid")
        for (room,) in self.db.execute("SELECT id FROM rooms ORDER BY rowid").fetchall():
            self._lines(out, "SELECT line FROM rooms WHERE id = ?", room)
            self._lines(out, "SELECT line FROM members WHERE room = ? ORDER BY rowid", room)
            messages = self.db.execute(
                "SELECT id, line FROM messages WHERE room = ? ORDER BY at, n", (room,)
            )
            for message, line in messages:
                out.write(line + "\n")
                self._lines(
                    out,
                    "SELECT line FROM reactions WHERE room = ? AND message = ? ORDER BY rowid",
                    room, message,
                )
            self._marks(out, room, mark_read)
        for what, count in sorted(self.left_out.items()):
            print(f"left out: {count} {what}", file=sys.stderr)

    def _lines(self, out, query, *values):
        for (line,) in self.db.execute(query, values):
            out.write(line + "\n")

    def _marks(self, out, room, mark_read):
        marks = self.db.execute(
            """SELECT members.id, reads.at FROM members
               LEFT JOIN reads ON reads.room = members.room AND reads.user = members.id
               WHERE members.room = ? ORDER BY members.rowid""",
            (room,),
        )
        for user, at in marks.fetchall():
            if at is None and not mark_read:
                continue
            last = self.db.execute(
                """SELECT id, at FROM messages WHERE room = ? AND at <= ?
                   ORDER BY at DESC, n DESC LIMIT 1""",
                (room, 1 << 62 if at is None else at),
            ).fetchone()
            if last:
                line = {
                    "type": "read", "room_id": room, "user_id": user, "message_id": last[0],
                    "read_at": time_of_ms(last[1] if at is None else at),
                }
                out.write(json.dumps(line) + "\n")


def run(description, file_help, convert):
    """The command line of a converter: `convert` reads a path into an archive."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("file", help=file_help)
    parser.add_argument("--out", help="where the lines go; by default, standard output")
    parser.add_argument(
        "--mark-read", action="store_true",
        help="members have read everything, where nothing else is known",
    )
    parser.add_argument(
        "--files", action="store_true",
        help="files become attachments, which the import reads or downloads, instead of links",
    )
    arguments = parser.parse_args()
    archive = Archive(takes_files=arguments.files)
    convert(arguments.file, archive)
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as out:
            archive.write(out, arguments.mark_read)
    else:
        sys.stdout.reconfigure(encoding="utf-8")
        archive.write(sys.stdout, arguments.mark_read)
