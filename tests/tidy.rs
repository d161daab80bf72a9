//! What docs/ARCHITECTURE.md forbids and the compiler allows.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Sources, each with the file that is the root of its modules.
const SOURCES: [(&str, &str); 4] =
    [("src", "lib"), ("crates/db/src", "lib"), ("benches/load", "main"), ("benches/nodes", "main")];

/// Crates that only one folder of src uses; diesel only in a module `backend`.
const ONLY_IN: [(&str, &str); 6] = [
    ("argon2", "auth"),
    ("diesel", "operations"),
    ("image", "attachments"),
    ("jsonwebtoken", "auth"),
    ("object_store", "attachments"),
    ("redis", "nodes"),
];

/// What `backend` stands for under `each_backend`.
const BACKENDS: [&str; 2] = ["sqlite", "postgres"];

/// Modules by their path below the root. One that is within a file counts as
/// one, too. Tests are left out, and so is the simulator, which is one.
type Modules = BTreeMap<Vec<String>, Module>;

struct Module {
    /// Without comments.
    text: String,
    /// All paths that it names, in its imports or elsewhere, each from `crate`
    /// or the name of another crate on; and whether it shows them to others.
    paths: Vec<Named>,
}

type Named = (bool, Vec<String>);
type Texts = BTreeMap<Vec<String>, String>;

fn text_of(path: impl AsRef<Path>) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the sources") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

fn read((folder, root): (&str, &str)) -> Modules {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    files(&folder, &mut found);
    let mut texts = Texts::new();
    for file in found.iter().filter(|file| file.extension().is_some_and(|kind| kind == "rs")) {
        let below = file.strip_prefix(&folder).expect("below").with_extension("");
        let parts = below.iter().map(|part| part.to_string_lossy().into_owned());
        let at: Vec<String> = parts.filter(|part| part != "mod" && part != root).collect();
        let text = text_of(file);
        let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
        put(at, lines.collect::<Vec<_>>().join("\n"), &mut texts);
    }
    texts.retain(|at, _| !at.iter().any(|part| part == "tests" || part == "simulator"));
    assert!(texts.len() > 3, "they were found");
    let module = |at: &Vec<String>| Module { text: texts[at].clone(), paths: paths(&texts, at) };
    texts.keys().map(|at| (at.clone(), module(at))).collect()
}

/// Adds a file's module, and those within it: each ends at the next brace at
/// the margin.
fn put(at: Vec<String>, mut text: String, texts: &mut Texts) {
    let next = |text: &str| {
        text.match_indices("mod ").find_map(|(start, _)| {
            let margin = text[..start].rsplit('\n').next()?;
            let (name, inner) = text[start + 4..].split_once(" {\n")?;
            let is_module = !margin.starts_with(' ') && !name.contains([' ', '\n', ';']);
            let (inner, after) = inner.split_once("\n}").filter(|_| is_module)?;
            Some((name.to_owned(), inner.to_owned(), [&text[..start], after].concat()))
        })
    };
    while let Some((name, inner, rest)) = next(&text) {
        texts.insert([&at[..], &[name]].concat(), inner);
        text = rest;
    }
    texts.insert(at, text);
}

