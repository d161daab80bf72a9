"""Every call of the SDK once, on a real server."""

from __future__ import annotations

import asyncio
import inspect
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

from apps import Application
from recorded import Recorded, refused, until

from parlor import _calls, types
from parlor.errors import Conflict, Forbidden, InvalidMessage, NotFound

EVERY = {
    name
    for name, function in vars(_calls).items()
    if inspect.isfunction(function) and function.__module__ == _calls.__name__
} - {"path", "pages"}

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


async def all_of_them(parlor: Any, url: str, application: Application) -> None:
    called: set[str] = set()
    boss = Recorded(parlor, called)
    await users(boss)
    await rooms(boss)
    await members(boss)
    await messages(boss)
    await files(boss)
    await marks(boss)
    await events(boss)
    await moderation(boss)
    await keys(boss, type(parlor), url)
    await webhooks(boss, application)
    assert called >= EVERY, f"not called: {sorted(EVERY - called)}"


def users_of(report: types.ImportReport) -> list[types.ImportCount]:
    return [count for count in report["counts"] if count["type"] == "user"]


async def users(boss: Recorded) -> None:
    ann = await boss.describe_user("ann", name="Ann", custom={"team": "x"}, roles=["chat"])
    assert (ann["name"], ann["custom"], ann["roles"]) == ("Ann", {"team": "x"}, ["chat"])
    changed = await boss.update_user("ann", avatar_url="/a.png", custom=None)
    assert changed["avatar_url"] == "/a.png" and "custom" not in changed, "null takes away"
    many = [{"user_id": f"user{n}", "name": f"User {n}"} for n in range(5)]
    assert (await boss.upsert_users(users=many))["created"] == 5
    assert (await boss.upsert_users(users=many))["unchanged"] == 5
    assert (await boss.get_user("ann"))["name"] == "Ann"
    assert [user["id"] for user in (await boss.list_users(query="ann"))["users"]] == ["ann"]
    everybody = {user["id"] for user in await boss.iter_users(limit=2)}
    assert everybody >= {"ann", *(f"user{n}" for n in range(5))}
    assert [user["id"] for user in await boss.iter_users(query="user", limit=2)] == ["user0", "user1"]
    await boss.deactivate_user("user0")
    await refused(Forbidden, boss.as_user("user0").get_me())
    await boss.reactivate_user("user0")
    assert (await boss.as_user("user0").get_me())["id"] == "user0"
    wrong = await refused(InvalidMessage, boss.describe_user("ann", name="x" * 101))
    assert (wrong.field, wrong.status, wrong.code) == ("name", 400, "invalid_message")
    assert (await boss.get_user_ban("ann"))["banned"] is False
    later = datetime.now(timezone.utc) + timedelta(hours=1)
    await boss.ban_user("ann", until=later, reason="noise")
    ban = await boss.get_user_ban("ann")
    assert ban["banned"] and ban["reason"] == "noise"
    assert abs(datetime.fromisoformat(ban["until"].replace("Z", "+00:00")) - later) < timedelta(seconds=1)
    await boss.unban_user("ann")
    assert (await boss.get_me())["id"] == "boss"
    assert (await boss.get_user_presence("ann"))["status"] == "offline"
    ben = boss.as_user("ben")
    await ben.block_user("ann")
    assert [user["id"] for user in (await ben.list_blocks())["users"]] == ["ann"]
    assert len(await ben.iter_blocks()) == 1
    await ben.unblock_user("ann")


async def rooms(boss: Recorded) -> None:
    room = await boss.create_room(room_id="board:1", title="Board", kind="public", custom={"p": "x"})
    assert (room["room_id"], room["kind"], room["custom"]) == ("board:1", "public", {"p": "x"})
    await refused(Conflict, boss.create_room(room_id="board:1"))
    await boss.create_room(room_id="other", custom={"p": "y"})
    assert (await boss.get_room("board:1"))["title"] == "Board"
    room = await boss.update_room("board:1", topic="plans", title="")
    assert (room["topic"], room["title"], room["custom"]) == ("plans", "", {"p": "x"})
    found = await boss.list_rooms(all=True, custom={"p": "x"})
    assert [room["room_id"] for room in found["rooms"]] == ["board:1"]
    assert {room["room_id"] for room in await boss.iter_rooms(limit=1)} >= {"board:1", "other"}
    direct = await boss.open_direct_room_between(user_ids=["ann", "ben"])
    same = await boss.as_user("ann").open_direct_room("ben")
    assert direct["room_id"] == same["room_id"] and same["peer"]["id"] == "ben"
    assert (await boss.freeze_room("board:1"))["rules"]["frozen"] is True
    assert "rules" not in await boss.unfreeze_room("board:1")
    assert (await boss.set_slow_mode("board:1", seconds=1))["rules"]["slow_mode_seconds"] == 1
    await boss.set_slow_mode("board:1", seconds=0)
    await boss.set_retention("board:1", age_days=30)
    assert (await boss.get_retention("board:1"))["age_days"] == 30
    await boss.delete_room("other")
    gone = await refused(NotFound, boss.get_room("other"))
    assert gone.request_id


