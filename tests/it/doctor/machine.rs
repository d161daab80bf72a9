//! What it says of a machine, and of what a server there stands on.

use std::os::unix::fs::PermissionsExt;

use tempfile::tempdir;

use super::{doctor, marked, says};
use crate::support::{
    Apns, BUCKET, EC_PEM, Fcm, Receiver, Redis, S3Store, SECRET, Server, TestDatabase, free_port,
    run_with,
};

#[tokio::test]
async fn a_machine_is_looked_at_and_left_as_it_was() {
    let home = tempdir().expect("a directory");
    let fresh = run_with(&home, &["doctor"], &[]).await;
    assert!(matches!(fresh.code, Some(1)), "{fresh:?}");
    assert!(fresh.stdout.contains("! there is no data directory ./data"), "{fresh:?}");
    assert_eq!(std::fs::read_dir(home.path()).expect("there").count(), 0, "nothing is made");

    // Beside a server that runs.
    let server = Server::builder().with_own_secret().set("DATABASE_URL", "").start().await;
    let data = server.data_dir().to_string_lossy().into_owned();
    let settings = [("PARLOR_DATA_DIR", data.as_str())];
    let beside = run_with(&home, &["doctor"], &settings).await;
    let up_to_date = "can be used, and is up to date (SQLite 3.";
    for said in ["settings can be used", up_to_date, "nobody else can read"] {
        assert!(beside.stdout.contains(said), "{said}: {beside:?}");
    }
    assert_eq!(marked(&beside, '✗'), Vec::<&str>::new());
    let secret = server.data_dir().join("jwt.secret");
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o644)).expect("changed");
    let open = run_with(&home, &["doctor"], &settings).await;
    says(&open, "others can read the signing secret", "chmod 600");
    // A file that nobody has open, beside which nothing is made.
    let alone = tempdir().expect("a directory");
    for name in ["parlor.db", "jwt.secret"] {
        std::fs::copy(server.data_dir().join(name), alone.path().join(name)).expect("copied");
    }
    let data_dir = alone.path().to_string_lossy().into_owned();
    let looked = run_with(&home, &["doctor"], &[("PARLOR_DATA_DIR", &*data_dir)]).await;
    assert!(looked.stdout.contains("the database"), "{looked:?}");
    assert_eq!(std::fs::read_dir(alone.path()).expect("there").count(), 2, "{looked:?}");
    // Both at once, in one answer.
    let url = server.address().http("");
    let both = run_with(&home, &["doctor", &url, "--settings"], &settings).await;
    assert!(both.stdout.contains("is Parlor") && both.stdout.contains("chmod"), "{both:?}");
}

#[tokio::test]
async fn settings_and_services_that_are_not_right_are_told() {
    let nobody = format!("127.0.0.1:{}", free_port().await);
    let database = format!("postgres://ann:hidden@{nobody}/parlor?sslmode=disable");
    let redis = format!("redis://:hidden@{nobody}");
    let store = [
        ("PARLOR_ATTACHMENTS_URL", "s3://bucket"),
        ("PARLOR_S3_ENDPOINT", &*format!("http://{nobody}")),
        ("PARLOR_S3_ACCESS_KEY_ID", "key"),
        ("PARLOR_S3_SECRET_ACCESS_KEY", "hidden"),
    ];
    let collector = format!("http://{nobody}");
    let first = [
        ("DATABASE_URL", &*database),
        ("REDIS_URL", &*redis),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*collector),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    ];
    let settings = [&first[..], &store[..]].concat();
    let finished = doctor(&[], &settings).await;
    for said in ["traces cannot be sent to", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc is not known here"] {
        assert!(marked(&finished, '!').iter().any(|line| line.contains(said)), "{finished:?}");
    }
    says(&finished, "cannot open the database", "DATABASE_URL");
    says(&finished, "cannot be reached", "REDIS_URL");
    says(&finished, "the bucket bucket cannot be used", "PARLOR_S3_ENDPOINT");
    assert!(!finished.stdout.contains("hidden"), "{finished:?}");

    let made_up = doctor(&[], &[("JWT_SECRET", SECRET)]).await;
    assert!(made_up.stdout.contains("! JWT_SECRET looks as if"), "{made_up:?}");
    let collector = Receiver::start().await;
    let sent = doctor(&[], &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)]).await;
    assert!(sent.stdout.contains("traces can be sent to http://"), "{sent:?}");
    let bad = doctor(&[], &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h{}:4318/|x")]).await;
    says(&bad, "OTEL_EXPORTER_OTLP_ENDPOINT", "mend this setting");
    let bad = doctor(&[], &[("PARLOR_HEARTBEAT_TIMEOUT", "1s")]).await;
    says(&bad, "PARLOR_HEARTBEAT_TIMEOUT", "mend this setting");
}

