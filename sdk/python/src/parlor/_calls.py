"""All calls of REST, described and not yet made.

Made by `sdk/generate` from the description of REST: do not edit."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, Literal, Mapping, Sequence, Union

from . import types
from ._call import UNSET, Call, Pages, Unset, pages, path


def ack_inbox(*, inbox_seq: int) -> Call[None]:
    """Acknowledge inbox events. Says that the user's clients have all events up to a
    position."""
    return Call(
        "PUT",
        path("/inbox"),
        body={"inbox_seq": inbox_seq},
        repeatable=True,
        answer="nothing",
    )


def add_member(room: str, user: str) -> Call[types.Member]:
    """Add a member, or join. Adds a member, for moderators; or joins an open room, where the
    user is the one who asks. 201 if they are new."""
    return Call(
        "PUT",
        path("/rooms/{room}/members/{user}", room=room, user=user),
        repeatable=True,
        answer="json",
    )


def add_reaction(message: str, emoji: str) -> Call[types.Changed]:
    """Add a reaction. Adds an emoji, or a short text in its place. 200 if the user has reacted
    with it already."""
    return Call(
        "PUT",
        path("/messages/{message}/reactions/{emoji}", message=message, emoji=emoji),
        repeatable=True,
        answer="json",
    )


def ban_from_room(
    room: str,
    user: str,
    *,
    ban_seconds: Union[int, None, Unset] = UNSET,
    reason: Union[str, None, Unset] = UNSET,
    until: Union[Union[str, datetime], None, Unset] = UNSET,
) -> Call[None]:
    """Ban a user from a room. Removes a user and keeps them out: for some seconds, until a
    time, or for good. For moderators."""
    return Call(
        "PUT",
        path("/rooms/{room}/bans/{user}", room=room, user=user),
        body={"ban_seconds": ban_seconds, "reason": reason, "until": until},
        repeatable=True,
        answer="nothing",
    )


def ban_user(
    user: str,
    *,
    ban_seconds: Union[int, None, Unset] = UNSET,
    reason: Union[str, None, Unset] = UNSET,
    until: Union[Union[str, datetime], None, Unset] = UNSET,
) -> Call[None]:
    """Ban a user (admin). Ends the connections of a user and refuses their tokens: for some
    seconds, until a time, or for good. For administrators."""
    return Call(
        "PUT",
        path("/users/{user}/ban", user=user),
        body={"ban_seconds": ban_seconds, "reason": reason, "until": until},
        repeatable=True,
        answer="nothing",
    )


def block_user(user: str) -> Call[None]:
    """Block a user. Blocks a user: neither writes in their direct room any longer."""
    return Call(
        "PUT",
        path("/blocks/{user}", user=user),
        repeatable=True,
        answer="nothing",
    )


def cancel_scheduled(scheduled: str) -> Call[None]:
    """Cancel what is to be sent later. It is not sent, and gone with its files."""
    return Call(
        "DELETE",
        path("/scheduled/{scheduled}", scheduled=scheduled),
        repeatable=True,
        answer="nothing",
    )


def change_members(
    room: str,
    *,
    add: Union[Sequence[types.NamedMember], Unset] = UNSET,
    remove: Union[Sequence[str], Unset] = UNSET,
) -> Call[types.MembersChanged]:
    """Add and remove many members. Adds some members and removes others, up to 1,000 at once
    and in one transaction. The answer says for each what came of it: one who is refused keeps
    nobody else from coming. For moderators and services."""
    return Call(
        "POST",
        path("/rooms/{room}/members", room=room),
        body={"add": add, "remove": remove},
        answer="json",
    )


def change_scheduled(
    scheduled: str,
    *,
    content: Union[str, None, Unset] = UNSET,
    metadata: Union[Mapping[str, Any], None, Unset] = UNSET,
    send_at: Union[Union[str, datetime], None, Unset] = UNSET,
    send_in_seconds: Union[int, None, Unset] = UNSET,
) -> Call[types.Scheduled]:
    """Change what is to be sent later. Changes what is named and leaves the rest; `null`
    removes the metadata. What was refused is tried again: at its time, or at once where that is
    over.

    - metadata: `null` takes it away.
    """
    return Call(
        "PATCH",
        path("/scheduled/{scheduled}", scheduled=scheduled),
        body={
            "content": content,
            "metadata": metadata,
            "send_at": send_at,
            "send_in_seconds": send_in_seconds,
        },
        repeatable=True,
        answer="json",
    )


def clear_room(room: str) -> Call[None]:
    """Delete all messages. Deletes all messages of the room; the room stays. For the owner."""
    return Call(
        "DELETE",
        path("/rooms/{room}/messages", room=room),
        repeatable=True,
        answer="nothing",
    )


def count_connections() -> Call[types.ConnectionCount]:
    """Number of open connections (admin). How many connections are open on the node that is
    asked. For administrators."""
    return Call(
        "GET",
        path("/connections/count"),
        repeatable=True,
        answer="json",
    )


def count_messages(room: str) -> Call[types.MessageCount]:
    """Number of messages. How many messages the room has, without those that were deleted."""
    return Call(
        "GET",
        path("/rooms/{room}/messages/count", room=room),
        repeatable=True,
        answer="json",
    )


def count_room_connections(room: str) -> Call[types.ConnectionCount]:
    """Number of open connections (admin). How many connections hear the room, on the node that
    is asked. For administrators."""
    return Call(
        "GET",
        path("/rooms/{room}/connections/count", room=room),
        repeatable=True,
        answer="json",
    )


def count_user_connections(user: str) -> Call[types.ConnectionCount]:
    """Number of open connections (admin). How many connections a user has to the node that is
    asked. For administrators."""
    return Call(
        "GET",
        path("/users/{user}/connections/count", user=user),
        repeatable=True,
        answer="json",
    )


def create_api_key(
    *,
    name: str,
    role: Union[Literal["service", "admin"], None, Unset] = UNSET,
    scopes: Union[Sequence[Literal["rooms", "users", "messages", "events", "moderation"]], Unset] = UNSET,
) -> Call[types.ApiKey]:
    """Create an API key (admin). Makes a key for a backend. The answer is the only one that has
    the key itself. For administrators.

    - role: By default `service`, or none where there are scopes.
    - scopes: What it may do like an administrator.
    """
    return Call(
        "POST",
        path("/api-keys"),
        body={"name": name, "role": role, "scopes": scopes},
        answer="json",
    )


def create_room(
    *,
    custom: Union[Mapping[str, Any], None, Unset] = UNSET,
    kind: Union[Literal["public", "private", "announcement"], None, Unset] = UNSET,
    room_id: Union[str, None, Unset] = UNSET,
    title: Union[str, None, Unset] = UNSET,
    topic: Union[str, None, Unset] = UNSET,
) -> Call[types.Room]:
    """Create a room. Creates a room, owned by the user. Without a `room_id` the server makes
    one; an id that is taken is refused with 409."""
    return Call(
        "POST",
        path("/rooms"),
        body={
            "custom": custom,
            "kind": kind,
            "room_id": room_id,
            "title": title,
            "topic": topic,
        },
        answer="json",
    )


def deactivate_user(user: str) -> Call[None]:
    """Deactivate a user (users). The user cannot come any more, and their connections end.
    Memberships and messages stay. For the scope `users`."""
    return Call(
        "POST",
        path("/users/{user}/deactivate", user=user),
        repeatable=True,
        answer="nothing",
    )


def decide_report(
    report: str,
    *,
    decision: types.Decision,
    delete_message: Union[bool, Unset] = UNSET,
    everywhere: Union[bool, Unset] = UNSET,
    note: Union[str, None, Unset] = UNSET,
    seconds: Union[int, None, Unset] = UNSET,
    until: Union[Union[str, datetime], None, Unset] = UNSET,
) -> Call[None]:
    """Decide a report. `dismiss` does nothing; `delete` deletes the message; `mute` mutes its
    author in the room for some time; `ban` removes them from the room and keeps them out, or
    with `everywhere`, for administrators and programs with the scope `moderation`, from the
    whole server. It is carried out with the rights of who decides, and refused where these do
    not suffice; then the report stays. The application hears of it (`report.decided`).

    - delete_message: With `mute` and `ban`: the message is deleted, too.
    - everywhere: With `ban`: from the whole server, not from the room alone.
    - until: With `mute` and `ban`: until when, or for how long; a ban without either is for
      good.
    """
    return Call(
        "POST",
        path("/reports/{report}/decide", report=report),
        body={
            "decision": decision,
            "delete_message": delete_message,
            "everywhere": everywhere,
            "note": note,
            "seconds": seconds,
            "until": until,
        },
        answer="nothing",
    )


def delete_attachment(id: Union[str, int]) -> Call[None]:
    """Delete an unsent upload. Deletes a file of the user's own that no message has."""
    return Call(
        "DELETE",
        path("/attachments/{id}", id=id),
        repeatable=True,
        answer="nothing",
    )


