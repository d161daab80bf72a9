//! The files of `deploy/` say what this server understands, and agree with
//! each other.

use std::{collections::BTreeMap, path::Path, process::Command};

use serde::Deserialize;
use serde_json::Value;
use tempfile::tempdir;

use super::{file, options::known};
use crate::support::run_with;

const COMPOSE: &str = "deploy/compose/compose.yaml";
const KUBERNETES: &str = "deploy/kubernetes/parlor.yaml";
const DOCKERFILE: &str = "deploy/docker/Dockerfile";
const UNIT: &str = "deploy/systemd/parlor.service";

type Settings = BTreeMap<String, String>;

fn settings(map: &Value) -> Settings {
    let map = map.as_object().expect("a map");
    map.iter().map(|(name, value)| (name.clone(), value.as_str().expect("text").into())).collect()
}

/// YAML's `<<` is resolved.
fn compose() -> Value {
    let mut yaml: serde_yaml_ng::Value = serde_yaml_ng::from_str(&file(COMPOSE)).expect("YAML");
    yaml.apply_merge().expect("what is merged is a map");
    serde_json::to_value(yaml).expect("plain YAML")
}

/// What there is for Kubernetes, and what may be added to it.
fn kubernetes() -> BTreeMap<String, Value> {
    let folder = Path::new(KUBERNETES).parent().expect("a folder");
    let parts = ["autoscaling", "ingress", "monitoring", "network-policy"];
    let mut all = objects(KUBERNETES);
    for part in parts {
        all.extend(objects(&folder.join(part).with_extension("yaml").display().to_string()));
    }
    all
}

fn objects(path: &str) -> BTreeMap<String, Value> {
    let text = file(path);
    let documents = serde_yaml_ng::Deserializer::from_str(&text);
    let objects = documents.map(|document| {
        let object = Value::deserialize(document).expect("YAML");
        (object["kind"].as_str().expect("a kind").to_owned(), object)
    });
    objects.collect()
}

/// What Kubernetes sets: the ConfigMap and the Secret together.
fn of_kubernetes() -> Settings {
    let objects = kubernetes();
    let mut all = settings(&objects["ConfigMap"]["data"]);
    all.extend(settings(&objects["Secret"]["stringData"]));
    all
}

/// The settings of one of compose's nodes, as `.env` fills them in.
fn of_compose(node: &str) -> Settings {
    let filled = |text: String| match text.split_once("${") {
        Some((before, rest)) => {
            let (asked, after) = rest.split_once('}').expect("it is closed");
            let value = match asked.split_once(":-") {
                Some((_, default)) => default.to_owned(),
                None => "x".repeat(40),
            };
            format!("{before}{value}{after}")
        }
        None => text,
    };
    let all = settings(&compose()["services"][node]["environment"]);
    all.into_iter().map(|(name, value)| (name, filled(value))).collect()
}

