//! `tools/import`: exports of other products, each made by its published format, are
//! converted, imported, and read through the server.

use std::path::Path;

use serde_json::{Value, json};
use tokio::process::Command;

use super::{Place, problems};
use crate::support::{Receiver, Reply, Server, User, history_of};

/// Runs a program of Python's own library.
async fn python(args: &[&str]) -> String {
    let run = Command::new("python3").args(args).kill_on_drop(true).output();
    let output = crate::support::within("a converter's end", run).await.expect("it starts");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {error}");
    error
}

/// Converts a file, imports what comes of it, twice, and starts a server. Gives what the
/// converter has left out.
async fn moved_in(place: &Place, converter: &str, from: &Path) -> (Server, String) {
    let (left_out, report) = converted(place, converter, from, &[]).await;
    assert_eq!(problems(&report), [], "{report}");
    (place.start().await, left_out)
}

/// The same with options of the converter, and the folder of files, if there are any.
/// Gives the report besides.
async fn converted(
    place: &Place,
    converter: &str,
    from: &Path,
    options: &[&str],
) -> (String, String) {
    let program = format!("{}/tools/import/{converter}", env!("CARGO_MANIFEST_DIR"));
    let (from, to) = (from.display().to_string(), place.home.path().join("lines.jsonl"));
    let out = to.display().to_string();
    let args = [&[program.as_str(), &from, "--out", &out, "--mark-read"], options].concat();
    let left_out = python(&args).await;
    let text = std::fs::read_to_string(&to).expect("the converter has written it");
    let report = place.import(&text, &["--private-urls"]).await.stdout;
    place.import(&text, &["--private-urls"]).await;
    (left_out, report)
}

/// Converts one message of each product with two files of it, and gives what they are.
async fn files_of(converter: &str, export: impl FnOnce(&str, &Path) -> String) -> Vec<String> {
    let place = Place::new();
    let web = Receiver::start().await;
    web.answer_with(|_| Reply::Body(200, "the plan".to_owned()));
    let home = place.home.path();
    std::fs::create_dir_all(home.join("20190506")).expect("made");
    std::fs::write(home.join("20190506/plan.txt"), "the plan").expect("written");
    let name = export(&web.url, home);
    let (_, report) = converted(&place, converter, &home.join(name), &["--files"]).await;
    assert_eq!(problems(&report), [], "{report}");
    let server = place.start().await;
    let ann = server.user("ann").await;
    let room = ann.get("/rooms").await.expect(200)["rooms"][0]["room_id"].clone();
    let messages = history_of(&ann, room.as_str().expect("an id")).await;
    let mut files = Vec::new();
    for attachment in messages[0]["attachments"].as_array().expect("a list") {
        let id = attachment["attachment_id"].as_str().expect("an id");
        assert_eq!(ann.get(&format!("/attachments/{id}/content")).await.body, "the plan");
        files.push(attachment["name"].as_str().expect("a name").to_owned());
    }
    assert_eq!(messages[0]["content"], "");
    files
}

