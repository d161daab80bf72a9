//! Starting the executable, and its command line.

use std::{net::TcpListener, os::unix::fs::PermissionsExt};

use tempfile::tempdir;

use crate::support::{Opening, Server, Socket, TestDatabase, run, run_with, within};

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[tokio::test]
async fn it_starts_without_any_configuration_and_says_where_it_listens() {
    let mut server = Server::builder().with_own_secret().start().await;
    let port = server.address().port();
    let line = format!("parlor {VERSION} listening on http://127.0.0.1:{port}");
    assert_eq!(server.banner(), line);
    let mut told = String::new();
    while !told.contains("parlor token") {
        told = server.next_stdout_line().await;
    }

    let nobody = server.nobody();
    let account = nobody.register("alice", "correct horse").await.expect(201);
    let opening = Opening::default().bearer(account["access_token"].as_str().expect("a token"));
    Socket::ready(server.address(), opening).await;
    assert_eq!(server.data_dir().join("parlor.db").is_file(), TestDatabase::is_file());
}

#[tokio::test]
async fn the_secret_it_makes_is_its_owners_alone_and_stays_the_same() {
    let mut server = Server::builder().with_own_secret().start().await;
    let file = server.data_dir().join("jwt.secret");
    let mode = std::fs::metadata(&file).expect("the secret is kept").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let secret = std::fs::read(&file).expect("it can be read");
    assert!(secret.len() >= 32, "{} bytes", secret.len());
    server.restart().await;
    assert_eq!(std::fs::read(&file).expect("it can be read"), secret);
}

#[tokio::test]
async fn the_version_is_told() {
    let finished = run(&["--version"]).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(finished.stdout, format!("parlor {VERSION}\n"));
}

#[tokio::test]
async fn a_token_of_the_command_line_opens_the_socket() {
    let home = tempdir().expect("a temporary directory can be made");
    let secret = "the secret that the server and the command share";
    let args = ["token", "--user", "alice", "--name", "Alice", "--role", "admin", "--ttl", "24h"];
    let finished = run_with(&home, &args, &[("JWT_SECRET", secret)]).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let token = finished.stdout.trim();
    assert_eq!(token.split('.').count(), 3, "only the token on stdout: {finished:?}");

    let server = Server::builder().set("JWT_SECRET", secret).start().await;
    let socket = Socket::ready(server.address(), Opening::default().bearer(token)).await;
    assert_eq!(socket.ready["user"]["id"], "alice");
    assert_eq!(socket.ready["user"]["name"], "Alice");
    assert_eq!(socket.ready["user"]["roles"], serde_json::json!(["admin"]));
}

#[tokio::test]
async fn migrate_makes_the_database_and_ends() {
    let home = tempdir().expect("a temporary directory can be made");
    for _ in 0..2 {
        let finished = run_with(&home, &["migrate"], &[]).await;
        assert_eq!(finished.code, Some(0), "{finished:?}");
    }
    assert!(home.path().join("data/parlor.db").is_file());
}

#[tokio::test]
async fn a_bad_option_or_value_ends_with_2_and_one_line_that_names_it() {
    let cases: [(&[&str], &str); 7] = [
        (&["--nonsense"], "--nonsense"),
        (&["frobnicate"], "frobnicate"),
        (&["serve", "--bind", "somewhere"], "bind"),
        (&["serve", "--heartbeat-interval", "soon"], "heartbeat-interval"),
        (&["serve", "--queued-frames=-1"], "queued-frames"),
        (&["token"], "--user"),
        (&["token", "--user", "a b"], "user"),
    ];
    for (args, word) in cases {
        run(args).await.refused(2, word);
    }
}

#[tokio::test]
async fn a_bad_environment_variable_ends_with_2_and_is_named() {
    let home = tempdir().expect("a temporary directory can be made");
    for (name, value) in [
        ("PARLOR_BIND", "nowhere"),
        ("PARLOR_HEARTBEAT_TIMEOUT", "1 fortnight and a bit"),
        ("PARLOR_FRAME_BYTES", "many"),
        ("PARLOR_WORKERS", "0"),
        ("PARLOR_ALLOWED_ORIGINS", "app.example.org"),
        ("DATABASE_URL", "mysql://localhost/parlor"),
        ("JWT_SECRET", "short"),
    ] {
        let finished = run_with(&home, &[], &[(name, value)]).await;
        let option = name.trim_start_matches("PARLOR_").to_lowercase().replace('_', "-");
        let word = if finished.stderr.contains(name) { name } else { &option };
        finished.refused(2, word);
    }
}

