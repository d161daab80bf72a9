//! The dashboard and the alerts are about what `/metrics` tells, and all that
//! it tells is documented.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use reqwest::Method;
use serde_json::Value;

use super::file;
use crate::support::{Cluster, Server, TestDatabase, User, within};

/// Each metric with the values of each of its labels.
type Told = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

async fn told() -> Told {
    let server = Server::start().await;
    // Routes are told once they were asked for.
    server.user("ann").await;
    let text = User::outcome(server.nobody().plain(Method::GET, "/metrics")).await.body;
    let mut told = Told::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (sample, _) = line.rsplit_once(' ').expect("a sample");
        let (name, labels) = sample.split_once('{').unwrap_or((sample, ""));
        let known = told.entry(name.to_owned()).or_default();
        for (label, value) in matchers(labels.trim_end_matches('}')) {
            known.entry(label).or_default().insert(value);
        }
    }
    if !TestDatabase::is_file() {
        // A PostgreSQL keeps it to itself.
        told.entry("parlor_database_free_bytes".to_owned()).or_default();
    }
    assert!(told.len() > 30, "{told:?}");
    told
}

/// `code="x", le="1"` as pairs, whatever stands between name and value.
fn matchers(text: &str) -> Vec<(String, String)> {
    let pieces: Vec<&str> = text.split('"').collect();
    let pairs = pieces.chunks_exact(2).map(|pair| {
        let label = pair[0].trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        (label.to_owned(), pair[1].to_owned())
    });
    pairs.collect()
}

/// The metrics that an expression names, with what stands in their braces.
fn used(expression: &str) -> Vec<(String, Vec<(String, String)>)> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut used = Vec::new();
    for start in ["parlor_", "process_"] {
        for (at, _) in expression.match_indices(start) {
            if expression[..at].ends_with(is_of_name) {
                continue;
            }
            let rest = &expression[at..];
            let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
            let (name, rest) = rest.split_at(end);
            let braces = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            used.push((name.to_owned(), matchers(braces.map_or("", |(inside, _)| inside))));
        }
    }
    used
}

/// Labels that Prometheus adds.
const ADDED: [&str; 2] = ["job", "instance"];

fn check(expression: &str, told: &Told) -> usize {
    let used = used(expression);
    for (name, matchers) in &used {
        let labels = told.get(name).unwrap_or_else(|| panic!("{name} is told: {expression}"));
        for (label, value) in matchers.iter().filter(|(label, _)| !ADDED.contains(&&**label)) {
            let values = labels.get(label);
            let values = values.unwrap_or_else(|| panic!("{name} has {label}: {expression}"));
            for value in value.split('|') {
                assert!(values.contains(value), "{name} has {label}={value}: {values:?}");
            }
        }
    }
    used.len()
}

#[tokio::test]
async fn the_alerts_are_about_what_is_told_and_each_is_documented() {
    let told = told().await;
    let rules: Value =
        serde_yaml_ng::from_str(&file("deploy/prometheus/parlor.rules.yml")).expect("YAML");
    let manual = file("docs/OPERATIONS.md");
    let rules = rules["groups"][0]["rules"].as_array().expect("a list").clone();
    for rule in &rules {
        let (name, expression) = (rule["alert"].as_str(), rule["expr"].as_str().expect("a text"));
        let name = name.expect("a name");
        assert!(check(expression, &told) > 0 || expression.starts_with("up{"), "{name}");
        assert!(manual.contains(&format!("`{name}`")), "{name} is documented");
        let severity = rule["labels"]["severity"].as_str().expect("a severity");
        assert!(["page", "ticket"].contains(&severity), "{name}");
        for text in ["summary", "description"] {
            assert!(rule["annotations"][text].is_string(), "{name} has a {text}");
        }
    }
    let alerts = manual.matches("| `Parlor").count();
    assert_eq!(alerts, rules.len(), "no alert is documented that is not there");
}

#[tokio::test]
async fn the_dashboard_shows_what_is_told_and_all_of_it() {
    let told = told().await;
    let dashboard: Value = serde_json::from_str(&file("deploy/grafana/parlor.json")).expect("JSON");
    let mut shown = BTreeSet::new();
    let panels = dashboard["panels"].as_array().expect("a list");
    for target in panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten())
    {
        let expression = target["expr"].as_str().expect("a text");
        assert!(check(expression, &told) > 0 || expression.contains("up{"), "{expression}");
        shown.extend(used(expression).into_iter().map(|(name, _)| name));
    }
    let base = |name: &str| {
        let ends = ["_bucket", "_sum", "_count"];
        let end = ends.iter().find_map(|end| name.strip_suffix(end));
        end.filter(|base| told.contains_key(&format!("{base}_bucket"))).unwrap_or(name).to_owned()
    };
    let shown: BTreeSet<String> = shown.iter().map(|name| base(name)).collect();
    assert_eq!(shown, told.keys().map(|name| base(name)).collect(), "nothing is left out");
    let manual = file("docs/OPERATIONS.md");
    for name in shown {
        assert!(manual.contains(&format!("| `{name}`")), "{name} is documented");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL and Redis: scripts/with-services"]
async fn the_numbers_are_told_while_the_database_is_away() {
    let cluster = Cluster::start(1).await;
    let node = &cluster.nodes[0];
    let nobody = node.server.nobody();
    let scrape = async || User::outcome(nobody.plain(Method::GET, "/metrics")).await;
    let told = async |line: &str| {
        let telling = async {
            loop {
                let outcome = scrape().await;
                assert_eq!(outcome.status, 200, "{outcome:?}");
                if outcome.body.lines().any(|one| one == line) {
                    return outcome.body;
                }
            }
        };
        within(line, telling).await
    };
    assert!(told("parlor_degraded 0").await.contains("parlor_inbox_events 0"));
    node.to_postgres.silence();
    let meanwhile = told("parlor_degraded 1").await;
    assert!(!meanwhile.contains("parlor_inbox_events"), "{meanwhile}");
    let ready = User::outcome(nobody.plain(Method::GET, "/health/ready")).await;
    assert_eq!(ready.status, 503, "{ready:?}");
    node.to_postgres.restore();
    let after = told("parlor_degraded 0").await;
    within("the rest", async { while !scrape().await.body.contains("parlor_inbox_events 0") {} })
        .await;
    assert!(after.contains("parlor_connections 0"));
}

#[tokio::test]
#[ignore = "needs promtool, which scripts/test fetches"]
async fn the_alerts_fire_when_they_should() {
    let target = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a target");
    let promtool = target.join("prometheus/usr/bin/promtool");
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/prometheus");
    let run = |args: &[&str]| {
        let mut command = Command::new(&promtool);
        let output = command.current_dir(&directory).args(args).output();
        let output = output.expect("promtool is there (scripts/test fetches it)");
        assert!(output.status.success(), "{args:?}: {output:?}");
    };
    within("promtool", async {
        run(&["check", "config", "--syntax-only", "prometheus.yml"]);
        run(&["check", "rules", "parlor.rules.yml"]);
        run(&["test", "rules", "parlor.rules.test.yml"]);
    })
    .await;
}