#[tokio::test]
async fn files_become_attachments_where_that_is_asked_for() {
    let slack = |url: &str, home: &Path| {
        let write = |name: &str, value: Value| {
            let file = home.join("export").join(name);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
            std::fs::write(file, value.to_string()).expect("written");
        };
        write("users.json", json!([{"id": "ann", "name": "ann", "profile": {}}]));
        write(
            "channels.json",
            json!([{"id": "C1", "name": "general", "created": 1449252889,
            "creator": "ann", "members": ["ann"]}]),
        );
        write(
            "general/2019-05-06.json",
            json!([{"type": "message", "user": "ann", "text": "",
            "ts": "1557126489.000200", "files": [{"name": "plan.txt",
                "permalink": "https://files.example/F1",
                "url_private_download": format!("{url}/F1/plan?t=xoxe-1")}]}]),
        );
        "export".to_owned()
    };
    assert_eq!(files_of("slack.py", slack).await, ["plan.txt"]);
    let mattermost = |_: &str, home: &Path| {
        let lines = [
            json!({"type": "channel", "channel": {"team": "t", "name": "c", "type": "O"}}),
            json!({"type": "user", "user": {"username": "ann", "teams": [{"name": "t",
                "channels": [{"name": "c", "roles": "channel_user"}]}]}}),
            json!({"type": "post", "post": {"team": "t", "channel": "c", "user": "ann",
                "message": "", "create_at": 1_557_126_489_000_i64,
                "attachments": [{"path": "20190506/plan.txt"}]}}),
        ];
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(home.join("export.jsonl"), text).expect("written");
        "export.jsonl".to_owned()
    };
    assert_eq!(files_of("mattermost.py", mattermost).await, ["plan.txt"]);
    let stream = |url: &str, home: &Path| {
        let attachments = json!([{"type": "file", "asset_url": format!("{url}/1"),
            "title": "plan.txt"}]);
        let export = json!({"channels": [{
            "channel": {"id": "general", "type": "messaging", "cid": "messaging:general"},
            "members": [{"user_id": "ann"}],
            "messages": [{"id": "m1", "text": "", "type": "regular", "user": {"id": "ann"},
                "created_at": "2021-02-17T08:17:49Z", "attachments": attachments}],
        }]});
        std::fs::write(home.join("export.json"), export.to_string()).expect("written");
        "export.json".to_owned()
    };
    assert_eq!(files_of("stream_chat.py", stream).await, ["plan.txt"]);
}

fn contents(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["content"].as_str().expect("a content")).collect()
}

async fn assert_all_read(user: &User, room: &str) {
    let read = user.read_state(room).await;
    assert_eq!(read["unread"], 0, "{read}");
}

#[tokio::test]
async fn an_export_archive_of_slack() {
    let place = Place::new();
    let home = place.home.path();
    let write = |name: &str, value: Value| {
        let file = home.join("export").join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("it can be made");
        std::fs::write(file, value.to_string()).expect("it can be written");
    };
    write(
        "users.json",
        json!([
            {"id": "U1", "name": "ann", "deleted": false, "profile":
                {"real_name": "Ann A.", "display_name": "", "image_512": "https://example.org/a.png"}},
            {"id": "U2", "name": "ben", "deleted": false, "profile": {"display_name": "Ben"}},
        ]),
    );
    write(
        "channels.json",
        json!([{
            "id": "C1", "name": "general", "created": 1449252889, "creator": "U1",
            "is_archived": false, "members": ["U1", "U2"],
            "topic": {"value": "Talk &amp; more", "creator": "U1", "last_set": 1}, "purpose": {"value": ""},
        }]),
    );
    write("dms.json", json!([{"id": "D1", "created": 1449252889, "members": ["U1", "U2"]}]));
    write(
        "general/2019-05-06.json",
        json!([
            {"type": "message", "subtype": "channel_join", "user": "U1", "text": "<@U1> has joined",
                "ts": "1557120000.000100"},
            {"type": "message", "user": "U1", "ts": "1557126489.000200",
                "text": "Hello <@U2>, see <https://example.org|this> &amp; that",
                "thread_ts": "1557126489.000200", "reply_count": 1,
                "reactions": [{"name": "+1", "users": ["U2"], "count": 1}]},
            {"type": "message", "user": "U2", "ts": "1557126490.000300", "text": "<!channel> look",
                "thread_ts": "1557126489.000200", "subtype": "thread_broadcast",
                "edited": {"user": "U2", "ts": "1557126500.000000"}},
        ]),
    );
    write(
        "general/2019-05-07.json",
        json!([
            {"type": "message", "subtype": "bot_message", "bot_id": "B1", "username": "builder",
                "text": "done", "ts": "1557212890.000400"},
            {"type": "message", "user": "U2", "text": "", "ts": "1557212891.000500",
                "files": [{"id": "F1", "name": "plan.pdf", "permalink": "https://files.example/F1"}]},
        ]),
    );
    write(
        "D1/2019-05-06.json",
        json!([
            {"type": "message", "user": "U1", "text": "between us", "ts": "1557126600.000500"},
        ]),
    );
    let (folder, zip) = (home.join("export"), home.join("export.zip"));
    let names = ["users.json", "channels.json", "dms.json", "general", "D1"];
    let parts: Vec<String> =
        names.iter().map(|name| folder.join(name).display().to_string()).collect();
    let packed = zip.display().to_string();
    let pack = ["-m", "zipfile", "-c", &packed].into_iter().chain(parts.iter().map(String::as_str));
    python(&pack.collect::<Vec<_>>()).await;

    let (server, left_out) = moved_in(&place, "slack.py", &zip).await;
    assert_eq!(left_out.trim(), "left out: 1 notices");
    let (ann, ben) = (server.user("U1").await, server.user("U2").await);
    let messages = history_of(&ann, "C1").await;
    let said = [
        "Hello @U2, see this (https://example.org) & that",
        "@room look",
        "done",
        "plan.pdf https://files.example/F1",
    ];
    assert_eq!(contents(&messages), said);
    assert_eq!(messages[0]["created_at"], "2019-05-06T07:08:09.000Z");
    assert_eq!(messages[0]["reactions"][0]["emoji"], "👍");
    assert_eq!(messages[0]["thread"]["count"], 1);
    assert_eq!(messages[1]["in_room"], true);
    assert_eq!(messages[1]["edited_at"], "2019-05-06T07:08:20.000Z");
    assert_eq!(messages[2]["sender"]["name"], "builder", "{}", messages[2]);
    assert_eq!(contents(&history_of(&ben, "D1").await), ["between us"]);
    assert_eq!(ann.direct(&ben).await, "D1");
    assert_eq!(ann.get("/rooms/C1").await.expect(200)["topic"], "Talk & more");
    assert_all_read(&ben, "C1").await;
}