async def members(boss: Recorded) -> None:
    added = await boss.add_member("board:1", "ann")
    assert (added["user"]["id"], added["role"]) == ("ann", "member")
    many = [{"user_id": "user1"}, {"user_id": "user2", "role": "read_only"}]
    outcome = await boss.change_members("board:1", add=many, remove=["nobody-here"])
    results = {result["user_id"]: result["result"] for result in outcome["results"]}
    assert results == {"user1": "added", "user2": "added", "nobody-here": "refused"}, results
    roles = {each["user"]["id"]: each["role"] for each in await boss.iter_members("board:1", limit=2)}
    assert roles == {"boss": "owner", "ann": "member", "user1": "member", "user2": "read_only"}
    exactly = [{"user_id": "boss", "role": "owner"}, {"user_id": "ann"}, {"user_id": "ben"}]
    outcome = await boss.set_members("board:1", members=exactly)
    assert outcome["member_count"] == 3
    muted = await boss.update_member("board:1", "ben", role="moderator", mute_seconds=60)
    assert muted["role"] == "moderator" and "muted_until" in muted
    assert "muted_until" not in await boss.update_member("board:1", "ben", muted_until=None)
    listed = await boss.list_members("board:1", limit=1)
    assert (await boss.get_member("board:1", "ben"))["role"] == "moderator"
    assert len(listed["members"]) == 1 and listed["has_more"]
    await boss.add_member("board:1", "user3")
    await boss.remove_member("board:1", "user3")
    await boss.transfer_room("board:1", user_id="ann")
    await boss.update_member("board:1", "boss", role="owner")


async def messages(boss: Recorded) -> None:
    own = {"card": 7, "deep": [1, None, "two"]}
    sent = await boss.send_message("board:1", content="shall we meet?", metadata=own)
    assert sent["duplicate"] is False
    message = await boss.get_message(sent["message_id"])
    assert (message["content"], message["metadata"]) == ("shall we meet?", own)
    first = await boss.send_message("board:1", content="once", client_id="c-1")
    again = await boss.send_message("board:1", content="once", client_id="c-1")
    assert again["duplicate"] and again["message_id"] == first["message_id"]
    ann = boss.as_user("ann", name="Ann")
    reply = await ann.send_message("board:1", content="yes", reply_to=sent["message_id"])
    await ann.send_message("board:1", content="at ten", thread_id=sent["message_id"])
    thread = await boss.list_thread(sent["message_id"])
    assert [each["content"] for each in thread["replies"]] == ["at ten"]
    assert len(await boss.iter_thread(sent["message_id"], limit=1)) == 1
    followed = await ann.list_followed_threads(unread=False)
    assert [each["thread_id"] for each in followed["threads"]] == [sent["message_id"]]
    assert len(await ann.iter_followed_threads(limit=1)) == 1
    assert (await ann.mark_thread_read(sent["message_id"], all=True))["unread"] == 0
    assert not (await ann.unfollow_thread(sent["message_id"]))["following"]
    assert (await ann.follow_thread(sent["message_id"]))["following"]
    await ann.edit_message(reply["message_id"], content="yes!")
    assert (await boss.get_message(reply["message_id"]))["content"] == "yes!"
    await ann.delete_message(reply["message_id"])
    for n in range(7):
        await boss.send_message("board:1", content=f"number {n}")
    page = await boss.list_messages("board:1", limit=2)
    assert [each["content"] for each in page["messages"]] == ["number 5", "number 6"]
    backwards = [each["content"] for each in await boss.iter_messages("board:1", limit=3)]
    forwards = [each["content"] for each in await boss.iter_messages("board:1", after=0, limit=3)]
    assert backwards == forwards[::-1] and backwards[0] == "number 6", (backwards, forwards)
    count = await boss.count_messages("board:1")
    assert count["count"] == len(forwards) - 1, "without the one that was deleted"
    await boss.add_reaction(sent["message_id"], "👍")
    await ann.add_reaction(sent["message_id"], "👍")
    assert len((await boss.list_reactions(sent["message_id"]))["reactions"]) == 2
    assert len(await boss.iter_reactions(sent["message_id"], limit=1)) == 2
    await ann.remove_reaction(sent["message_id"], "👍")
    await boss.pin_message(sent["message_id"])
    await boss.pin_message(first["message_id"])
    assert len((await boss.list_pins("board:1"))["messages"]) == 2
    assert len(await boss.iter_pins("board:1", limit=1)) == 2
    await boss.unpin_message(first["message_id"])
    written = await boss.stream_message("board:1", "word by word".encode())
    assert written["state"] == "finished", written
    id_ = written["message_id"]
    assert (await boss.get_message(id_))["content"] == "word by word"
    await boss.finish_message(id_, content="word by word")
    await refused(Conflict, boss.fail_message(id_))
    await refused(Conflict, boss.stop_message(id_))

    async def found() -> Any:
        return [each["message"]["content"] for each in await boss.iter_search_messages(q="number", limit=2)]

    async def all_found() -> bool:
        return len(await found()) == 7

    await until("the index", all_found)
    results = await boss.search_messages(q="meet", from_=datetime(2020, 1, 1, tzinfo=timezone.utc))
    assert results["results"][0]["message"]["message_id"] == sent["message_id"]


