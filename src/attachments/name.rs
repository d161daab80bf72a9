//! File names.

use parlor_domain::visible;

/// Characters of a name at most.
const CHARS_MAX: usize = 120;

/// A name that can be shown and saved: no path, nothing that cannot be seen
/// or that turns the direction of what follows, and not too long; the end
/// with its extension stays.
pub fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_saved = |c: &char| !matches!(*c, '"' | '<' | '>' | ':' | '|' | '?' | '*');
    let shown: Vec<char> = visible(last).chars().filter(is_saved).collect();
    let cut = shown.len().saturating_sub(CHARS_MAX);
    let name = visible(&shown[cut..].iter().collect::<String>());
    let name = name.trim_start_matches('.').trim();
    if name.is_empty() { "file".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path_and_hides_nothing() {
        for (name, clean) in [
            ("photo.jpg", "photo.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\x\\a.txt", "a.txt"),
            ("a\r\nb\".txt", "ab.txt"),
            ("gpj\u{202e}.exe", "gpj.exe"),
            ("a\u{3164}\u{ad}.txt", "a.txt"),
            ("...", "file"),
            ("", "file"),
            (".bashrc", "bashrc"),
            ("Grüße.txt", "Grüße.txt"),
        ] {
            assert_eq!(clean_name(name), clean);
        }
        let long = clean_name(&format!("{}.tar.gz", "x".repeat(300)));
        assert_eq!(long.chars().count(), CHARS_MAX);
        assert!(long.ends_with(".tar.gz"));
    }
}