#[tokio::test]
async fn a_bulk_export_of_mattermost() {
    let place = Place::new();
    let channels = json!([{"name": "town-square", "roles": "channel_user channel_admin"}]);
    let in_team = |last: i64| {
        let mut channels = channels.clone();
        channels[0]["last_viewed_at"] = last.into();
        json!([{"name": "team", "roles": "team_user", "channels": channels}])
    };
    let lines = [
        json!({"type": "version", "version": 1}),
        json!({"type": "team", "team": {"name": "team", "display_name": "Team", "type": "O"}}),
        json!({"type": "channel", "channel": {"team": "team", "name": "town-square",
            "display_name": "Town Square", "type": "O", "header": "Be kind"}}),
        json!({"type": "user", "user": {"username": "ann", "email": "ann@example.org",
            "nickname": "", "first_name": "Ann", "last_name": "A.", "teams": in_team(1)}}),
        json!({"type": "user", "user": {"username": "ben", "email": "ben@example.org",
            "nickname": "Benny", "teams": in_team(1_557_126_489_500)}}),
        json!({"type": "post", "post": {"team": "team", "channel": "town-square", "user": "ann",
            "message": "Hello @ben", "create_at": 1_557_126_489_000_i64, "is_pinned": true,
            "reactions": [{"user": "ben", "emoji_name": "tada", "create_at": 1_557_126_489_001_i64}],
            "replies": [{"user": "ben", "message": "late answer",
                "create_at": 1_557_126_495_000_i64}]}}),
        json!({"type": "post", "post": {"team": "team", "channel": "town-square", "user": "ann",
            "message": "in between", "create_at": 1_557_126_490_000_i64}}),
        json!({"type": "direct_channel", "direct_channel": {"members": ["ann", "ben"]}}),
        json!({"type": "direct_post", "direct_post": {"channel_members": ["ben", "ann"],
            "user": "ben", "message": "between us", "create_at": 1_557_126_491_000_i64}}),
    ];
    let file = place.home.path().join("export.jsonl");
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, text).expect("it can be written");

    let (server, left_out) = moved_in(&place, "mattermost.py", &file).await;
    assert_eq!(left_out, "");
    let (ann, ben) = (server.user("ann").await, server.user("ben").await);
    let room = "team:town-square";
    let messages = history_of(&ben, room).await;
    assert_eq!(contents(&messages), ["Hello @ben", "in between", "late answer"]);
    assert_eq!(messages[2]["thread_id"], messages[0]["message_id"]);
    assert_eq!(messages[0]["reactions"][0]["emoji"], "🎉");
    assert_eq!(messages[0]["mentions"]["user_ids"], json!(["ben"]));
    assert_eq!(messages[0]["pinned"]["by"], "ann", "{}", messages[0]);
    assert_eq!(ben.read_state(room).await["unread"], 1);
    let direct = ann.direct(&ben).await;
    assert_eq!(contents(&history_of(&ann, &direct).await), ["between us"]);
}