/// `NAME=value` behind a word at the start of a line, also continued ones.
fn of_lines(text: &str, word: &str) -> Settings {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().filter_map(|line| line.strip_prefix(word));
    let pairs = lines.flat_map(str::split_whitespace).filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn of_each() -> Vec<(&'static str, Settings)> {
    vec![
        (KUBERNETES, of_kubernetes()),
        (COMPOSE, of_compose("parlor-1")),
        (COMPOSE, of_compose("parlor-2")),
        (DOCKERFILE, of_lines(&file(DOCKERFILE), "ENV ")),
        (UNIT, of_lines(&file(UNIT), "Environment=")),
    ]
}

#[tokio::test]
async fn every_setting_is_one_the_server_knows() {
    let known = known().await;
    for (path, settings) in of_each() {
        assert!(!settings.is_empty(), "{path}");
        for name in settings.keys() {
            assert!(known.contains(name), "{path}: {name} is an option");
        }
    }
}

#[tokio::test]
async fn every_value_is_one_the_server_takes() {
    for (path, mut settings) in of_each() {
        let home = tempdir().expect("a temporary directory can be made");
        let data = home.path().join("data").to_string_lossy().into_owned();
        settings.insert("PARLOR_DATA_DIR".to_owned(), data);
        // Nobody listens there, so it ends when all else is right.
        let database = "postgres://parlor:secret@127.0.0.1:9/parlor";
        settings.insert("DATABASE_URL".to_owned(), database.to_owned());
        let settings: Vec<_> =
            settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let finished = run_with(&home, &["serve"], &settings).await;
        assert_eq!(finished.code, Some(1), "{path}: {finished:?}");
        assert!(finished.stderr.contains("cannot open the database"), "{path}: {finished:?}");
    }
}

/// Seconds of `25s` or `40`.
fn seconds(text: &str) -> u64 {
    text.trim_end_matches('s').parse().unwrap_or_else(|_| panic!("seconds: {text}"))
}

#[test]
fn a_node_has_the_time_to_stop_that_it_takes() {
    let given = |settings: &Settings, name: &str, default: u64| {
        settings.get(name).map_or(default, |value| seconds(value))
    };
    let needs = |settings: &Settings| {
        given(settings, "PARLOR_DRAIN_DELAY", 0) + given(settings, "PARLOR_DRAIN_TIMEOUT", 10)
    };
    let compose = compose();
    for node in ["parlor-1", "parlor-2"] {
        let has = seconds(compose["services"][node]["stop_grace_period"].as_str().expect("text"));
        assert!(has >= needs(&of_compose(node)) + 5, "{node}");
    }
    let pod = &kubernetes()["Deployment"]["spec"]["template"]["spec"];
    let (has, settings) = (pod["terminationGracePeriodSeconds"].as_u64(), of_kubernetes());
    assert!(has.expect("a number") >= needs(&settings) + 5);
    // The readiness probe has turned red before the node takes nobody more.
    let probe = &pod["containers"][0]["readinessProbe"];
    let number = |name: &str| probe[name].as_u64().expect("a number");
    let seen = number("periodSeconds") * number("failureThreshold");
    assert!(given(&settings, "PARLOR_DRAIN_DELAY", 0) > seen);
    let line = file(UNIT);
    let line = line.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")).expect("set");
    assert!(seconds(line) >= needs(&of_lines(&file(UNIT), "Environment=")) + 5);
}

#[test]
fn what_belongs_together_has_the_same_names() {
    let objects = kubernetes();
    let pod = &objects["Deployment"]["spec"]["template"];
    let labels = &pod["metadata"]["labels"];
    assert_eq!(&objects["Deployment"]["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(&objects["Service"]["spec"]["selector"], labels);
    assert_eq!(&objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(&objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"], labels);
    assert_eq!(
        objects["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"],
        objects["Deployment"]["metadata"]["name"]
    );
    let monitor = &objects["ServiceMonitor"]["spec"];
    assert_eq!(monitor["selector"]["matchLabels"], objects["Service"]["metadata"]["labels"]);
    let credentials = &monitor["endpoints"][0]["authorization"]["credentials"];
    assert_eq!(credentials["name"], objects["Secret"]["metadata"]["name"]);
    let key = credentials["key"].as_str().expect("a name");
    assert!(objects["Secret"]["stringData"][key].is_string(), "{key}");
    let ingress = &objects["Ingress"]["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"];
    assert_eq!(ingress["name"], objects["Service"]["metadata"]["name"]);
    let service = &objects["Service"]["spec"]["ports"][0];
    let container = &pod["spec"]["containers"][0];
    let of_pods = &container["ports"][0]["name"];
    assert_eq!((&ingress["port"]["name"], &service["targetPort"]), (&service["name"], of_pods));
    assert_eq!(&monitor["endpoints"][0]["port"], &service["name"]);
    assert_eq!(&objects["NetworkPolicy"]["spec"]["ingress"][0]["ports"][0]["port"], of_pods);
    for (at, kind, key) in [(0, "ConfigMap", "configMapRef"), (1, "Secret", "secretRef")] {
        assert_eq!(container["envFrom"][at][key]["name"], objects[kind]["metadata"]["name"]);
    }
    let port = container["ports"][0]["containerPort"].to_string();
    let image = of_lines(&file(DOCKERFILE), "ENV ");
    assert!(image["PARLOR_BIND"].ends_with(&format!(":{port}")));
    assert_eq!(image["PARLOR_DATA_DIR"], container["volumeMounts"][0]["mountPath"]);
    let user = pod["spec"]["securityContext"]["runAsUser"].to_string();
    assert!(file(DOCKERFILE).contains(&format!("\nUSER {user}:{user}\n")));
    let balancer = file("deploy/compose/haproxy.cfg");
    for node in ["parlor-1", "parlor-2"] {
        assert!(compose()["services"][node].is_object());
        assert!(balancer.contains(&format!("server {node} {node}:{port}")));
    }
    let targets = file("deploy/prometheus/prometheus.yml");
    assert!(targets.contains(&format!("[\"parlor-1:{port}\", \"parlor-2:{port}\"]")));
    // What compose asks for is in its example.
    let example = file("deploy/compose/.env.example");
    for piece in file(COMPOSE).split("${").skip(1) {
        let name = piece.split([':', '}']).next().expect("a name");
        assert!(example.contains(&format!("\n{name}=")), "{name}");
    }
}

#[test]
fn the_image_is_built_from_all_that_the_build_reads() {
    let ignored = file("deploy/docker/Dockerfile.dockerignore");
    let copied = file(DOCKERFILE);
    let copied = copied.lines().filter_map(|line| line.strip_prefix("COPY "));
    let copied: Vec<&str> = copied.filter(|line| !line.starts_with("--from")).collect();
    let paths =
        [".cargo", "Cargo.toml", "Cargo.lock", "benches", "crates", "migrations", "src", "static"];
    for path in paths {
        assert!(copied.iter().any(|line| line.split_whitespace().any(|word| word == path)));
        assert!(ignored.lines().any(|line| line == format!("!{path}")), "{path} is sent");
    }
    // cargo asks for what is not built, too.
    let made = file(DOCKERFILE);
    for line in file("Cargo.toml").lines().filter_map(|line| line.strip_prefix("path = ")) {
        assert!(made.contains(line.trim_matches('"')), "{line} is there");
    }
}

#[test]
#[ignore = "needs systemd-analyze, which scripts/test installs"]
fn systemd_takes_the_unit_and_finds_it_closed() {
    let home = tempdir().expect("a temporary directory can be made");
    let unit = home.path().join("parlor.service");
    // It looks whether the executable is there.
    let text = file(UNIT).replace("/usr/local/bin/parlor", env!("CARGO_BIN_EXE_parlor"));
    std::fs::write(&unit, text).expect("it can be written");
    let run = |args: &[&str]| {
        let output = Command::new("systemd-analyze").args(args).arg(&unit).output();
        let output = output.expect("systemd-analyze is installed");
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output.status.success(), "{text}");
        text
    };
    // A word that it does not know is only a warning.
    let said = run(&["verify", "--man=no"]);
    assert!(!said.contains("parlor.service"), "{said}");
    // From 0.0, closed, to 10.0, open.
    run(&["security", "--offline=true", "--threshold=20"]);
}