async def files(boss: Recorded) -> None:
    file = await boss.upload_attachment(PNG, name="dot.png")
    assert (file["name"], file["content_type"], file["size"]) == ("dot.png", "image/png", len(PNG))
    id_ = file["attachment_id"]
    await boss.send_message("board:1", attachments=[id_])
    assert (await boss.get_attachment(id_))["name"] == "dot.png"
    assert await boss.download_attachment(id_) == PNG
    assert (await boss.download_thumbnail(id_)).startswith(b"\x89PNG")
    for thumbnail in (False, True):
        link = await boss.link_attachment(id_, thumbnail=thumbnail)
        query = parse_qs(urlsplit(link["url"]).query)
        get = boss.download_linked_thumbnail if thumbnail else boss.download_linked_file
        file = await get(id_, expires=int(query["expires"][0]), signature=query["signature"][0])
        assert file.startswith(b"\x89PNG")
    sound = await boss.upload_attachment(b"ID3", duration_ms=4_200, waveform="0,40,100")
    assert (sound["duration_ms"], sound["waveform"]) == (4_200, [0, 40, 100])
    unsent = await boss.upload_attachment(b"notes")
    await boss.delete_attachment(unsent["attachment_id"])


async def marks(boss: Recorded) -> None:
    ann = boss.as_user("ann")
    mark = await ann.get_read_mark("board:1")
    assert mark["unread"] > 0
    unread = await ann.get_unread()
    assert [room["room_id"] for room in unread["rooms"]] == ["board:1"]
    assert len(await ann.iter_unread(limit=1)) == 1
    await ann.mark_delivered("board:1", seq=mark["last_seq"])
    assert (await ann.mark_read("board:1", all=True))["unread"] == 0
    last = mark["last_seq"]
    assert (await ann.mark_unread("board:1", seq=last)).get("unread_from") == last
    assert "unread_from" not in await ann.mark_read("board:1", all=True)
    assert (await ann.set_draft("board:1", content="I th"))["content"] == "I th"
    listed = await ann.list_drafts()
    assert [draft["content"] for draft in listed["drafts"]] == ["I th"]
    assert len(await ann.iter_drafts(limit=1)) == 1
    message = (await ann.list_messages("board:1", limit=1))["messages"][0]["message_id"]
    kept = await ann.save_message(message, note="read", remind_in_seconds=600)
    assert kept.get("note") == "read"
    listed_saved = await ann.list_saved(reminders=True)
    assert [one["message_id"] for one in listed_saved["saved"]] == [message]
    assert len(await ann.iter_saved(limit=1)) == 1
    await ann.unsave_message(message)
    planned = await ann.schedule_message("board:1", content="at last", send_in_seconds=600)
    waiting = await ann.list_scheduled(room_id="board:1")
    assert len(waiting["scheduled"]) == 1
    assert len(await ann.iter_scheduled(limit=1)) == 1
    moved = await ann.change_scheduled(planned["scheduled_id"], send_in_seconds=900)
    assert moved["content"] == "at last"
    await ann.cancel_scheduled(planned["scheduled_id"])
    await ann.create_room(room_id="later")
    other = await ann.schedule_message("later", content="now", send_in_seconds=600)
    assert (await ann.send_scheduled(other["scheduled_id"]))["content"] == "now"
    await ann.delete_room("later")
    preferences = await ann.set_preferences("board:1", notifications="mentions", pinned=True)
    assert preferences["preferences"] == {"notifications": "mentions", "pinned": True}
    rooms = await ann.list_rooms(pinned=True, sort="preferred", member="ben")
    assert [room["room_id"] for room in rooms["rooms"]] == ["board:1"]
    await boss.as_user("ben").mark_delivered("board:1", seq=1)
    receipts = await boss.list_room_receipts("board:1")
    assert "ann" in [each["user_id"] for each in receipts["receipts"]]
    every = [each["user_id"] for each in await boss.iter_room_receipts("board:1", limit=1)]
    assert every == ["ann", "ben"], every
    newest = (await boss.list_messages("board:1", limit=1))["messages"][0]["message_id"]
    assert {"user_id": "ann", "read": True} in (await boss.list_message_receipts(newest))["receipts"]
    assert len(await boss.iter_message_receipts(newest, limit=1)) == 1
    await boss.send_message("board:1", content="one more")
    assert (await ann.mark_all_read())["moved"] == 1