fn stream_messages() -> [Value; 3] {
    let ann = json!({"id": "ann", "name": "Ann", "image": "https://example.org/a.png",
        "role": "user", "team_name": "red"});
    [
        json!({"id": "m1", "text": "Hello @ben", "type": "regular", "user": ann,
            "created_at": "2021-02-17T08:17:49.745857Z", "mentioned_users": [{"id": "ben"}],
            "latest_reactions": [{"message_id": "m1", "type": "love", "user_id": "ben",
                "user": {"id": "ben"}, "created_at": "2021-02-17T08:18:00Z"}]}),
        json!({"id": "m2", "text": "an answer", "type": "reply", "parent_id": "m1", "show_in_channel": true,
            "user": {"id": "ben"}, "created_at": "2021-02-17T08:19:49.745857Z"}),
        json!({"id": "m3", "text": "gone", "type": "deleted", "user": ann,
            "created_at": "2021-02-17T08:20:49Z", "deleted_at": "2021-02-17T08:21:00Z"}),
    ]
}

async fn assert_is_stream(place: &Place, file: &Path) {
    let (server, left_out) = moved_in(place, "stream_chat.py", file).await;
    assert_eq!(left_out, "");
    let ann = server.user("ann").await;
    let room = "messaging:general";
    let messages = history_of(&ann, room).await;
    assert_eq!(contents(&messages), ["Hello @ben", "an answer", ""]);
    assert_eq!(messages[0]["created_at"], "2021-02-17T08:17:49.745Z");
    assert_eq!(messages[0]["reactions"][0]["emoji"], "❤️");
    assert_eq!(messages[1]["thread_id"], messages[0]["message_id"]);
    assert_eq!(messages[1]["in_room"], true);
    assert_eq!(messages[2]["deleted_at"], "2021-02-17T08:21:00.000Z");
    assert_eq!(ann.get(&format!("/rooms/{room}")).await.expect(200)["custom"], json!({"x": 1}));
    assert_all_read(&ann, room).await;
}

#[tokio::test]
async fn an_export_of_stream_chat_as_one_document() {
    let place = Place::new();
    let file = place.home.path().join("export.json");
    let member = |id: &str, role: &str| {
        json!({"user_id": id, "user": {"id": id}, "channel_role": role,
            "created_at": "2021-02-17T08:00:00Z"})
    };
    let export = json!({"channels": [{
        "channel": {"id": "general", "type": "messaging", "cid": "messaging:general", "x": 1,
            "name": "General", "created_by": {"id": "ann"}, "created_at": "2021-02-17T08:00:00Z"},
        "members": [member("ann", "channel_moderator"), member("ben", "channel_member")],
        "messages": stream_messages(),
        "reads": [{"user": {"id": "ben"}, "last_read": "2021-02-17T08:18:00Z"}],
    }]});
    std::fs::write(&file, export.to_string()).expect("it can be written");
    assert_is_stream(&place, &file).await;
}

#[tokio::test]
async fn an_export_of_stream_chat_as_lines() {
    let place = Place::new();
    let file = place.home.path().join("export.jsonl");
    let of = |kind: &str, mut item: Value| {
        if kind != "user" && kind != "channel" {
            item["channel_type"] = "messaging".into();
            item["channel_id"] = "general".into();
        }
        json!({"type": kind, "item": item})
    };
    let channel = json!({"id": "general", "type": "messaging", "name": "General", "x": 1,
        "created_by": "ann"});
    let mut lines = vec![
        of("user", json!({"id": "ann", "name": "Ann"})),
        of("channel", channel),
        of("member", json!({"user_id": "ann"})),
        of("member", json!({"user_id": "ben"})),
    ];
    lines.extend(stream_messages().map(|message| of("message", message)));
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, text).expect("it can be written");
    assert_is_stream(&place, &file).await;
}
