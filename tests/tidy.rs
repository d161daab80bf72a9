//! What docs/ARCHITECTURE.md forbids and the compiler allows.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Folders whose files never need each other in a circle. A file and those in
/// the folder of its name are one in this.
const WITHOUT_CIRCLES: &[&str] = &["chat"];

/// A module's path below its folder, and its text without tests.
type Modules = BTreeMap<Vec<String>, String>;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the sources") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

fn read(folder: &str) -> Modules {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
    let mut found = Vec::new();
    files(&root, &mut found);
    let module = |path: &PathBuf| {
        let below = path.strip_prefix(&root).expect("below").with_extension("");
        let parts = below.iter().map(|part| part.to_string_lossy().into_owned());
        let text = fs::read_to_string(path).expect("text");
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
        (parts.filter(|part| part != "mod").collect(), text)
    };
    found.iter().map(module).collect()
}

/// What a module imports, and whether it shows that to others.
fn imports(text: &str) -> Vec<(bool, Vec<String>)> {
    let mut all = Vec::new();
    for (at, _) in text.match_indices("use ") {
        let line = text[..at].rsplit('\n').next().unwrap_or_default().trim();
        let is_shown = line.starts_with("pub");
        if line.is_empty() || (is_shown && !line.contains(' ')) {
            let tree = text[at + 4..].split(';').next().unwrap_or_default();
            let mut paths = Vec::new();
            expand(tree, &[], &mut paths);
            all.extend(paths.into_iter().map(|path| (is_shown, path)));
        }
    }
    all
}

/// `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expand(tree: &str, before: &[String], paths: &mut Vec<Vec<String>>) {
    let mut depth = 0;
    let parts = tree.split(|character| {
        depth += i32::from(character == '{') - i32::from(character == '}');
        character == ',' && depth == 0
    });
    for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
        let (path, inner) = part.split_once('{').map_or((part, None), |(path, inner)| {
            (path, inner.rsplit_once('}').map(|(inner, _)| inner))
        });
        let names = path.split("::").map(|name| name.split(" as ").next().unwrap_or(name).trim());
        let names = names.filter(|name| !name.is_empty()).map(str::to_owned);
        let path: Vec<String> = before.iter().cloned().chain(names).collect();
        match inner {
            Some(inner) => expand(inner, &path, paths),
            None => paths.push(path),
        }
    }
}

/// A path of an import, from the folder on; `None` if it leads out of it.
fn absolute(
    modules: &Modules,
    folder: &str,
    at: &[String],
    path: &[String],
) -> Option<Vec<String>> {
    let ups = path.iter().take_while(|name| *name == "super").count();
    let base = match path[0].as_str() {
        "crate" if path.get(1).is_some_and(|name| name == folder) => {
            return Some(path[2..].to_vec());
        }
        "super" => at.get(..at.len().checked_sub(ups)?)?,
        "self" => at,
        name => modules.contains_key(&[at, &[name.to_owned()]].concat()).then_some(at)?,
    };
    let skipped = ups.max(usize::from(path[0] == "self"));
    Some([base, &path[skipped..]].concat())
}

/// The module that a path leads to, through what others show of it.
fn defined(modules: &Modules, folder: &str, path: &[String], steps: usize) -> Vec<String> {
    let depth = (0..=path.len()).rev().find(|depth| modules.contains_key(&path[..*depth]));
    let module = path[..depth.unwrap_or(0)].to_vec();
    let (Some(name), true) = (path.get(module.len()), steps > 0) else { return module };
    let shown = imports(&modules[&module]).into_iter().filter(|(is_shown, _)| *is_shown);
    for there in shown.filter_map(|(_, path)| absolute(modules, folder, &module, &path)) {
        let Some((last, above)) = there.split_last() else { continue };
        let is_there = |kind: &&str| modules[above].contains(&format!("pub {kind} {name}"));
        if last == name {
            return defined(modules, folder, &there, steps - 1);
        } else if last == "*" && ["struct", "enum", "trait", "type"].iter().any(is_there) {
            return above.to_vec();
        }
    }
    module
}

#[test]
fn no_files_of_a_folder_need_each_other_in_a_circle() {
    for folder in WITHOUT_CIRCLES {
        let modules = read(folder);
        let mut needs: BTreeMap<&Vec<String>, BTreeSet<Vec<String>>> = BTreeMap::new();
        for (at, text) in modules.iter().filter(|(at, _)| !at.is_empty()) {
            let paths = imports(text).into_iter();
            let paths = paths.filter_map(|(_, path)| absolute(&modules, folder, at, &path));
            let others = paths.map(|path| defined(&modules, folder, &path, 8));
            let is_apart = |other: &Vec<String>| !at.starts_with(other) && !other.starts_with(at);
            needs.insert(at, others.filter(is_apart).collect());
        }
        // Whoever needs nobody who is left is in no circle.
        while let Some(free) = needs
            .iter()
            .find(|(_, others)| others.iter().all(|other| !needs.contains_key(other)))
            .map(|(at, _)| *at)
        {
            needs.remove(free);
        }
        let name = |module: &Vec<String>| module.join("/");
        let left: Vec<String> = needs
            .iter()
            .map(|(at, others)| {
                format!(
                    "{} needs {}",
                    name(at),
                    others.iter().map(name).collect::<Vec<_>>().join(", ")
                )
            })
            .collect();
        assert!(left.is_empty(), "in src/{folder}, in or before a circle: {left:#?}");
        assert!(modules.len() > 10, "they were found");
    }
}

#[test]
fn the_chat_server_does_nothing_outside_a_turn() {
    let turn = vec!["server".to_owned(), "turn".to_owned()];
    for (at, text) in read("chat").into_iter().chain(read("operations")) {
        let is_turn = at == turn;
        assert_eq!(text.contains("Handler<"), is_turn, "{at:?} handles messages past the turns");
        let has_context = text.contains("Context<ChatServer>") || text.contains("Context<Self>");
        assert_eq!(has_context, is_turn || at == ["server"], "{at:?} has actix's context");
    }
}

#[test]
fn the_chat_server_knows_no_operation() {
    for (at, text) in read("chat") {
        let names_one = |path: &[String]| path.starts_with(&["crate".into(), "operations".into()]);
        assert!(!imports(&text).iter().any(|(_, path)| names_one(path)), "{at:?}");
    }
}