def delete_blocklist(blocklist: str) -> Call[None]:
    """Delete a list (moderation). Deletes a list of the deployment. For administrators, and
    services with the scope `moderation`."""
    return Call(
        "DELETE",
        path("/blocklists/{blocklist}", blocklist=blocklist),
        repeatable=True,
        answer="nothing",
    )


def delete_dead_letter(id: Union[str, int]) -> Call[None]:
    """Delete a dead letter (admin). Forgets one of them. For administrators."""
    return Call(
        "DELETE",
        path("/webhooks/dead/{id}", id=id),
        repeatable=True,
        answer="nothing",
    )


def delete_message(message: str) -> Call[types.Changed]:
    """Delete a message. Leaves of a message its place only: content, metadata, attachments and
    reactions are gone. For who wrote it, and for moderators."""
    return Call(
        "DELETE",
        path("/messages/{message}", message=message),
        repeatable=True,
        answer="json",
    )


def delete_room(room: str) -> Call[None]:
    """Delete a room. Deletes a room with its messages and files. Its members are told. For the
    owner."""
    return Call(
        "DELETE",
        path("/rooms/{room}", room=room),
        repeatable=True,
        answer="nothing",
    )


def delete_room_blocklist(room: str, blocklist: str) -> Call[None]:
    """Delete a list of a room. Deletes a list of a room. For moderators."""
    return Call(
        "DELETE",
        path("/rooms/{room}/blocklists/{blocklist}", room=room, blocklist=blocklist),
        repeatable=True,
        answer="nothing",
    )


def delete_user(user: str) -> Call[None]:
    """Delete a user with their data (admin). Deletes a user with what is theirs, and ends their
    connections. What they wrote is deleted step by step. For administrators."""
    return Call(
        "DELETE",
        path("/users/{user}", user=user),
        repeatable=True,
        answer="nothing",
    )


def describe_user(
    user: str,
    *,
    avatar_url: Union[str, None, Unset] = UNSET,
    custom: Union[Mapping[str, Any], None, Unset] = UNSET,
    name: Union[str, None, Unset] = UNSET,
    roles: Union[Sequence[str], None, Unset] = UNSET,
) -> Call[types.Profile]:
    """Make or describe a user (users). Makes a user, before they have ever come, or describes
    one anew: what is left out is none. 201 if they are new. For the scope `users`.

    - name: Null: the id is shown.
    - roles: Besides those of the user's tokens.
    """
    return Call(
        "PUT",
        path("/users/{user}", user=user),
        body={"avatar_url": avatar_url, "custom": custom, "name": name, "roles": roles},
        repeatable=True,
        answer="json",
    )


def disconnect_room(room: str, *, reason: Union[str, None, Unset] = UNSET) -> Call[types.Disconnected]:
    """Close a room's connections (admin). Closes all connections that hear the room; clients
    come back by themselves. For administrators."""
    return Call(
        "POST",
        path("/rooms/{room}/disconnect", room=room),
        body={"reason": reason},
        repeatable=True,
        answer="json",
    )


def disconnect_user(user: str, *, reason: Union[str, None, Unset] = UNSET) -> Call[types.Disconnected]:
    """Close a user's connections (admin). Closes all connections of a user, on all nodes. For
    administrators."""
    return Call(
        "POST",
        path("/users/{user}/disconnect", user=user),
        body={"reason": reason},
        repeatable=True,
        answer="json",
    )


def download_attachment(id: Union[str, int]) -> Call[bytes]:
    """The file. The bytes of the file, all or a range of them, for who may read its message."""
    return Call(
        "GET",
        path("/attachments/{id}/content", id=id),
        repeatable=True,
        answer="bytes",
    )


def download_linked_file(
    id: Union[str, int],
    *,
    expires: int,
    signature: str,
    download: Union[bool, Unset] = UNSET,
) -> Call[bytes]:
    """The file that a link leads to. The bytes of the file, all or a range of them, for whoever
    has a link that has not expired. The parameters are those of the link.

    - expires: The second in which the link ends, since 1970
    - signature: What the server has signed the link with
    - download: Whether it is to be saved, also where it could be shown
    """
    return Call(
        "GET",
        path("/files/{id}/content", id=id),
        query={"expires": expires, "signature": signature, "download": download},
        repeatable=True,
        answer="bytes",
    )


def download_linked_thumbnail(id: Union[str, int], *, expires: int, signature: str) -> Call[bytes]:
    """The thumbnail that a link leads to. The small picture of an image, for whoever has a link
    to it that has not expired.

    - expires: The second in which the link ends, since 1970
    - signature: What the server has signed the link with
    """
    return Call(
        "GET",
        path("/files/{id}/thumbnail", id=id),
        query={"expires": expires, "signature": signature},
        repeatable=True,
        answer="bytes",
    )


def download_thumbnail(id: Union[str, int]) -> Call[bytes]:
    """A thumbnail of the file. A small picture of an image. Answered with 404 for what has
    none."""
    return Call(
        "GET",
        path("/attachments/{id}/thumbnail", id=id),
        repeatable=True,
        answer="bytes",
    )


def edit_message(
    message: str,
    *,
    content: Union[str, None, Unset] = UNSET,
    metadata: Union[Mapping[str, Any], None, Unset] = UNSET,
) -> Call[types.Changed]:
    """Edit a message. Replaces the content. Only who wrote a message edits it.

    - metadata: `null` takes it away.
    """
    return Call(
        "PATCH",
        path("/messages/{message}", message=message),
        body={"content": content, "metadata": metadata},
        repeatable=True,
        answer="json",
    )


def end_quiet() -> Call[None]:
    """Be told at any time again. The user is told at any time again."""
    return Call(
        "DELETE",
        path("/push/quiet"),
        repeatable=True,
        answer="nothing",
    )


def export_user(user: str) -> Call[types.Export]:
    """All data of a user (admin). All that is stored of a user, as one document. For
    administrators."""
    return Call(
        "GET",
        path("/users/{user}/export", user=user),
        repeatable=True,
        answer="json",
    )


def fail_message(
    message: str,
    *,
    content: Union[str, None, Unset] = UNSET,
    metadata: Union[Mapping[str, Any], None, Unset] = UNSET,
) -> Call[types.Changed]:
    """End a message that did not come to its end. Like finishing it, with the state
    `failed`."""
    return Call(
        "POST",
        path("/messages/{message}/fail", message=message),
        body={"content": content, "metadata": metadata},
        answer="json",
    )


def finish_message(
    message: str,
    *,
    content: Union[str, None, Unset] = UNSET,
    metadata: Union[Mapping[str, Any], None, Unset] = UNSET,
) -> Call[types.Changed]:
    """Finish a message that is being written. `content` is all of its text, and is needed where
    the message is not written over this server. For its author."""
    return Call(
        "POST",
        path("/messages/{message}/finish", message=message),
        body={"content": content, "metadata": metadata},
        answer="json",
    )


def follow_thread(thread: str) -> Call[types.ThreadState]:
    """Follow a thread. Follows a thread from here on: what is in it already counts as read.
    Whoever writes in a thread, began it or is mentioned in it follows it by itself."""
    return Call(
        "PUT",
        path("/threads/{thread}/follow", thread=thread),
        repeatable=True,
        answer="json",
    )


def freeze_room(room: str) -> Call[types.Room]:
    """Freeze: only moderators write. From now on only moderators write and react. Messages stay
    readable."""
    return Call(
        "PUT",
        path("/rooms/{room}/freeze", room=room),
        repeatable=True,
        answer="json",
    )


def get_attachment(id: Union[str, int]) -> Call[types.Attachment]:
    """An attachment. What is known of a file: its name, type and size."""
    return Call(
        "GET",
        path("/attachments/{id}", id=id),
        repeatable=True,
        answer="json",
    )


def get_blocklist(blocklist: str) -> Call[types.Blocklist]:
    """What is in a list (moderation). A list of the deployment with its words and patterns. For
    administrators, and services with the scope `moderation`."""
    return Call(
        "GET",
        path("/blocklists/{blocklist}", blocklist=blocklist),
        repeatable=True,
        answer="json",
    )


def get_me() -> Call[types.Me]:
    """The authenticated user. Who the token belongs to, and the roles that it has."""
    return Call(
        "GET",
        path("/me"),
        repeatable=True,
        answer="json",
    )


def get_member(room: str, user: str) -> Call[types.Member]:
    """A member. One of them, with their role and whether they are muted: for who asks what a
    user may do there."""
    return Call(
        "GET",
        path("/rooms/{room}/members/{user}", room=room, user=user),
        repeatable=True,
        answer="json",
    )


def get_message(message: str) -> Call[types.Message]:
    """A message. A message as it is now, with its reactions and attachments."""
    return Call(
        "GET",
        path("/messages/{message}", message=message),
        repeatable=True,
        answer="json",
    )


def get_push() -> Call[types.Push]:
    """How devices are told, and when not. Which services tell devices here, with the key that a
    browser needs to subscribe, and the user's quiet time."""
    return Call(
        "GET",
        path("/push"),
        repeatable=True,
        answer="json",
    )


