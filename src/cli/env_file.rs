//! The `.env` file in the working directory.
//!
//! Values are taken literally: `$` and backslashes stand for themselves, as in
//! systemd's `EnvironmentFile` without quotes. A parser that expanded `$NAME`
//! would silently change a secret, and every token would then be refused. So
//! lines are parsed here, and dotenvy only puts names and values into the
//! environment.

use std::{fs, path::Path};

use super::read::Ending;

/// Puts the variables of a file into the environment, which is stronger. Only
/// the working directory's file is read: one further up is likely another
/// project's.
pub(super) fn load(path: &Path) -> Result<(), Ending> {
    let unusable = |why: String| (format!("parlor: the file {} {why}", path.display()), 2);
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unusable(format!("cannot be used: {error}"))),
    };
    // What is wrong is told by its place alone: it may be a secret.
    for (name, value) in parse(&text)
        .map_err(|line| unusable(format!("cannot be used: line {line} is not NAME=value")))?
    {
        set_unless_set(name, &value);
    }
    Ok(())
}

/// Sets a variable that the environment does not have. `value` has no NUL.
fn set_unless_set(name: &str, value: &str) {
    // A line that was written here is one that dotenvy reads.
    let set = dotenvy::from_read(literal(name, value).as_bytes());
    debug_assert!(set.is_ok(), "{name}");
}

/// Sets a variable, whatever it was. `value` has no NUL.
pub(super) fn set(name: &str, value: &str) {
    let set = dotenvy::from_read_override(literal(name, value).as_bytes());
    debug_assert!(set.is_ok(), "{name}");
}

/// A line of which dotenvy makes just this value. Within single quotes it
/// would stumble over a backslash before a quote.
fn literal(name: &str, value: &str) -> String {
    let mut line = format!("{name}=\"");
    for c in value.chars() {
        if matches!(c, '\\' | '"' | '$') {
            line.push('\\');
        }
        line.push(c);
    }
    line.push('"');
    line
}

/// The names and values of a file's lines, or the number of the first line
/// that is neither a comment nor `NAME=value`.
fn parse(text: &str) -> Result<Vec<(&str, String)>, usize> {
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let mut variables = Vec::new();
    for (index, line) in lines {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let variable = line.split_once('=').and_then(|(name, rest)| {
            let name = name.trim();
            Some((is_name(name).then_some(name)?, value(rest.trim())?))
        });
        variables.push(variable.ok_or(index + 1)?);
    }
    Ok(variables)
}

fn is_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(is_part)
}

/// What stands behind the `=`: as it is up to a comment; within single quotes
/// as it is; within double quotes `\"` and `\\` are one character.
fn value(rest: &str) -> Option<String> {
    let found = match rest.chars().next() {
        Some('\'') => {
            let (value, after) = rest[1..].split_once('\'')?;
            is_comment(after).then(|| value.to_owned())?
        }
        Some('"') => double_quoted(&rest[1..])?,
        _ => {
            let end = rest.find(" #").or_else(|| rest.find("\t#")).unwrap_or(rest.len());
            rest[..end].trim_end().to_owned()
        }
    };
    (!found.contains('\0')).then_some(found)
}

fn double_quoted(rest: &str) -> Option<String> {
    let mut value = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return is_comment(&rest[at + 1..]).then_some(value),
            '\\' => match chars.next()? {
                (_, escaped @ ('"' | '\\')) => value.push(escaped),
                (_, other) => value.extend(['\\', other]),
            },
            other => value.push(other),
        }
    }
    None
}

fn is_comment(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.is_empty() || rest.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_the_file_says() {
        for (line, wanted) in [
            ("A=plain", "plain"),
            ("A=a$abc", "a$abc"),
            ("A=\"a$abc\"", "a$abc"),
            ("A='a$abc'", "a$abc"),
            ("A=${HOME}", "${HOME}"),
            (r"A=a\x", r"a\x"),
            (r#"A="a\"b\\c\d""#, r#"a"b\c\d"#),
            ("A=it's", "it's"),
            ("A=a#b", "a#b"),
            ("A=a # said why", "a"),
            ("A='a # b' # said why", "a # b"),
            ("export A = a ", "a"),
            ("A=", ""),
            ("A=b=c", "b=c"),
            ("\u{feff}A=a\r", "a"),
        ] {
            assert_eq!(parse(line), Ok(vec![("A", wanted.to_owned())]), "{line}");
        }
        assert_eq!(parse("# nothing\n\n"), Ok(vec![]));
    }

    #[test]
    fn a_line_that_is_none_is_named_by_its_number() {
        for bad in ["hunter2 x", "=x", "1A=x", "A B=x", "A=\"x", "A='x", "A='x'y", "A=\"x\"y"] {
            assert_eq!(parse(&format!("# fine\n{bad}\nB=2\n")), Err(2), "{bad}");
        }
    }

    #[test]
    fn what_is_set_is_what_was_read() {
        for (index, value) in ["a$HOME", "it's", "'", r"\'", "a\"b # c", ""].iter().enumerate() {
            let name = format!("PARLOR_TEST_ENV_FILE_{index}");
            set_unless_set(&name, value);
            assert_eq!(std::env::var(&name).as_deref(), Ok(*value));
            set_unless_set(&name, "another");
            assert_eq!(std::env::var(&name).as_deref(), Ok(*value), "the environment is stronger");
        }
    }

    #[test]
    fn a_broken_file_is_named_and_does_not_show_itself() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join(".env");
        assert_eq!(load(&file), Ok(()), "none is needed");
        for broken in ["# fine\nhunter2 x\n", "A=1\nJWT_SECRET=\"hunter2\nB=2\n"] {
            fs::write(&file, broken).expect("written");
            let (line, code) = load(&file).expect_err("refused");
            assert!(line.contains(".env") && line.contains("line 2"), "{line}");
            assert!(!line.contains("hunter2") && !line.contains('\n'), "{line}");
            assert_eq!(code, 2);
        }
    }
}
