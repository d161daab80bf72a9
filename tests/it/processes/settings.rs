//! Settings that would be wrong in silence.

use std::{
    fs::{self, File, OpenOptions},
    net::TcpListener,
    process::{Command, Stdio},
};

use tempfile::{TempDir, tempdir};

use crate::support::{EXECUTABLE, SECRET, Server, is_signed_with, run_with, signal, within};

fn home() -> TempDir {
    tempdir().expect("a temporary directory can be made")
}

/// A token for `alice`, signed as the settings say.
async fn token(home: &TempDir, settings: &[(&str, &str)]) -> String {
    let finished = run_with(home, &["token", "--user", "alice"], settings).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    finished.stdout.trim().to_owned()
}

#[tokio::test]
async fn the_secret_is_what_the_env_file_says() {
    let base = "0123456789".repeat(4);
    for (line, secret) in [
        (format!("JWT_SECRET={base}$abc"), format!("{base}$abc")),
        (format!("JWT_SECRET=\"{base}$abc\""), format!("{base}$abc")),
        (format!("JWT_SECRET='{base}${{HOME}}'"), format!("{base}${{HOME}}")),
        (format!("JWT_SECRET={base}\\x"), format!("{base}\\x")),
        (format!("JWT_SECRET={base}'#\""), format!("{base}'#\"")),
    ] {
        let home = home();
        fs::write(home.path().join(".env"), line.clone() + "\n").expect("written");
        let token = token(&home, &[("HOME", "/root"), ("abc", "x")]).await;
        assert!(is_signed_with(&token, &secret), "{line}");
    }
}

#[tokio::test]
async fn every_secret_may_be_in_a_file() {
    let home = home();
    let file = home.path().join("secret");
    fs::write(&file, format!("{SECRET}\n")).expect("written");
    let file = file.to_string_lossy().into_owned();
    let token = token(&home, &[("JWT_SECRET_FILE", &file), ("JWT_SECRET", "")]).await;
    assert!(is_signed_with(&token, SECRET));

    for (name, value) in [
        ("JWT_SECRET", "short"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("REDIS_URL", "http://localhost"),
    ] {
        let bad = home.path().join("bad");
        fs::write(&bad, value).expect("written");
        let bad = bad.to_string_lossy().into_owned();
        let mut settings = vec![("PARLOR_BIND", "127.0.0.1:0"), ("PARLOR_DATA_DIR", "data")];
        let variable = format!("{name}_FILE");
        settings.push((&variable, &bad));
        run_with(&home, &["serve"], &settings).await.refused(2, name);
        settings.push((name, "set as well"));
        run_with(&home, &["serve"], &settings).await.refused(2, &variable);
    }
    let settings = [("PARLOR_METRICS_TOKEN_FILE", "/no/such/file")];
    run_with(&home, &["serve"], &settings).await.refused(1, "PARLOR_METRICS_TOKEN_FILE");
}

#[tokio::test]
async fn an_unknown_setting_is_named_with_the_one_probably_meant() {
    let builder = Server::builder()
        .set("PARLOR_ALLOWED_ORIGIN", "https://app.example.org")
        .set("PARLOR_PORT", "tcp://10.0.0.1:8080")
        .set("PARLOR_SERVICE_HOST", "10.0.0.1");
    let server = builder.start().await;
    let told = server.stderr();
    assert!(told.contains("did you mean PARLOR_ALLOWED_ORIGINS?"), "{told}");
    assert_eq!(told.matches("is not a setting").count(), 1, "{told}");
}

#[tokio::test]
async fn a_format_of_the_log_that_does_not_exist_is_refused() {
    let finished = run_with(&home(), &["serve"], &[("PARLOR_LOG_FORMAT", "xml")]).await;
    finished.refused(2, "PARLOR_LOG_FORMAT");
}

#[tokio::test]
async fn it_listens_on_names_and_on_every_address() {
    for bind in ["localhost:0", ":0"] {
        let server = Server::builder().set("PARLOR_BIND", bind).start().await;
        server.user("alice").await.connect().await;
    }
    let settings = [("PARLOR_BIND", "no-such-host.invalid:8080")];
    run_with(&home(), &["serve"], &settings).await.refused(1, "no-such-host.invalid:8080");
}

/// A reader that has gone: what is written is an error.
fn broken_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

#[tokio::test]
async fn output_that_cannot_be_written_ends_no_server() {
    let full = || OpenOptions::new().write(true).open("/dev/full").expect("it is there");
    for (name, out, error) in [
        ("a full disk", Stdio::from(full()), None),
        ("a broken pipe", broken_pipe(), None),
        ("a full disk for the log as well", full().into(), Some(full())),
    ] {
        let home = home();
        let log = home.path().join("log");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let bind = free.local_addr().expect("it is bound").to_string();
        drop(free);
        let to_log = || File::create(&log).expect("a file");
        let mut child = Command::new(EXECUTABLE)
            .env_clear()
            .env("PARLOR_BIND", &bind)
            .current_dir(home.path())
            .stdout(out)
            .stderr(error.unwrap_or_else(to_log))
            .spawn()
            .expect("it can be started");
        let live = format!("http://{bind}/health/live");
        let started = async {
            while reqwest::get(&live).await.is_err() {
                assert_eq!(child.try_wait().expect("it is watched"), None, "{name}");
                tokio::task::yield_now().await;
            }
        };
        within("the start", started).await;
        let pid = libc::pid_t::try_from(child.id()).expect("a pid is small");
        assert!(signal(pid, libc::SIGTERM), "{name}: it can be told");
        let ended = tokio::task::spawn_blocking(move || child.wait());
        let status = within("the end", ended).await.expect("joined").expect("waited for");
        assert_eq!(
            status.code(),
            Some(0),
            "{name}: {}",
            fs::read_to_string(&log).unwrap_or_default()
        );
    }
}

#[tokio::test]
async fn a_command_whose_answer_cannot_be_written_has_failed() {
    let home = home();
    let output = Command::new(EXECUTABLE)
        .env_clear()
        .env("JWT_SECRET", SECRET)
        .args(["token", "--user", "alice"])
        .current_dir(home.path())
        .stdout(broken_pipe())
        .output()
        .expect("it can be started");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("standard output") && !told.contains("panicked"), "{told}");
}