def get_read_mark(room: str) -> Call[types.ReadMark]:
    """The user's own read mark. How far the user has read the room, and what is unread."""
    return Call(
        "GET",
        path("/rooms/{room}/read", room=room),
        repeatable=True,
        answer="json",
    )


def get_report(report: str) -> Call[types.WholeReport]:
    """A report, with what is around it. Who has reported it and why, and for a message what is
    said around it. To who may not decide it, it does not exist."""
    return Call(
        "GET",
        path("/reports/{report}", report=report),
        repeatable=True,
        answer="json",
    )


def get_retention(room: str) -> Call[types.Retention]:
    """Retention of a room (admin). How long, and how many of, the messages of the room are
    kept. For administrators."""
    return Call(
        "GET",
        path("/rooms/{room}/retention", room=room),
        repeatable=True,
        answer="json",
    )


def get_room(room: str) -> Call[types.Room]:
    """A room. A room that the user is in, or may join. A private room does not exist for
    others."""
    return Call(
        "GET",
        path("/rooms/{room}", room=room),
        repeatable=True,
        answer="json",
    )


def get_room_blocklist(room: str, blocklist: str) -> Call[types.Blocklist]:
    """What is in a list of a room. A list of a room with its words and patterns. For
    moderators."""
    return Call(
        "GET",
        path("/rooms/{room}/blocklists/{blocklist}", room=room, blocklist=blocklist),
        repeatable=True,
        answer="json",
    )


def get_room_presence(room: str) -> Call[types.RoomPresence]:
    """Presence in the room. Who of a small room is there; of a big one how many connections
    hear it."""
    return Call(
        "GET",
        path("/rooms/{room}/presence", room=room),
        repeatable=True,
        answer="json",
    )


def get_stats() -> Call[types.Stats]:
    """Metrics (admin). The metrics of the node that is asked, as JSON. For administrators."""
    return Call(
        "GET",
        path("/stats"),
        repeatable=True,
        answer="json",
    )