async def events(boss: Recorded) -> None:
    for data in ({"card": 7}, [1, None], "text", 5, False):
        await boss.publish_to_room("board:1", type="task.updated", data=data)
        event = (await boss.list_room_events("board:1"))["events"][-1]
        assert (event["type"], event["data"]) == ("task.updated", data)
    assert len(await boss.iter_room_events("board:1", limit=2)) == 5
    once = await boss.publish_to_user("newcomer", type="hello", data={}, idempotency_key="e-1")
    again = await boss.publish_to_user("newcomer", type="hello", data={}, idempotency_key="e-1")
    assert not once["duplicate"] and again["duplicate"]
    newcomer = boss.as_user("newcomer")
    inbox = await newcomer.list_inbox()
    assert [event["type"] for event in inbox["events"]] == ["hello"]
    assert len(await newcomer.iter_inbox(limit=1)) == 1
    await newcomer.ack_inbox(inbox_seq=inbox["inbox_seq"])
    assert (await newcomer.list_inbox())["acked_seq"] == inbox["inbox_seq"]
    await boss.publish_to_role("board:1", type="shift.begins")
    await boss.publish_to_everyone(type="maintenance", data={"at": "ten"})


async def reports(boss: Recorded) -> None:
    said = await boss.send_message("board:1", content="buy now")
    ann = boss.as_user("ann")
    reported = await ann.report_message(said["message_id"], reason="spam", note="again")
    listed = await boss.list_reports(room_id="board:1")
    assert [each["reasons"] for each in listed["reports"]] == [{"spam": 1}]
    assert len(await boss.iter_reports(limit=1)) == 1
    whole = await boss.get_report(reported["report_id"])
    assert whole["reported_by"][0]["note"] == "again"
    await boss.decide_report(reported["report_id"], decision="delete")
    decided = await boss.list_reports(decided=True)
    assert decided["reports"][0]["decided"]["by"] == "boss"
    await boss.report_user("ann", reason="other")


async def blocklists(boss: Recorded) -> None:
    await boss.set_blocklist("slurs", action="mask", words=["darn"], patterns=[])
    assert [each["list_id"] for each in (await boss.list_blocklists())["lists"]] == ["slurs"]
    assert (await boss.get_blocklist("slurs"))["words"] == ["darn"]
    tried = await boss.try_blocklists(content="darn it")
    assert (tried["refused"], tried["content"]) == (False, "**** it")
    await boss.delete_blocklist("slurs")
    await boss.set_room_blocklist("board:1", "own", action="flag", words=["odd"])
    assert (await boss.list_room_blocklists("board:1"))["lists"][0]["words"] == 1
    assert (await boss.get_room_blocklist("board:1", "own"))["action"] == "flag"
    assert (await boss.try_room_blocklists("board:1", content="how odd"))["flagged"]
    await boss.delete_room_blocklist("board:1", "own")


async def devices(boss: Recorded) -> None:
    ann = boss.as_user("ann")
    web = (await ann.get_push())["web"]
    assert web is not None and len(web["public_key"]) == 87
    quiet = await ann.set_quiet(from_="22:00", until="07:00", utc_offset_minutes=60)
    assert (await ann.get_push())["quiet"] == quiet
    await ann.end_quiet()
    key = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4"
    key += "bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    auth = "BTBZMqHH6r4Tts7J_aSIgg"
    endpoint = "https://push.example.org/ann"
    subscription = types.WebSubscription(endpoint=endpoint, p256dh=key, auth=auth)
    device = await ann.register_device("laptop", web=subscription)
    assert (await ann.list_devices())["devices"] == [device]
    await ann.remove_device("laptop")


