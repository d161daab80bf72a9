//! Rooms that are made when they are first used: by which names, and what they
//! are.

use std::sync::Arc;

use super::{RoomId, RoomKind, limits::CREATION_RULES_MAX};

/// Which rooms are made by rule: a setting of the deployment. The first rule
/// that a name fits counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreationRules(Arc<[CreationRule]>);

/// Rooms whose ids fit a pattern are made as rooms of this kind.
#[derive(Clone, Debug, PartialEq, Eq)]
struct CreationRule {
    pattern: Pattern,
    kind: RoomKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Exact(String),
    /// What stands before the `*`, and behind it.
    Around(String, String),
}

impl CreationRules {
    /// Reads `pattern=kind` rules that are separated by commas. A pattern is an
    /// id, in which one `*` stands for one character or more; ids may have a `=`,
    /// but neither a comma nor a `*`.
    ///
    /// # Errors
    /// What is wrong, and in which rule.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rules = text.split(',').map(str::trim).filter(|rule| !rule.is_empty());
        let rules: Vec<CreationRule> = rules.map(CreationRule::parse).collect::<Result<_, _>>()?;
        match rules.len() {
            0..=CREATION_RULES_MAX => Ok(Self(rules.into())),
            count => Err(format!("it has {count} rules, {CREATION_RULES_MAX} at most are allowed")),
        }
    }

    /// As what a room of this id is made; `None` if none is made by rule.
    pub fn kind_of(&self, id: &RoomId) -> Option<RoomKind> {
        let fits = |rule: &&CreationRule| rule.pattern.fits(id.as_str());
        self.0.iter().find(fits).filter(|_| !id.is_reserved()).map(|rule| rule.kind)
    }
}

impl CreationRule {
    fn parse(rule: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("the rule {rule:?} {what}");
        let (pattern, kind) = rule
            .rsplit_once('=')
            .ok_or_else(|| wrong("must be pattern=kind, such as board:*=public"))?;
        let kind = RoomKind::parse(kind).filter(|kind| *kind != RoomKind::Direct);
        let kind = kind.ok_or_else(|| wrong("must end with public, private or announcement"))?;
        if pattern.matches('*').count() > 1 {
            return Err(wrong("may have one * only"));
        }
        // One character is the least that a `*` stands for.
        RoomId::parse(&pattern.replace('*', "x"))
            .map_err(|error| wrong(&format!("has a pattern that no room id fits: it {error}")))?;
        let pattern = match pattern.split_once('*') {
            Some((before, after)) => Pattern::Around(before.to_owned(), after.to_owned()),
            None => Pattern::Exact(pattern.to_owned()),
        };
        Ok(Self { pattern, kind })
    }
}

impl Pattern {
    fn fits(&self, id: &str) -> bool {
        match self {
            Self::Exact(exact) => id == exact,
            Self::Around(before, after) => id
                .strip_prefix(before.as_str())
                .and_then(|rest| rest.strip_suffix(after.as_str()))
                .is_some_and(|middle| !middle.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(rules: &str, id: &str) -> Option<RoomKind> {
        CreationRules::parse(rules).expect(rules).kind_of(&RoomId::parse(id).expect(id))
    }

    #[test]
    fn the_first_rule_that_an_id_fits_says_what_the_room_is() {
        let rules = "board:news=announcement, board:*=public,*:notes=private,a=b=public";
        for (id, kind) in [
            ("board:news", Some(RoomKind::Announcement)),
            ("board:42", Some(RoomKind::Public)),
            ("board:", None),
            ("Board:42", None),
            ("42:notes", Some(RoomKind::Private)),
            ("board:notes", Some(RoomKind::Public)),
            ("a=b", Some(RoomKind::Public)),
            ("lobby", None),
        ] {
            assert_eq!(kind_of(rules, id), kind, "{id}");
        }
        assert_eq!(kind_of("", "board:42"), None);
        assert_eq!(kind_of("*=public", "x"), Some(RoomKind::Public));
        assert_eq!(kind_of("*=public", "direct"), None, "its path is another one's");
        assert_eq!(kind_of("ab*ba=public", "aba"), None, "the ends do not overlap");
    }

    #[test]
    fn a_rule_that_is_wrong_is_named_with_what_is_wrong() {
        for (text, what) in [
            ("board:*", "must be pattern=kind"),
            ("ok=public,board:*=open", r#""board:*=open" must end with public"#),
            ("d:*=direct", "must end with public, private or announcement"),
            ("*:*=public", "one * only"),
            ("a b*=public", "may only have the characters"),
            ("=public", "must not be empty"),
        ] {
            let error = CreationRules::parse(text).expect_err(text);
            assert!(error.contains(what), "{text}: {error}");
        }
        let many = vec!["a=public"; CREATION_RULES_MAX + 1].join(",");
        assert!(CreationRules::parse(&many).expect_err("too many").contains("at most"));
    }
}