def get_unread(
    *,
    cursor: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.Unread]:
    """Unread messages. The rooms with unread messages, and how many.

    - cursor: Where to go on: what the page before said
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/unread"),
        query={"cursor": cursor, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_unread(
    *,
    cursor: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.ReadMark]:
    """Unread messages: one after the other, from as many pages as there are."""
    return pages(
        get_unread(cursor=cursor, limit=limit),
        "rooms",
        "cursor",
        (),
    )


def get_user(user: str) -> Call[types.Profile]:
    """A user. What is known of a user, for those who share a room with them or may find
    them."""
    return Call(
        "GET",
        path("/users/{user}", user=user),
        repeatable=True,
        answer="json",
    )


def get_user_ban(user: str) -> Call[types.UserBan]:
    """Whether a user is banned (admin). Whether the user is banned, until when and why. For
    administrators."""
    return Call(
        "GET",
        path("/users/{user}/ban", user=user),
        repeatable=True,
        answer="json",
    )


def get_user_presence(user: str) -> Call[types.Presence]:
    """Presence of a user. Whether a user is there, for those who share a room with them."""
    return Call(
        "GET",
        path("/users/{user}/presence", user=user),
        repeatable=True,
        answer="json",
    )


def import_lines(
    *,
    lines: Sequence[Mapping[str, Any]],
    dry_run: Union[bool, Unset] = UNSET,
    strict: Union[bool, Unset] = UNSET,
) -> Call[types.ImportReport]:
    """Import users, rooms and messages (admin). Stores lines of an import (docs/IMPORT.md)
    while the server runs, up to 250 at once: users, rooms, members, messages, reactions and
    read marks, with the ids and times that they have had elsewhere. What is there stays as it
    is, so a request may be repeated, and a large file is sent bit by bit. Each line that cannot
    be stored is told with its reason, and the others are stored. Who follows a room is told of
    its new messages in their order; no webhook is. For administrators, and for keys with the
    scopes `users`, `rooms` and `messages` together.

    - lines: Those of a file (docs/IMPORT.md): first one that says what the others are, and then
      what they name before them.
    - dry_run: Only to see what would come of it.
    - strict: Nothing is stored if anything has to be left out.
    """
    return Call(
        "POST",
        path("/import"),
        body={"lines": lines, "dry_run": dry_run, "strict": strict},
        repeatable=True,
        answer="json",
    )


def link_attachment(
    id: Union[str, int],
    *,
    download: Union[bool, Unset] = UNSET,
    expires_in_seconds: Union[int, Unset] = UNSET,
    thumbnail: Union[bool, Unset] = UNSET,
) -> Call[types.FileLink]:
    """A link to the file that needs no token. Gives a URL that shows the file to whoever has it
    until `expires_at`, without a token: for `<video>`, `<audio>` and `<img>`, and for a CDN,
    which may keep what it leads to so long. For who may have the file. Asked again within a
    while it is the same URL. It is a path below the server's address, or begins with
    `PARLOR_CDN_URL`.

    - download: The file is to be saved, also if it is a picture that could be shown
    - expires_in_seconds: How long it is to be good, at least; 3,600 if this is left out
    - thumbnail: To the thumbnail, not to the file
    """
    return Call(
        "GET",
        path("/attachments/{id}/link", id=id),
        query={
            "download": download,
            "expires_in_seconds": expires_in_seconds,
            "thumbnail": thumbnail,
        },
        repeatable=True,
        answer="json",
    )


def list_api_keys(
    *,
    after: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.ApiKeys]:
    """List API keys (admin). The keys that there are, without what is secret in them. For
    administrators.

    - after: What comes after this: the last one of the page before
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/api-keys"),
        query={"after": after, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_api_keys(
    *,
    after: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.ApiKey]:
    """List API keys (admin): one after the other, from as many pages as there are."""
    return pages(
        list_api_keys(after=after, limit=limit),
        "api_keys",
        "after",
        ("id",),
    )


def list_audit_log(
    *,
    before: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.AuditPage]:
    """Audit log (admin). What administrators have done, the latest first. For
    administrators.

    - before: What comes before this: the first one of the page before
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/audit"),
        query={"before": before, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_audit_log(
    *,
    before: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.Audited]:
    """Audit log (admin): one after the other, from as many pages as there are."""
    return pages(
        list_audit_log(before=before, limit=limit),
        "entries",
        "before",
        ("id",),
    )


def list_blocklists() -> Call[types.AllBlocklists]:
    """Lists of words and patterns (moderation). The lists of the deployment, at most 20,
    without what is in them. For administrators, and services with the scope `moderation`."""
    return Call(
        "GET",
        path("/blocklists"),
        repeatable=True,
        answer="json",
    )


def list_blocks(
    *,
    after: Union[str, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.Blocks]:
    """List blocked users. Whom the user has blocked.

    - after: What comes after this: the last one of the page before
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/blocks"),
        query={"after": after, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_blocks(
    *,
    after: Union[str, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.User]:
    """List blocked users: one after the other, from as many pages as there are."""
    return pages(
        list_blocks(after=after, limit=limit),
        "users",
        "after",
        ("id",),
    )


def list_connections(
    *,
    after: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.Connections]:
    """Open connections (admin). The open connections of the node that is asked. For
    administrators.

    - after: What comes after this: the last one of the page before
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/connections"),
        query={"after": after, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_connections(
    *,
    after: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.Connection]:
    """Open connections (admin): one after the other, from as many pages as there are."""
    return pages(
        list_connections(after=after, limit=limit),
        "connections",
        "after",
        ("connection_id",),
    )


def list_dead_letters(
    *,
    after: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.Letters]:
    """List dead letters (admin). The deliveries that were given up. For administrators.

    - after: What comes after this: the last one of the page before
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/webhooks/dead"),
        query={"after": after, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_dead_letters(
    *,
    after: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.DeadLetter]:
    """List dead letters (admin): one after the other, from as many pages as there are."""
    return pages(
        list_dead_letters(after=after, limit=limit),
        "dead",
        "after",
        ("id",),
    )


def list_devices() -> Call[types.Devices]:
    """The user's devices. The devices of the user, at most 10, without what only their push
    services know."""
    return Call(
        "GET",
        path("/devices"),
        repeatable=True,
        answer="json",
    )


def list_drafts(
    *,
    cursor: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.Drafts]:
    """What one has begun to write. What the user has begun to write, in all of their rooms, the
    newest first. `cursor` of one page leads to the next.

    - cursor: Where to go on: what the page before said
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/drafts"),
        query={"cursor": cursor, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_drafts(
    *,
    cursor: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.Draft]:
    """What one has begun to write: one after the other, from as many pages as there are."""
    return pages(
        list_drafts(cursor=cursor, limit=limit),
        "drafts",
        "cursor",
        (),
    )


def list_followed_threads(
    *,
    cursor: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
    unread: Union[bool, Unset] = UNSET,
) -> Call[types.Threads]:
    """Threads that one follows. The threads that the user follows, that with the newest reply
    first, each with what is unread of it; all of them, or with `unread` those with something
    unread (`true`), or the others (`false`).

    - cursor: An opaque position: the newest reply of the last thread before.
    - limit: At most so many entries
    - unread: Whether anything is unread there, or they are marked so
    """
    return Call(
        "GET",
        path("/threads"),
        query={"cursor": cursor, "limit": limit, "unread": unread},
        repeatable=True,
        answer="json",
    )


def iter_followed_threads(
    *,
    cursor: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
    unread: Union[bool, Unset] = UNSET,
) -> Pages[types.FollowedThread]:
    """Threads that one follows: one after the other, from as many pages as there are."""
    return pages(
        list_followed_threads(cursor=cursor, limit=limit, unread=unread),
        "threads",
        "cursor",
        (),
    )


def list_inbox(
    *,
    after: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.Inbox]:
    """Events in the inbox. The events in the user's own inbox, from a position on, with their
    `data` as it was given.

    - after: What comes after this: the last one of the page before
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/inbox"),
        query={"after": after, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_inbox(
    *,
    after: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.AppEvent]:
    """Events in the inbox: one after the other, from as many pages as there are."""
    return pages(
        list_inbox(after=after, limit=limit),
        "events",
        "after",
        ("inbox_seq",),
    )


def list_members(
    room: str,
    *,
    after: Union[str, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.Members]:
    """Members. The members by id, page by page: `after` is the last id of the page before.

    - after: What comes after this: the last one of the page before
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/rooms/{room}/members", room=room),
        query={"after": after, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_members(
    room: str,
    *,
    after: Union[str, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.Member]:
    """Members: one after the other, from as many pages as there are."""
    return pages(
        list_members(room=room, after=after, limit=limit),
        "members",
        "after",
        ("user", "id",),
    )


def list_message_receipts(
    message: str,
    *,
    after: Union[str, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.ReachedPage]:
    """Who has read a message. Whom the message has reached, and who of them has read it.

    - after: What comes after this: the last one of the page before
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/messages/{message}/receipts", message=message),
        query={"after": after, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_message_receipts(
    message: str,
    *,
    after: Union[str, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.Reached]:
    """Who has read a message: one after the other, from as many pages as there are."""
    return pages(
        list_message_receipts(message=message, after=after, limit=limit),
        "receipts",
        "after",
        ("user_id",),
    )


def list_messages(
    room: str,
    *,
    after: Union[int, Unset] = UNSET,
    around: Union[int, Unset] = UNSET,
    before: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.History]:
    """A page of history. A page of history: the newest, or those before, after or around a
    position. The three exclude each other.

    - after: What comes after this: the last one of the page before
    - around: A position, in the middle of the page
    - before: What comes before this: the first one of the page before
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/rooms/{room}/messages", room=room),
        query={"after": after, "around": around, "before": before, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_messages(
    room: str,
    *,
    after: Union[int, Unset] = UNSET,
    around: Union[int, Unset] = UNSET,
    before: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.Message]:
    """A page of history: one after the other, from as many pages as there are."""
    return pages(
        list_messages(room=room, after=after, around=around, before=before, limit=limit),
        "messages",
        "before",
        ("seq",),
    )


def list_pins(
    room: str,
    *,
    cursor: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.Pins]:
    """Pinned messages. The pinned messages, the last one pinned first.

    - cursor: Where to go on: what the page before said
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/rooms/{room}/pins", room=room),
        query={"cursor": cursor, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_pins(
    room: str,
    *,
    cursor: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.Message]:
    """Pinned messages: one after the other, from as many pages as there are."""
    return pages(
        list_pins(room=room, cursor=cursor, limit=limit),
        "messages",
        "cursor",
        (),
    )


def list_reactions(
    message: str,
    *,
    after: Union[str, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.Reactions]:
    """Reactions to a message. The reactions to a message, each with who and when.

    - after: What comes after this: the last one of the page before
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/messages/{message}/reactions", message=message),
        query={"after": after, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_reactions(
    message: str,
    *,
    after: Union[str, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.Reacted]:
    """Reactions to a message: one after the other, from as many pages as there are."""
    return pages(
        list_reactions(message=message, after=after, limit=limit),
        "reactions",
        "after",
        ("user_id",),
    )


def list_reports(
    *,
    cursor: Union[str, Unset] = UNSET,
    decided: Union[bool, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
    room_id: Union[str, Unset] = UNSET,
) -> Call[types.Reports]:
    """What was reported. Moderators of rooms see what was reported in those; administrators,
    and programs with the scope `moderation`, everything. What is not decided comes in the order
    in which it was reported; with `decided` the rest, the newest first.

    - cursor: Where to go on: what the page before said
    - decided: Those that have been decided, the newest first; without it those that have not
      been, in the order in which they came.
    - limit: At most so many entries
    - room_id: In this room only
    """
    return Call(
        "GET",
        path("/reports"),
        query={"cursor": cursor, "decided": decided, "limit": limit, "room_id": room_id},
        repeatable=True,
        answer="json",
    )


def iter_reports(
    *,
    cursor: Union[str, Unset] = UNSET,
    decided: Union[bool, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
    room_id: Union[str, Unset] = UNSET,
) -> Pages[types.Report]:
    """What was reported: one after the other, from as many pages as there are."""
    return pages(
        list_reports(cursor=cursor, decided=decided, limit=limit, room_id=room_id),
        "reports",
        "cursor",
        (),
    )


def list_room_bans(
    room: str,
    *,
    after: Union[str, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.Bans]:
    """List bans. Who is banned from the room, until when and why. For moderators.

    - after: What comes after this: the last one of the page before
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/rooms/{room}/bans", room=room),
        query={"after": after, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_room_bans(
    room: str,
    *,
    after: Union[str, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.Ban]:
    """List bans: one after the other, from as many pages as there are."""
    return pages(
        list_room_bans(room=room, after=after, limit=limit),
        "bans",
        "after",
        ("user", "id",),
    )


def list_room_blocklists(room: str) -> Call[types.AllBlocklists]:
    """Lists of words and patterns of a room. The lists of a room, at most 5, without what is in
    them. For moderators."""
    return Call(
        "GET",
        path("/rooms/{room}/blocklists", room=room),
        repeatable=True,
        answer="json",
    )


def list_room_connections(
    room: str,
    *,
    after: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.Connections]:
    """Open connections of a room (admin). The connections that hear the room, on the node that
    is asked. For administrators.

    - after: What comes after this: the last one of the page before
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/rooms/{room}/connections", room=room),
        query={"after": after, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_room_connections(
    room: str,
    *,
    after: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.Connection]:
    """Open connections of a room (admin): one after the other, from as many pages as there
    are."""
    return pages(
        list_room_connections(room=room, after=after, limit=limit),
        "connections",
        "after",
        ("connection_id",),
    )


def list_room_events(
    room: str,
    *,
    after: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.Events]:
    """Events published by the application. The stored events that the application published
    into the room, from a position on, with their `data` as it was given.

    - after: What comes after this: the last one of the page before
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/rooms/{room}/events", room=room),
        query={"after": after, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_room_events(
    room: str,
    *,
    after: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.AppEvent]:
    """Events published by the application: one after the other, from as many pages as there
    are."""
    return pages(
        list_room_events(room=room, after=after, limit=limit),
        "events",
        "after",
        ("seq",),
    )


def list_room_receipts(
    room: str,
    *,
    after: Union[str, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.Receipts]:
    """Read and delivered marks of the members. How far each member has read and received, so
    that a client can show ticks.

    - after: What comes after this: the last one of the page before
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/rooms/{room}/receipts", room=room),
        query={"after": after, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_room_receipts(
    room: str,
    *,
    after: Union[str, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.Receipt]:
    """Read and delivered marks of the members: one after the other, from as many pages as there
    are."""
    return pages(
        list_room_receipts(room=room, after=after, limit=limit),
        "receipts",
        "after",
        ("user_id",),
    )


def list_rooms(
    *,
    all: Union[bool, Unset] = UNSET,
    archived: Union[bool, Unset] = UNSET,
    cursor: Union[str, Unset] = UNSET,
    custom: Union[Mapping[str, Any], Unset] = UNSET,
    hidden: Union[bool, Unset] = UNSET,
    kind: Union[Literal["any", "public", "private", "direct", "announcement"], Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
    member: Union[str, Unset] = UNSET,
    notifications: Union[types.Notifications, Unset] = UNSET,
    pinned: Union[bool, Unset] = UNSET,
    query: Union[str, Unset] = UNSET,
    sort: Union[Literal["created", "last_message", "unread", "preferred"], Unset] = UNSET,
    unread: Union[bool, Unset] = UNSET,
) -> Call[types.Rooms]:
    """The user's rooms, or all rooms (rooms), with the last message of each. The rooms of the
    user in the order of their creation, or the one that `sort` names, each with the user's own
    marks and its last message. They are found by name, kind and custom data, and by how the
    user has them. `cursor` of one page leads to the next.

    - all: Of everybody, not only one's own: for administrators.
    - archived: Whether the user has archived them
    - cursor: Where to go on: what the page before said
    - custom: Only what has these fields in its custom data: a JSON object
    - hidden: Whether the user has hidden them
    - kind: Rooms of which kind; those that can be made are fewer.
    - limit: At most so many entries
    - member: Only those that this user is in, too
    - notifications: Of what the user is told there
    - pinned: Whether the user has pinned them
    - query: What the id begins with, or the title contains.
    - sort: In which order one's own rooms are listed.
    - unread: Whether anything is unread there, or they are marked so
    """
    return Call(
        "GET",
        path("/rooms"),
        query={
            "all": all,
            "archived": archived,
            "cursor": cursor,
            "custom": custom,
            "hidden": hidden,
            "kind": kind,
            "limit": limit,
            "member": member,
            "notifications": notifications,
            "pinned": pinned,
            "query": query,
            "sort": sort,
            "unread": unread,
        },
        repeatable=True,
        answer="json",
    )


def iter_rooms(
    *,
    all: Union[bool, Unset] = UNSET,
    archived: Union[bool, Unset] = UNSET,
    cursor: Union[str, Unset] = UNSET,
    custom: Union[Mapping[str, Any], Unset] = UNSET,
    hidden: Union[bool, Unset] = UNSET,
    kind: Union[Literal["any", "public", "private", "direct", "announcement"], Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
    member: Union[str, Unset] = UNSET,
    notifications: Union[types.Notifications, Unset] = UNSET,
    pinned: Union[bool, Unset] = UNSET,
    query: Union[str, Unset] = UNSET,
    sort: Union[Literal["created", "last_message", "unread", "preferred"], Unset] = UNSET,
    unread: Union[bool, Unset] = UNSET,
) -> Pages[types.Room]:
    """The user's rooms, or all rooms (rooms), with the last message of each: one after the
    other, from as many pages as there are."""
    return pages(
        list_rooms(
            all=all,
            archived=archived,
            cursor=cursor,
            custom=custom,
            hidden=hidden,
            kind=kind,
            limit=limit,
            member=member,
            notifications=notifications,
            pinned=pinned,
            query=query,
            sort=sort,
            unread=unread,
        ),
        "rooms",
        "cursor",
        (),
    )


def list_saved(
    *,
    cursor: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
    reminders: Union[bool, Unset] = UNSET,
) -> Call[types.SavedMessages]:
    """Saved messages, and reminders. The messages that the user has saved and can read, the
    newest saved first, each as it is now. With `reminders` only those of which they are still
    to be reminded, the soonest first. `cursor` of one page leads to the next.

    - cursor: Where to go on: what the page before said
    - limit: At most so many entries
    - reminders: Only what the user is still to be reminded of, the soonest first
    """
    return Call(
        "GET",
        path("/saved"),
        query={"cursor": cursor, "limit": limit, "reminders": reminders},
        repeatable=True,
        answer="json",
    )


def iter_saved(
    *,
    cursor: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
    reminders: Union[bool, Unset] = UNSET,
) -> Pages[types.SavedMessage]:
    """Saved messages, and reminders: one after the other, from as many pages as there are."""
    return pages(
        list_saved(cursor=cursor, limit=limit, reminders=reminders),
        "saved",
        "cursor",
        (),
    )


def list_scheduled(
    *,
    cursor: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
    room_id: Union[str, Unset] = UNSET,
) -> Call[types.ScheduledMessages]:
    """Messages that are to be sent later. What the user has scheduled, in one room or in all,
    the soonest first; what was refused has `failed`. `cursor` of one page leads to the next.

    - cursor: Where to go on: what the page before said
    - limit: At most so many entries
    - room_id: In this room only
    """
    return Call(
        "GET",
        path("/scheduled"),
        query={"cursor": cursor, "limit": limit, "room_id": room_id},
        repeatable=True,
        answer="json",
    )


def iter_scheduled(
    *,
    cursor: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
    room_id: Union[str, Unset] = UNSET,
) -> Pages[types.Scheduled]:
    """Messages that are to be sent later: one after the other, from as many pages as there
    are."""
    return pages(
        list_scheduled(cursor=cursor, limit=limit, room_id=room_id),
        "scheduled",
        "cursor",
        (),
    )


def list_thread(
    message: str,
    *,
    after: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.ThreadPage]:
    """A thread. The first message of a thread and its replies in their order, and in `state`
    what the user has read of it, if they follow it.

    - after: What comes after this: the last one of the page before
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/messages/{message}/thread", message=message),
        query={"after": after, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_thread(
    message: str,
    *,
    after: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.Message]:
    """A thread: one after the other, from as many pages as there are."""
    return pages(
        list_thread(message=message, after=after, limit=limit),
        "replies",
        "after",
        ("seq",),
    )


def list_user_connections(
    user: str,
    *,
    after: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Call[types.Connections]:
    """Open connections of a user (admin). The connections of a user to the node that is asked.
    For administrators.

    - after: What comes after this: the last one of the page before
    - limit: At most so many entries
    """
    return Call(
        "GET",
        path("/users/{user}/connections", user=user),
        query={"after": after, "limit": limit},
        repeatable=True,
        answer="json",
    )


def iter_user_connections(
    user: str,
    *,
    after: Union[int, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
) -> Pages[types.Connection]:
    """Open connections of a user (admin): one after the other, from as many pages as there
    are."""
    return pages(
        list_user_connections(user=user, after=after, limit=limit),
        "connections",
        "after",
        ("connection_id",),
    )


def list_users(
    *,
    after: Union[str, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
    query: Union[str, Unset] = UNSET,
) -> Call[types.Users]:
    """Find users by name, or list all (users). Users whose names or ids have words that begin
    as those of `query`, at most 50, where the deployment has a directory. For the scope
    `users`, also without a query: all by id, page by page.

    - after: Without a query.
    - limit: At most so many entries
    - query: What is looked for: words of names, or the beginning of an id
    """
    return Call(
        "GET",
        path("/users"),
        query={"after": after, "limit": limit, "query": query},
        repeatable=True,
        answer="json",
    )


def iter_users(
    *,
    after: Union[str, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
    query: Union[str, Unset] = UNSET,
) -> Pages[types.Profile]:
    """Find users by name, or list all (users): one after the other, from as many pages as there
    are."""
    return pages(
        list_users(after=after, limit=limit, query=query),
        "users",
        "after",
        ("id",),
    )


def list_webhooks() -> Call[types.Targets]:
    """Webhooks (admin). Where events are sent to, and how much waits for each. For
    administrators."""
    return Call(
        "GET",
        path("/webhooks"),
        repeatable=True,
        answer="json",
    )


def mark_all_read() -> Call[types.AllMoved]:
    """Mark everything as read. Moves the marks of all rooms of the user to their ends."""
    return Call(
        "POST",
        path("/read-all"),
        repeatable=True,
        answer="json",
    )


def mark_delivered(room: str, *, seq: int) -> Call[types.Delivered]:
    """Report messages as delivered. Says that the user's client has all messages up to a
    position."""
    return Call(
        "PUT",
        path("/rooms/{room}/delivered", room=room),
        body={"seq": seq},
        repeatable=True,
        answer="json",
    )


def mark_read(
    room: str,
    *,
    all: Union[bool, None, Unset] = UNSET,
    message_id: Union[str, None, Unset] = UNSET,
    seq: Union[int, None, Unset] = UNSET,
) -> Call[types.ReadMark]:
    """Move the read mark. Moves the mark up to a position, up to a message, or with `all` to
    the end. It never moves back."""
    return Call(
        "PUT",
        path("/rooms/{room}/read", room=room),
        body={"all": all, "message_id": message_id, "seq": seq},
        repeatable=True,
        answer="json",
    )


def mark_thread_read(
    thread: str,
    *,
    all: Union[bool, None, Unset] = UNSET,
    message_id: Union[str, None, Unset] = UNSET,
    seq: Union[int, None, Unset] = UNSET,
) -> Call[types.ThreadState]:
    """Say what one has read of a thread. Says up to where the user has read a thread that they
    follow: up to a position (`seq`), to a reply (`message_id`), or `all` of it. It never moves
    back. Nobody else learns of it."""
    return Call(
        "PUT",
        path("/threads/{thread}/read", thread=thread),
        body={"all": all, "message_id": message_id, "seq": seq},
        repeatable=True,
        answer="json",
    )


def mark_unread(
    room: str,
    *,
    message_id: Union[str, None, Unset] = UNSET,
    seq: Union[int, None, Unset] = UNSET,
) -> Call[types.ReadMark]:
    """Mark the room as unread again. Counts the room as unread again, from a position, a
    message, or the newest message that somebody else wrote. The read mark, which others see,
    stays."""
    return Call(
        "PUT",
        path("/rooms/{room}/unread", room=room),
        body={"message_id": message_id, "seq": seq},
        repeatable=True,
        answer="json",
    )


def open_direct_room(user: str) -> Call[types.Room]:
    """Open a direct room with another user. Opens the direct room of the user and another one:
    201 if it is new, 200 if it was there. There is one for each pair."""
    return Call(
        "PUT",
        path("/rooms/direct/{user}", user=user),
        repeatable=True,
        answer="json",
    )


def open_direct_room_between(*, user_ids: Sequence[str]) -> Call[types.Room]:
    """Open a direct room between two users (service). Opens the direct room of two users on
    their behalf: 201 if it is new, 200 if it was there. For services."""
    return Call(
        "POST",
        path("/rooms/direct"),
        body={"user_ids": user_ids},
        repeatable=True,
        answer="json",
    )


def pin_message(message: str) -> Call[types.Changed]:
    """Pin a message. Pins a message to its room, for all members. For moderators, and in a
    direct room for both."""
    return Call(
        "PUT",
        path("/messages/{message}/pin", message=message),
        repeatable=True,
        answer="json",
    )


def publish_to_everyone(
    *,
    type: str,
    data: Union[Any, Unset] = UNSET,
    idempotency_key: Union[str, Unset] = UNSET,
) -> Call[types.Published]:
    """Publish an event to everyone (service). Publishes an event to everybody who is connected.
    It is not stored. For services.

    - data: Any JSON value.
    """
    return Call(
        "POST",
        path("/broadcast"),
        body={"type": type, "data": data},
        key=idempotency_key,
        repeatable=True,
        answer="json",
    )


def publish_to_role(
    context: str,
    *,
    type: str,
    data: Union[Any, Unset] = UNSET,
    idempotency_key: Union[str, Unset] = UNSET,
) -> Call[types.Published]:
    """Publish an event to a role context (service). Publishes an event to all users who are
    connected with a role of this context. It is not stored. For services.

    - data: Any JSON value.
    """
    return Call(
        "POST",
        path("/roles/{context}/events", context=context),
        body={"type": type, "data": data},
        key=idempotency_key,
        repeatable=True,
        answer="json",
    )


def publish_to_room(
    room: str,
    *,
    type: str,
    data: Union[Any, Unset] = UNSET,
    ephemeral: Union[bool, Unset] = UNSET,
    idempotency_key: Union[str, Unset] = UNSET,
) -> Call[types.Published]:
    """Publish an event into a room (service). Publishes an event of the application's own type
    with any JSON as its `data`. It takes a place in the room's timeline, unless it is
    `ephemeral`. With an `Idempotency-Key` it is published once. For services.

    - data: Any JSON value.
    - ephemeral: Sent to connected users only; not stored.
    """
    return Call(
        "POST",
        path("/rooms/{room}/events", room=room),
        body={"type": type, "data": data, "ephemeral": ephemeral},
        key=idempotency_key,
        repeatable=True,
        answer="json",
    )


def publish_to_user(
    user: str,
    *,
    type: str,
    data: Union[Any, Unset] = UNSET,
    idempotency_key: Union[str, Unset] = UNSET,
) -> Call[types.Published]:
    """Publish an event to a user (service). Publishes an event of the application's own type
    into the inbox of a user, with any JSON as its `data`. For services.

    - data: Any JSON value.
    """
    return Call(
        "POST",
        path("/users/{user}/events", user=user),
        body={"type": type, "data": data},
        key=idempotency_key,
        repeatable=True,
        answer="json",
    )


def reactivate_user(user: str) -> Call[None]:
    """Bring a deactivated user back (users). Lets a deactivated user come again. For the scope
    `users`."""
    return Call(
        "POST",
        path("/users/{user}/reactivate", user=user),
        repeatable=True,
        answer="nothing",
    )


def register_device(
    device: str,
    *,
    apns: Union[types.DeviceToken, None, Unset] = UNSET,
    fcm: Union[types.DeviceToken, None, Unset] = UNSET,
    web: Union[types.WebSubscription, None, Unset] = UNSET,
) -> Call[types.Device]:
    """Register a device, to be told there. Says where a device is: a browser's subscription
    (`web`), or a token of FCM or APNs. Registered again it replaces what was said before, and
    an address that somebody else's device had is this one's. `push_off` if the service is not
    set up here."""
    return Call(
        "PUT",
        path("/devices/{device}", device=device),
        body={"apns": apns, "fcm": fcm, "web": web},
        repeatable=True,
        answer="json",
    )


def remove_device(device: str) -> Call[None]:
    """Tell a device nothing more. Nothing more is told to the device, as when its user signs
    out there."""
    return Call(
        "DELETE",
        path("/devices/{device}", device=device),
        repeatable=True,
        answer="nothing",
    )


def remove_member(room: str, user: str) -> Call[None]:
    """Remove a member, or leave. Removes a member, for moderators; or leaves, where the user is
    the one who asks."""
    return Call(
        "DELETE",
        path("/rooms/{room}/members/{user}", room=room, user=user),
        repeatable=True,
        answer="nothing",
    )


def remove_reaction(message: str, emoji: str) -> Call[types.Changed]:
    """Remove a reaction. Takes the user's own reaction back."""
    return Call(
        "DELETE",
        path("/messages/{message}/reactions/{emoji}", message=message, emoji=emoji),
        repeatable=True,
        answer="json",
    )


def replay_dead_letter(id: Union[str, int]) -> Call[None]:
    """Replay a dead letter (admin). Sends one of them once more. For administrators."""
    return Call(
        "POST",
        path("/webhooks/dead/{id}/replay", id=id),
        answer="nothing",
    )


def replay_dead_letters() -> Call[types.Replayed]:
    """Replay all dead letters (admin). Sends all of them once more. For administrators."""
    return Call(
        "POST",
        path("/webhooks/dead/replay"),
        answer="json",
    )


def report_message(
    message: str,
    *,
    reason: types.ReportReason,
    note: Union[str, None, Unset] = UNSET,
) -> Call[types.Reported]:
    """Report a message to those who moderate. Those who moderate the room see it in their list
    of reports, and the application hears of it (`report.opened`). Who wrote the message does
    not learn of it. What was said is kept with the report until it is decided, also if the
    message is edited or deleted meanwhile. Who reports the same message again gets the same
    answer; at most 100 reports of one user wait to be decided."""
    return Call(
        "POST",
        path("/messages/{message}/report", message=message),
        body={"reason": reason, "note": note},
        answer="json",
    )


def report_user(
    user: str,
    *,
    reason: types.ReportReason,
    note: Union[str, None, Unset] = UNSET,
) -> Call[types.Reported]:
    """Report a user to the application. Administrators, and programs of the application with
    the scope `moderation`, see it in their list of reports, and the application hears of it
    (`report.opened`). For those who share a room with the user."""
    return Call(
        "POST",
        path("/users/{user}/report", user=user),
        body={"reason": reason, "note": note},
        answer="json",
    )


def revoke_api_key(id: Union[str, int]) -> Call[None]:
    """Revoke an API key (admin). Refuses a key from now on. For administrators."""
    return Call(
        "DELETE",
        path("/api-keys/{id}", id=id),
        repeatable=True,
        answer="nothing",
    )


def revoke_token(
    *,
    token_id: str,
    expires_at: Union[Union[str, datetime], None, Unset] = UNSET,
) -> Call[None]:
    """Revoke a token (admin). Refuses one token by its `jti`, and ends the connections that it
    has opened. For administrators."""
    return Call(
        "POST",
        path("/tokens/revoke"),
        body={"token_id": token_id, "expires_at": expires_at},
        repeatable=True,
        answer="nothing",
    )


def revoke_user_tokens(user: str) -> Call[None]:
    """Revoke all tokens of a user (admin). No token of the user that was issued until now works
    any longer. For administrators."""
    return Call(
        "POST",
        path("/users/{user}/revoke", user=user),
        repeatable=True,
        answer="nothing",
    )


def save_message(
    message: str,
    *,
    note: Union[str, None, Unset] = UNSET,
    remind_at: Union[Union[str, datetime], None, Unset] = UNSET,
    remind_in_seconds: Union[int, None, Unset] = UNSET,
) -> Call[types.Saved]:
    """Save a message, and be reminded of it. Saves a message for the user's own devices alone,
    with a note, or a time at which they want to be reminded of it; saved again, these are what
    it says now. At most 1,000 are saved.

    - remind_at: When the user is to be reminded of it.
    """
    return Call(
        "PUT",
        path("/messages/{message}/saved", message=message),
        body={
            "note": note,
            "remind_at": remind_at,
            "remind_in_seconds": remind_in_seconds,
        },
        repeatable=True,
        answer="json",
    )


def schedule_message(
    room: str,
    *,
    attachments: Union[Sequence[str], Unset] = UNSET,
    client_id: Union[str, None, Unset] = UNSET,
    content: Union[str, None, Unset] = UNSET,
    in_room: Union[bool, Unset] = UNSET,
    metadata: Union[Mapping[str, Any], None, Unset] = UNSET,
    reply_to: Union[str, None, Unset] = UNSET,
    send_at: Union[Union[str, datetime], None, Unset] = UNSET,
    send_in_seconds: Union[int, None, Unset] = UNSET,
    thread_id: Union[str, None, Unset] = UNSET,
    idempotency_key: Union[str, Unset] = UNSET,
) -> Call[types.Scheduled]:
    """Have a message sent later. Has a message sent later, as the user may send it at that
    time: 201 if it is new, 200 if it was scheduled with the same `Idempotency-Key` before. At
    most 100 are scheduled.

    - content: May be left out where there are attachments.
    - in_room: A reply in a thread is also in the room, and unread there.
    """
    return Call(
        "POST",
        path("/rooms/{room}/scheduled", room=room),
        body={
            "attachments": attachments,
            "client_id": client_id,
            "content": content,
            "in_room": in_room,
            "metadata": metadata,
            "reply_to": reply_to,
            "send_at": send_at,
            "send_in_seconds": send_in_seconds,
            "thread_id": thread_id,
        },
        key=idempotency_key if client_id is UNSET else None,
        repeatable=True,
        answer="json",
    )


def search_messages(
    *,
    q: str,
    cursor: Union[int, Unset] = UNSET,
    from_: Union[str, datetime, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
    room_id: Union[str, Unset] = UNSET,
    sender: Union[str, Unset] = UNSET,
    sort: Union[Literal["rank", "newest"], Unset] = UNSET,
    to: Union[str, datetime, Unset] = UNSET,
) -> Call[types.Results]:
    """Search the user's rooms. Finds messages of the user's rooms by their words; the best or
    the newest first.

    - q: Words, `"phrases"`, `prefixes*` and `-words` that must not be there
    - cursor: Where to go on: what the page before said
    - from_: Not before this time
    - limit: At most so many entries
    - room_id: In this room only
    - sender: Only what this user wrote
    - sort: What comes first
    - to: Not after this time
    """
    return Call(
        "GET",
        path("/search"),
        query={
            "q": q,
            "cursor": cursor,
            "from": from_,
            "limit": limit,
            "room_id": room_id,
            "sender": sender,
            "sort": sort,
            "to": to,
        },
        repeatable=True,
        answer="json",
    )


def iter_search_messages(
    *,
    q: str,
    cursor: Union[int, Unset] = UNSET,
    from_: Union[str, datetime, Unset] = UNSET,
    limit: Union[int, Unset] = UNSET,
    room_id: Union[str, Unset] = UNSET,
    sender: Union[str, Unset] = UNSET,
    sort: Union[Literal["rank", "newest"], Unset] = UNSET,
    to: Union[str, datetime, Unset] = UNSET,
) -> Pages[types.Found]:
    """Search the user's rooms: one after the other, from as many pages as there are."""
    return pages(
        search_messages(
            q=q,
            cursor=cursor,
            from_=from_,
            limit=limit,
            room_id=room_id,
            sender=sender,
            sort=sort,
            to=to,
        ),
        "results",
        "cursor",
        (),
    )


def send_message(
    room: str,
    *,
    attachments: Union[Sequence[str], Unset] = UNSET,
    client_id: Union[str, None, Unset] = UNSET,
    content: Union[str, None, Unset] = UNSET,
    created_at: Union[Union[str, datetime], None, Unset] = UNSET,
    in_room: Union[bool, Unset] = UNSET,
    kind: Union[types.MessageKind, None, Unset] = UNSET,
    metadata: Union[Mapping[str, Any], None, Unset] = UNSET,
    reply_to: Union[str, None, Unset] = UNSET,
    sender_id: Union[str, None, Unset] = UNSET,
    silent: Union[bool, None, Unset] = UNSET,
    thread_id: Union[str, None, Unset] = UNSET,
    idempotency_key: Union[str, Unset] = UNSET,
) -> Call[types.StoredMessage]:
    """Send a message. Sends a message, with any JSON object as its `metadata`. With the same
    `client_id`, or `Idempotency-Key`, again it is stored once and the first answer is given
    again, with 200. For the application: in a user's name (`sender_id`), as a notice (`kind`),
    silently, and with a time of its own.

    - content: May be left out where there are attachments.
    - created_at: Only the application: when it was said elsewhere.
    - in_room: A reply in a thread is also in the room, and unread there.
    - kind: Only the application: a notice that nobody says.
    - sender_id: Only the application: in whose name it is sent.
    - silent: Only the application: it is not unread to anybody, and calls nobody whom it
      mentions. A notice is silent unless this is false.
    """
    return Call(
        "POST",
        path("/rooms/{room}/messages", room=room),
        body={
            "attachments": attachments,
            "client_id": client_id,
            "content": content,
            "created_at": created_at,
            "in_room": in_room,
            "kind": kind,
            "metadata": metadata,
            "reply_to": reply_to,
            "sender_id": sender_id,
            "silent": silent,
            "thread_id": thread_id,
        },
        key=idempotency_key if client_id is UNSET else None,
        repeatable=True,
        answer="json",
    )


def send_scheduled(scheduled: str) -> Call[types.Scheduled]:
    """Send now what is to be sent later. Sends it now, within a second. What came of it is told
    by `message.scheduled`."""
    return Call(
        "POST",
        path("/scheduled/{scheduled}/send", scheduled=scheduled),
        answer="json",
    )


def set_blocklist(
    blocklist: str,
    *,
    action: types.BlocklistAction,
    patterns: Union[Sequence[str], Unset] = UNSET,
    words: Union[Sequence[str], Unset] = UNSET,
) -> Call[None]:
    """Set a list of words and patterns (moderation). Sets a list as a whole, also one that is
    new. It holds in all rooms when this is answered, on other nodes a moment later. For
    administrators, and services with the scope `moderation`.

    - patterns: Regular expressions, looked for anywhere in what is folded like the words.
    - words: Found as whole words, whatever their case and accents.
    """
    return Call(
        "PUT",
        path("/blocklists/{blocklist}", blocklist=blocklist),
        body={"action": action, "patterns": patterns, "words": words},
        repeatable=True,
        answer="nothing",
    )


def set_draft(
    room: str,
    *,
    content: str,
    metadata: Union[Mapping[str, Any], None, Unset] = UNSET,
    thread_id: Union[str, None, Unset] = UNSET,
) -> Call[types.Draft]:
    """Keep what one has begun to write. Keeps what the user has begun to write in a room or a
    thread there, for their own devices alone; an empty content without metadata takes it away.
    At most 500 are kept; beyond, the oldest goes.

    - content: May be empty.
    """
    return Call(
        "PUT",
        path("/rooms/{room}/draft", room=room),
        body={"content": content, "metadata": metadata, "thread_id": thread_id},
        repeatable=True,
        answer="json",
    )


def set_members(room: str, *, members: Sequence[types.NamedMember]) -> Call[types.MembersChanged]:
    """Set exactly who the members are. Says exactly who the members are: others are removed,
    and those who are there get the roles that are named. For moderators and services."""
    return Call(
        "PUT",
        path("/rooms/{room}/members", room=room),
        body={"members": members},
        repeatable=True,
        answer="json",
    )


def set_preferences(
    room: str,
    *,
    archived: Union[bool, None, Unset] = UNSET,
    hidden: Union[bool, None, Unset] = UNSET,
    notifications: Union[types.Notifications, None, Unset] = UNSET,
    notifications_seconds: Union[int, None, Unset] = UNSET,
    notifications_until: Union[Union[str, datetime], None, Unset] = UNSET,
    pinned: Union[bool, None, Unset] = UNSET,
    rank: Union[int, None, Unset] = UNSET,
) -> Call[types.RoomPreferences]:
    """Mute, hide, archive, pin or sort the room for oneself. Says how the user wants to have
    the room, for their own devices alone: of what they are told, whether it is hidden until
    somebody writes, archived, pinned, and its place in their own order.

    - hidden: Until somebody writes there.
    - notifications: Of what the user is told; for good, unless it says until when.
    - rank: The user's own order: lower comes first; `null` takes it away.
    """
    return Call(
        "PATCH",
        path("/rooms/{room}/preferences", room=room),
        body={
            "archived": archived,
            "hidden": hidden,
            "notifications": notifications,
            "notifications_seconds": notifications_seconds,
            "notifications_until": notifications_until,
            "pinned": pinned,
            "rank": rank,
        },
        repeatable=True,
        answer="json",
    )


def set_quiet(
    *,
    from_: str,
    until: str,
    utc_offset_minutes: Union[int, None, Unset] = UNSET,
) -> Call[types.Quiet]:
    """Be told nothing in a time of each day. Nothing is shown on the user's devices between
    these times of each day, by a clock that is so many minutes ahead of UTC. At the end each
    room with something unread is told once.

    - until: On the next day, where it is not later than `from`.
    - utc_offset_minutes: How far the user's clock is ahead of UTC.
    """
    return Call(
        "PUT",
        path("/push/quiet"),
        body={"from": from_, "until": until, "utc_offset_minutes": utc_offset_minutes},
        repeatable=True,
        answer="json",
    )


def set_retention(
    room: str,
    *,
    age_days: Union[int, None, Unset] = UNSET,
    messages: Union[int, None, Unset] = UNSET,
) -> Call[None]:
    """Set the retention of a room (admin). Keeps messages for so many days, or so many of them;
    what is left out is as for all rooms. For administrators."""
    return Call(
        "PUT",
        path("/rooms/{room}/retention", room=room),
        body={"age_days": age_days, "messages": messages},
        repeatable=True,
        answer="nothing",
    )


def set_room_blocklist(
    room: str,
    blocklist: str,
    *,
    action: types.BlocklistAction,
    patterns: Union[Sequence[str], Unset] = UNSET,
    words: Union[Sequence[str], Unset] = UNSET,
) -> Call[None]:
    """Set a list of a room. Sets a list as a whole, also one that is new. It holds in the room
    when this is answered. The lists of a room have at most 500 words and 10 patterns together.
    For moderators.

    - patterns: Regular expressions, looked for anywhere in what is folded like the words.
    - words: Found as whole words, whatever their case and accents.
    """
    return Call(
        "PUT",
        path("/rooms/{room}/blocklists/{blocklist}", room=room, blocklist=blocklist),
        body={"action": action, "patterns": patterns, "words": words},
        repeatable=True,
        answer="nothing",
    )


def set_slow_mode(room: str, *, seconds: int) -> Call[types.Room]:
    """Slow mode: one message in so many seconds. A member who does not moderate writes once in
    so many seconds; 0 ends it."""
    return Call(
        "PUT",
        path("/rooms/{room}/slow-mode", room=room),
        body={"seconds": seconds},
        repeatable=True,
        answer="json",
    )


def stop_message(message: str) -> Call[None]:
    """Ask who writes a message to stop. Their connections get the event `message.stop`; what
    they do then is theirs to decide. For the author of the message that it answers, moderators,
    and either one in a direct room."""
    return Call(
        "POST",
        path("/messages/{message}/stop", message=message),
        answer="nothing",
    )


def stream_message(
    room: str,
    content: bytes,
    *,
    client_id: Union[str, Unset] = UNSET,
    in_room: Union[bool, Unset] = UNSET,
    reply_to: Union[str, Unset] = UNSET,
    sender_id: Union[str, Unset] = UNSET,
    thread_id: Union[str, Unset] = UNSET,
    idempotency_key: Union[str, Unset] = UNSET,
) -> Call[types.Streamed]:
    """Send a message as it is written. Sends a message whose text is the body, told to the
    readers as it comes; its end finishes the message. A body of the type `application/x-ndjson`
    has lines with `text` or `metadata`, and `{"failed": true}` as the last one of a message
    that did not come to its end. Repeated with the same `client_id` it adds nothing, and says
    how the message stands. Answered early, with `stopped`, when somebody has asked to stop. For
    the application: in a user's name (`sender_id`).

    - client_id: The sender's own name of the message: sent again it is not stored again
    - in_room: A reply in a thread is also in the room.
    - reply_to: The message that it answers
    - sender_id: Only the application: in whose name it is sent
    - thread_id: The message whose thread it is in
    """
    return Call(
        "POST",
        path("/rooms/{room}/messages/stream", room=room),
        query={
            "client_id": client_id,
            "in_room": in_room,
            "reply_to": reply_to,
            "sender_id": sender_id,
            "thread_id": thread_id,
        },
        body=content,
        key=idempotency_key,
        repeatable=True,
        answer="json",
    )


def transfer_room(room: str, *, user_id: str) -> Call[None]:
    """Transfer ownership. Makes another member the owner; the owner becomes a moderator.

    - user_id: Who is to own it.
    """
    return Call(
        "POST",
        path("/rooms/{room}/transfer", room=room),
        body={"user_id": user_id},
        answer="nothing",
    )


def try_blocklists(*, content: str, room_id: Union[str, None, Unset] = UNSET) -> Call[types.Screened]:
    """What the lists would make of a text (moderation). Says what the lists of the deployment
    would make of a text, with a `room_id` those of the room as well. Nothing is stored. For
    administrators, and services with the scope `moderation`.

    - room_id: As if it were said there: the lists of the room count, too.
    """
    return Call(
        "POST",
        path("/content-check"),
        body={"content": content, "room_id": room_id},
        answer="json",
    )


def try_room_blocklists(room: str, *, content: str) -> Call[types.Screened]:
    """What a room's lists would make of a text. Says what the lists of the room would make of a
    text, and which of them. Nothing is stored. For moderators."""
    return Call(
        "POST",
        path("/rooms/{room}/content-check", room=room),
        body={"content": content},
        answer="json",
    )


def unban_from_room(room: str, user: str) -> Call[None]:
    """End a ban. Ends a ban: the user may join or be added again. For moderators."""
    return Call(
        "DELETE",
        path("/rooms/{room}/bans/{user}", room=room, user=user),
        repeatable=True,
        answer="nothing",
    )


def unban_user(user: str) -> Call[None]:
    """End a ban (admin). Ends a ban. For administrators."""
    return Call(
        "DELETE",
        path("/users/{user}/ban", user=user),
        repeatable=True,
        answer="nothing",
    )


def unblock_user(user: str) -> Call[None]:
    """Unblock a user. Ends that."""
    return Call(
        "DELETE",
        path("/blocks/{user}", user=user),
        repeatable=True,
        answer="nothing",
    )


def unfollow_thread(thread: str) -> Call[types.ThreadState]:
    """Do not follow a thread any more. Does not follow a thread any more, also not if one is
    mentioned in it; writing in it follows it again."""
    return Call(
        "DELETE",
        path("/threads/{thread}/follow", thread=thread),
        repeatable=True,
        answer="json",
    )


def unfreeze_room(room: str) -> Call[types.Room]:
    """Unfreeze. Everybody may write again."""
    return Call(
        "DELETE",
        path("/rooms/{room}/freeze", room=room),
        repeatable=True,
        answer="json",
    )


def unpin_message(message: str) -> Call[types.Changed]:
    """Unpin a message. Unpins a message."""
    return Call(
        "DELETE",
        path("/messages/{message}/pin", message=message),
        repeatable=True,
        answer="json",
    )


def unsave_message(message: str) -> Call[None]:
    """Save a message no more. Takes away what the user has saved of a message, with its note
    and reminder."""
    return Call(
        "DELETE",
        path("/messages/{message}/saved", message=message),
        repeatable=True,
        answer="nothing",
    )


def update_member(
    room: str,
    user: str,
    *,
    mute_seconds: Union[int, None, Unset] = UNSET,
    muted_until: Union[Union[str, datetime], None, Unset] = UNSET,
    role: Union[Literal["owner", "moderator", "member", "read_only"], None, Unset] = UNSET,
) -> Call[types.Member]:
    """Change a member's role, or mute them. Changes the role of a member, or mutes them for
    some seconds, until a time, or, with `null`, not any longer."""
    return Call(
        "PATCH",
        path("/rooms/{room}/members/{user}", room=room, user=user),
        body={"mute_seconds": mute_seconds, "muted_until": muted_until, "role": role},
        repeatable=True,
        answer="json",
    )


def update_room(
    room: str,
    *,
    custom: Union[Mapping[str, Any], None, Unset] = UNSET,
    title: Union[str, None, Unset] = UNSET,
    topic: Union[str, None, Unset] = UNSET,
) -> Call[types.Room]:
    """Change title, topic or custom data. Changes what is named and leaves the rest. `custom`
    is replaced as a whole; `null` removes it. For moderators."""
    return Call(
        "PATCH",
        path("/rooms/{room}", room=room),
        body={"custom": custom, "title": title, "topic": topic},
        repeatable=True,
        answer="json",
    )


def update_user(
    user: str,
    *,
    avatar_url: Union[str, None, Unset] = UNSET,
    custom: Union[Mapping[str, Any], None, Unset] = UNSET,
    name: Union[str, None, Unset] = UNSET,
    roles: Union[Sequence[str], None, Unset] = UNSET,
) -> Call[types.Profile]:
    """Change what is said of a user (users). Changes what is named and leaves the rest; `null`
    takes it away. Those who see the user are told. For the scope `users`.

    - name: Null: the id is shown.
    - roles: Besides those of the user's tokens.
    """
    return Call(
        "PATCH",
        path("/users/{user}", user=user),
        body={"avatar_url": avatar_url, "custom": custom, "name": name, "roles": roles},
        repeatable=True,
        answer="json",
    )


def upload_attachment(
    content: bytes,
    *,
    duration_ms: Union[int, Unset] = UNSET,
    name: Union[str, Unset] = UNSET,
    waveform: Union[str, Unset] = UNSET,
) -> Call[types.Attachment]:
    """Upload a file. Stores the body as a file. The id in the answer is named by the message
    that the file is sent with; what is not sent is deleted after a while.

    - duration_ms: How long it plays, in milliseconds, as who has recorded it knows; it counts
      where the file does not say
    - name: The name of the file
    - waveform: How loud it is over time, to be drawn: up to 64 numbers from 0 to 100, with
      commas
    """
    return Call(
        "POST",
        path("/attachments"),
        query={"duration_ms": duration_ms, "name": name, "waveform": waveform},
        body=content,
        answer="json",
    )


def upsert_users(*, users: Sequence[types.UpsertUsersRequestUser]) -> Call[types.Upserted]:
    """Make or change many users (users). Makes users, or changes those that are there, up to
    1,000 at once: what is left out stays as it is. Done again it does nothing. For the scope
    `users`."""
    return Call(
        "POST",
        path("/users"),
        body={"users": users},
        repeatable=True,
        answer="json",
    )