async def moderation(boss: Recorded) -> None:
    await devices(boss)
    await reports(boss)
    await blocklists(boss)
    assert "member_count" in await boss.get_room_presence("board:1")
    await boss.ban_from_room("board:1", "ben", ban_seconds=60, reason="noise")
    bans = await boss.list_room_bans("board:1")
    assert (bans["bans"][0]["user"]["id"], bans["bans"][0]["reason"]) == ("ben", "noise")
    assert len(await boss.iter_room_bans("board:1")) == 1
    await boss.unban_from_room("board:1", "ben")
    assert (await boss.list_connections())["connections"] == []
    assert await boss.iter_connections() == []
    assert (await boss.list_room_connections("board:1"))["has_more"] is False
    assert await boss.iter_room_connections("board:1") == []
    assert (await boss.list_user_connections("ann"))["connections"] == []
    assert await boss.iter_user_connections("ann") == []
    assert (await boss.count_connections())["count"] == 0
    assert (await boss.count_room_connections("board:1"))["count"] == 0
    assert (await boss.count_user_connections("ann"))["count"] == 0
    assert (await boss.disconnect_user("ann", reason="later"))["disconnected"] == 0
    assert (await boss.disconnect_room("board:1"))["disconnected"] == 0
    lines = [{"type": "parlor", "version": 1}, {"type": "user", "user_id": "moved-in"}]
    report = await boss.import_lines(lines=lines)
    assert report["stored"] and [count["imported"] for count in users_of(report)] == [1]
    again = await boss.import_lines(lines=lines, dry_run=True)
    assert [count["present"] for count in users_of(again)] == [1]
    export = await boss.export_user("ann")
    assert export["user"]["id"] == "ann" and export["messages"]
    await boss.revoke_user_tokens("user4")
    await boss.revoke_token(token_id="j-1")
    await boss.delete_user("user4")
    await refused(NotFound, boss.delete_user("user4"))
    audit = await boss.list_audit_log(limit=2)
    assert audit["has_more"] and audit["entries"][0]["actor"] == "boss"
    actions = [entry["id"] for entry in await boss.iter_audit_log(limit=50)]
    assert actions == sorted(actions, reverse=True) and len(set(actions)) == len(actions) > 10
    assert "parlor_connections" in " ".join(await boss.get_stats())
    await boss.clear_room("board:1")
    assert (await boss.count_messages("board:1"))["count"] == 0


async def keys(boss: Recorded, client: Any, url: str) -> None:
    key = await boss.create_api_key(name="mailer", scopes=["messages", "rooms"])
    assert key["key"].startswith("prl_")
    assert [each["name"] for each in (await boss.list_api_keys())["api_keys"]] == ["mailer"]
    assert len(await boss.iter_api_keys()) == 1
    mailer = client(url, token=key["key"])
    with_key = Recorded(mailer, set())
    await with_key.send_message("board:1", content="by a key")
    denied = await refused(Forbidden, with_key.list_audit_log())
    assert denied.status == 403
    await boss.revoke_api_key(key["id"])
    closed = mailer.close()
    if inspect.isawaitable(closed):
        await closed


async def webhooks(boss: Recorded, application: Application) -> None:
    """Each is tried once here: what the application cannot bear becomes a dead letter."""

    async def dead() -> Any:
        return (await boss.list_dead_letters())["dead"]

    async def none_dead() -> bool:
        return not await dead()

    def told_of(content: str) -> Any:
        def is_it(one: Any) -> bool:
            return bool(one["data"].get("message", {}).get("content") == content)

        return asyncio.to_thread(application.told, is_it)

    assert len((await boss.list_webhooks())["webhooks"]) == 1
    application.fails_at = {"unbearable"}
    await boss.send_message("board:1", content="unbearable")
    (letter,) = await until("a dead letter", dead)
    assert letter["type"] == "message.created" and len(await boss.iter_dead_letters()) == 1
    application.fails_at = set()
    await boss.replay_dead_letter(letter["id"])
    assert (await told_of("unbearable"))["type"] == "message.created"
    await until("no dead letter", none_dead)
    application.fails_at = {"worse"}
    await boss.send_message("board:1", content="worse")
    (letter,) = await until("a dead letter", dead)
    await boss.delete_dead_letter(letter["id"])
    assert (await boss.replay_dead_letters())["replayed"] == 0