#[tokio::test]
async fn limits_that_cannot_hold_together_end_with_2_and_say_what_would_do() {
    let home = tempdir().expect("a temporary directory can be made");
    for (settings, words) in [
        (
            vec![("PARLOR_FRAME_BYTES", "65536")],
            ["PARLOR_FRAME_BYTES", "126976", "PARLOR_CONTENT_BYTES=16384"],
        ),
        (
            vec![("PARLOR_CONTENT_BYTES", "200000")],
            ["PARLOR_QUEUED_BYTES", "2457344", "PARLOR_CONTENT_BYTES=200000"],
        ),
        (
            vec![("PARLOR_CONTENT_BYTES", "100"), ("PARLOR_QUEUED_BYTES", "60000")],
            ["PARLOR_QUEUED_BYTES", "at least", "PARLOR_CONTENT_BYTES=100"],
        ),
    ] {
        let finished = run_with(&home, &["serve"], &settings).await;
        words.iter().for_each(|word| finished.refused(2, word));
    }
}

#[tokio::test]
async fn a_taken_port_ends_with_1_and_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let bind = taken.local_addr().expect("it is bound").to_string();
    let home = tempdir().expect("a temporary directory can be made");
    let finished = run_with(&home, &["serve"], &[("PARLOR_BIND", &bind)]).await;
    finished.refused(1, &bind);
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_made_ends_with_1_and_one_line() {
    let home = tempdir().expect("a temporary directory can be made");
    // Not even root can make a directory below a file.
    let file = home.path().join("file");
    std::fs::write(&file, "").expect("a file can be written");
    let data = file.join("data").to_string_lossy().into_owned();
    for settings in [
        vec![("PARLOR_DATA_DIR", data.clone())],
        vec![("DATABASE_URL", format!("sqlite:{data}/parlor.db")), ("JWT_SECRET", "x".repeat(48))],
    ] {
        let mut settings: Vec<_> =
            settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        settings.extend([("PARLOR_BIND", "127.0.0.1:0")]);
        run_with(&home, &["serve"], &settings).await.refused(1, &data);
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_ends_with_1_and_one_line() {
    let home = tempdir().expect("a temporary directory can be made");
    assert_eq!(run_with(&home, &["migrate"], &[]).await.code, Some(0));
    let database = home.path().join("data/parlor.db").to_string_lossy().into_owned();
    add_migration(&database, "29991231235959");
    let settings = [("PARLOR_BIND", "127.0.0.1:0")];
    for args in [["serve"], ["migrate"]] {
        run_with(&home, &args, &settings).await.refused(1, "newer");
    }
}

/// Notes a migration as done that this version does not know.
fn add_migration(database: &str, version: &str) {
    use diesel::{Connection, RunQueryDsl, SqliteConnection, sql_query};
    let mut connection = SqliteConnection::establish(database).expect("the database opens");
    sql_query("INSERT INTO __diesel_schema_migrations (version) VALUES (?)")
        .bind::<diesel::sql_types::Text, _>(version)
        .execute(&mut connection)
        .expect("a migration can be noted");
}

#[tokio::test]
async fn an_env_file_in_the_working_directory_is_read() {
    let home = tempdir().expect("a temporary directory can be made");
    std::fs::write(home.path().join(".env"), "PARLOR_BIND=nowhere\n").expect("it can be written");
    let finished = run_with(&home, &["serve"], &[]).await;
    assert_eq!(finished.code, Some(2), "{finished:?}");
    // What the environment says is stronger.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let bind = taken.local_addr().expect("it is bound").to_string();
    let settings = [("PARLOR_BIND", bind.as_str())];
    run_with(&home, &["serve"], &settings).await.refused(1, &bind);
}

#[tokio::test]
async fn the_second_server_on_the_same_port_does_not_harm_the_first() {
    let server = Server::start().await;
    let home = tempdir().expect("a temporary directory can be made");
    let bind = server.address().authority();
    let settings = [("PARLOR_BIND", bind.as_str())];
    run_with(&home, &["serve"], &settings).await.refused(1, &bind);
    let alice = server.user("alice").await;
    within("the first server", alice.connect()).await;
}

#[tokio::test]
async fn shells_complete_it_and_it_has_a_manual_page() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completions", shell]).await;
        assert_eq!((script.code, &*script.stderr), (Some(0), ""));
        for word in ["migrate", "data-dir", "new-epoch"] {
            assert!(script.stdout.contains(word), "{shell}: {word}");
        }
    }
    let home = tempdir().expect("a directory");
    let path = home.path().join("parlor.bash");
    std::fs::write(&path, run(&["completions", "bash"]).await.stdout).expect("written");
    let source = format!("source {} && complete -p parlor", path.display());
    let bash = std::process::Command::new("bash").args(["-c", &source]).output().expect("bash");
    assert!(bash.status.success(), "{bash:?}");
    let page = run(&["man"]).await;
    assert!(page.stdout.contains(".TH parlor 1") && page.stdout.contains("JWT_SECRET"), "{page:?}");
    run(&["completions", "cmd"]).await.refused(2, "cmd");
}