/// What a module imports, and its text without that.
fn imports(text: &str) -> (Vec<Named>, String) {
    let (mut all, mut rest, mut end) = (Vec::new(), String::new(), 0);
    for (at, _) in text.match_indices("use ") {
        let line = text[..at].rsplit('\n').next().unwrap_or_default().trim();
        let is_shown = line.starts_with("pub");
        if line.is_empty() || (is_shown && !line.contains(' ')) {
            let tree = text[at + 4..].split(';').next().unwrap_or_default();
            let mut paths = Vec::new();
            expand(tree, &[], &mut paths);
            all.extend(paths.into_iter().map(|path| (is_shown, path)));
            rest.push_str(&text[end..at]);
            end = at + 4 + tree.len();
        }
    }
    rest.push_str(&text[end..]);
    (all, rest)
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

fn paths(texts: &Texts, at: &[String]) -> Vec<Named> {
    let (imports, rest) = imports(&texts[at]);
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    let words = rest.split(|letter| !is_part(letter)).filter(|word| word.contains("::"));
    let elsewhere = words.map(|word| (false, word.split("::").map(str::to_owned).collect()));
    let all = imports.into_iter().chain(elsewhere);
    let all = all.filter_map(|(is_shown, path)| Some((is_shown, absolute(texts, at, &path)?)));
    all.flat_map(|(is_shown, path)| BACKENDS.map(|name| (is_shown, for_one(&path, name)))).collect()
}

fn absolute(texts: &Texts, at: &[String], path: &[String]) -> Option<Vec<String>> {
    let ups = path.iter().take_while(|name| *name == "super").count();
    let is_inner = texts.contains_key(&[at, &path[..1]].concat());
    let (base, skipped) = match path[0].as_str() {
        "super" => (at.get(..at.len().checked_sub(ups)?)?, ups),
        "self" => (at, 1),
        _ if is_inner => (at, 0),
        _ => return Some(path.to_vec()),
    };
    Some([&["crate".to_owned()], base, &path[skipped..]].concat())
}

fn for_one(path: &[String], name: &str) -> Vec<String> {
    let renamed = |part: &String| if part == "backend" { name.to_owned() } else { part.clone() };
    path.iter().map(renamed).collect()
}

/// The module that a path leads to, through what those on the way show, or what
/// those above have imported themselves; `None` if it is in another crate.
fn defined(modules: &Modules, at: &[String], path: &[String]) -> Option<Vec<String>> {
    let path = path.strip_prefix(&["crate".to_owned()])?;
    let depth = (0..=path.len()).rev().find(|depth| modules.contains_key(&path[..*depth]))?;
    let module = path[..depth].to_vec();
    let Some(name) = path.get(depth) else { return Some(module) };
    let is_above = at.starts_with(&module);
    for (_, there) in modules[&module].paths.iter().filter(|(shown, _)| *shown || is_above) {
        let Some((last, above)) = there.split_last() else { continue };
        let is_there = |kind: &&str| {
            let module = above.get(1..).and_then(|above| modules.get(above));
            module.is_some_and(|module| module.text.contains(&format!("pub {kind} {name}")))
        };
        if last == name && there[1..] != *path {
            return defined(modules, at, there);
        } else if last == "*" && ["struct", "enum", "trait", "type", "fn"].iter().any(is_there) {
            return Some(above[1..].to_vec());
        }
    }
    Some(module)
}

/// A file and those in the folder of its name are one in this.
#[test]
fn no_files_of_a_folder_need_each_other_in_a_circle() {
    for source in SOURCES {
        let modules = read(source);
        // In each folder who needs whom, and a path that says so.
        let mut folders: BTreeMap<_, BTreeMap<(String, String), String>> = BTreeMap::new();
        for (at, module) in &modules {
            let at = at.strip_suffix(&["backend".to_owned()]).unwrap_or(at);
            for (_, path) in &module.paths {
                let Some(other) = defined(&modules, at, path) else { continue };
                let same = at.iter().zip(&other).take_while(|(a, b)| a == b).count();
                if let (Some(here), Some(there)) = (at.get(same), other.get(same)) {
                    let needs = folders.entry(at[..same].to_vec()).or_default();
                    let why = format!("{} needs {}", at.join("/"), path.join("::"));
                    needs.entry((here.clone(), there.clone())).or_insert(why);
                }
            }
        }
        for needs in folders.values_mut() {
            // What leads to somebody who needs nobody is in no circle.
            while let Some(last) = needs.keys().find(|(_, b)| !needs.keys().any(|(a, _)| a == b)) {
                let last = last.clone();
                needs.remove(&last);
            }
            let Some(((first, _), _)) = needs.first_key_value() else { continue };
            let (mut at, mut seen, mut circle) = (first, Vec::new(), Vec::new());
            while !seen.contains(&at) {
                seen.push(at);
                let ((_, to), why) = needs.iter().find(|((a, _), _)| a == at).expect("it goes on");
                circle.push(why.as_str());
                at = to;
            }
            circle.drain(..seen.iter().position(|it| *it == at).unwrap_or(0));
            panic!("{}: {circle:#?}", source.0);
        }
    }
}

/// Of the map of a folder: a module or crate, and what it must never import.
fn forbidden(folder: &str) -> Vec<(Vec<String>, String)> {
    let page = text_of("docs/ARCHITECTURE.md");
    let (_, map) = page.split_once(&format!("\n{folder}/\n")).expect("the map of it");
    let (mut at, mut all) = (Vec::new(), Vec::new());
    for line in map.lines().take_while(|line| line.starts_with(' ')) {
        let name = line.trim_start();
        let depth = (line.len() - name.len()) / 2;
        // What is further to the right goes on with the line above.
        if depth <= 2 {
            at.truncate(depth - 1);
            at.push(name.split(['/', '.', ' ']).next().unwrap_or_default().to_owned());
        }
        let names = line.split_once('✗').map_or("", |(_, names)| names).split(',').map(str::trim);
        all.extend(names.filter(|n| !n.is_empty()).map(|name| (at.clone(), name.to_owned())));
    }
    assert!(all.len() > 10, "they were found");
    all
}

/// Whether a path leads to a module of src, or to a crate of this name.
fn leads_to(modules: &Modules, at: &[String], path: &[String], name: &str) -> bool {
    let is_at = |place: usize| path.get(place).is_some_and(|part| part == name);
    let module = defined(modules, at, path).unwrap_or_default();
    match path[0].as_str() {
        "crate" => is_at(1) || module.first().is_some_and(|top| top == name),
        "parlor_process" => is_at(1),
        other => {
            let other = other.strip_prefix("parlor_").unwrap_or(other);
            other == name || other.starts_with(&format!("{name}_"))
        }
    }
}

#[test]
fn nothing_imports_what_the_map_forbids_it() {
    let modules = read(SOURCES[0]);
    let known = [text_of("src/lib.rs"), text_of("Cargo.toml").replace('-', "_")].concat();
    for (place, name) in forbidden("src") {
        assert!(modules.contains_key(&place), "the map has {place:?}, and src has not");
        assert!(known.contains(&name), "the map forbids {name:?}, which there is not");
        for (at, module) in modules.iter().filter(|(at, _)| at.starts_with(&place)) {
            for (_, path) in &module.paths {
                let is_wrong = leads_to(&modules, at, path, &name);
                assert!(!is_wrong, "{} needs {}", at.join("/"), path.join("::"));
            }
        }
    }
}

#[test]
fn no_crate_depends_on_what_the_map_forbids_it() {
    for (place, name) in forbidden("crates") {
        let manifest = text_of(format!("crates/{}/Cargo.toml", place[0]));
        let name = name.replace('_', "-");
        let is_it = |line: &str| line.strip_prefix("parlor-").unwrap_or(line).starts_with(&name);
        assert!(!manifest.lines().any(is_it), "crates/{} needs {name}", place[0]);
    }
}

#[test]
fn each_technology_is_used_in_one_place() {
    let modules = read(SOURCES[0]);
    for ((at, module), (name, place)) in
        modules.iter().flat_map(|module| ONLY_IN.map(|only| (module, only)))
    {
        let is_there = at.first().is_some_and(|top| top == place);
        let may = is_there && (name != "diesel" || at.ends_with(&["backend".to_owned()]));
        let others = module.paths.iter().filter(|(_, path)| !may && path[0] != "crate");
        for (_, path) in others {
            let is_wrong = leads_to(&modules, at, path, name);
            assert!(!is_wrong, "{} needs {}", at.join("/"), path.join("::"));
        }
    }
}

/// By a line of its own, or by the function of REST that a line names.
#[test]
fn each_operation_can_be_asked_for() {
    let modules = read(SOURCES[0]);
    let within = |folder| modules.iter().filter(move |(at, _)| at.first() == Some(folder));
    let (operations, rest) = ("operations".to_owned(), "rest".to_owned());
    let frames = &modules[&[operations.clone(), "frames".to_owned()][..]].text;
    let rest: String = within(&rest).map(|(_, module)| module.text.as_str()).collect();
    let mut found = 0;
    for (at, module) in within(&operations) {
        for after in module.text.split("impl Operation for ").skip(1) {
            let name = after.split(' ').next().unwrap_or_default();
            let is_there = frames.contains(&format!("frame::<{name}>"))
                || rest.contains(&format!("operate::<{name}>"))
                || rest.contains(&format!(".operate(&who, {name} {{"))
                || rest.contains(&format!(": {name},\n) ->"));
            assert!(is_there, "{}: nobody can ask for {name}", at.join("/"));
            found += 1;
        }
    }
    assert!(found > 30, "they were found");
}

#[test]
fn the_chat_server_does_nothing_outside_a_turn() {
    for (at, Module { text, .. }) in read(SOURCES[0]) {
        let path = at.iter().map(String::as_str).collect::<Vec<_>>();
        if let ["chat" | "operations", ..] = path[..] {
            let is_turn = path == ["chat", "server", "turn"];
            assert_eq!(
                text.contains("Handler<"),
                is_turn,
                "{at:?} handles messages past the turns"
            );
            let has_context = ["ChatServer", "Self"].map(|of| format!("Context<{of}>"));
            let has_context = has_context.iter().any(|context| text.contains(context));
            let may = is_turn || path == ["chat", "server"];
            assert_eq!(has_context, may, "{at:?} has actix's context");
        }
    }
}