#[tokio::test]
async fn push_services_say_whether_they_know_a_server() {
    let home = tempdir().expect("a directory");
    let (fcm, apns) = (Fcm::start(home.path()).await, Apns::start(home.path()).await);
    let key = home.path().join("key.p8").display().to_string();
    std::fs::write(&key, EC_PEM).expect("written");
    let ids = |key_id| {
        [
            ("PARLOR_FCM_KEY_FILE", fcm.key_file.as_str()),
            ("PARLOR_APNS_KEY_FILE", key.as_str()),
            ("PARLOR_APNS_KEY_ID", key_id),
            ("PARLOR_APNS_TEAM_ID", Apns::TEAM_ID),
            ("PARLOR_APNS_TOPIC", Apns::TOPIC),
            ("PARLOR_APNS_URL", apns.url.as_str()),
            ("SSL_CERT_FILE", apns.certificate.as_str()),
        ]
    };
    let known = doctor(&[], &ids(Apns::KEY_ID)).await;
    for service in ["✓ FCM knows this server", "✓ APNs knows this server"] {
        assert!(known.stdout.contains(service), "{known:?}");
    }
    let other = doctor(&[], &ids("ZZZ999ZZZ9")).await;
    says(&other, "APNs cannot be used: APNs answered 403 InvalidProviderToken", "key and ids");
    assert_eq!(apns.connections(), 2, "over HTTP/2");
    let none = doctor(&[], &[("PARLOR_FCM_KEY_FILE", "missing.json")]).await;
    says(&none, "--fcm-key-file (PARLOR_FCM_KEY_FILE): missing.json cannot be read", "mend");
}

#[tokio::test]
#[ignore = "needs Redis: scripts/with-services"]
async fn a_redis_that_keeps_nothing_is_doubtful_for_a_stream() {
    let mut redis = Redis::start().await;
    let url = format!("redis://{}", redis.address().authority());
    let settings = [("REDIS_URL", &*url), ("PARLOR_SERVICE_STREAM", "events")];
    let finished = doctor(&[], &settings).await;
    assert!(finished.stdout.contains("answers: version"), "{finished:?}");
    assert!(finished.stdout.contains("! Redis forgets the events"), "{finished:?}");
    redis.kill();
    says(&doctor(&[], &settings).await, "cannot be reached", "REDIS_URL");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-services"]
async fn a_database_of_another_version_is_told_and_nothing_is_done_to_it() {
    let (database, home) = (TestDatabase::new(), tempdir().expect("a directory"));
    let url = database.url();
    let settings = [("DATABASE_URL", &*url)];
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    let said = |stdout: &str, said: &str| assert!(stdout.contains(said), "{said}: {stdout}");
    let empty = run_with(&home, &["doctor"], &settings).await.stdout;
    said(&empty, "! the database");
    said(&empty, "has no tables of Parlor's yet");
    assert_eq!(database.query(tables), "0");
    let migrated = run_with(&home, &["migrate"], &settings).await;
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    said(&run_with(&home, &["doctor"], &settings).await.stdout, "is up to date");
    database.query("DELETE FROM __diesel_schema_migrations WHERE version = '00000000000036'");
    said(&run_with(&home, &["doctor"], &settings).await.stdout, "is of a version before");
    database.query("INSERT INTO __diesel_schema_migrations VALUES ('00000000099999')");
    let later = run_with(&home, &["doctor"], &settings).await;
    says(&later, "is of a later version (migration 00000000099999)", "run that version");
}

#[tokio::test]
#[ignore = "needs moto: run scripts/test"]
async fn a_bucket_is_tried_out_and_left_empty() {
    let store = S3Store::start().await;
    let endpoint = store.address().http("/");
    let bucket = format!("s3://{BUCKET}/files");
    let settings = |url| {
        [
            ("PARLOR_ATTACHMENTS_URL", url),
            ("PARLOR_S3_ENDPOINT", &*endpoint),
            ("PARLOR_S3_ACCESS_KEY_ID", "test"),
            ("PARLOR_S3_SECRET_ACCESS_KEY", "a secret"),
        ]
    };
    let good = doctor(&[], &settings(&bucket)).await;
    let said = format!("✓ files can be written to the bucket {BUCKET} and read");
    assert!(good.stdout.contains(&said), "{good:?}");
    assert_eq!(store.keys().await, Vec::<String>::new());
    let bad = doctor(&[], &settings("s3://another")).await;
    says(&bad, "the bucket another cannot be used", "PARLOR_S3_ENDPOINT");
}
