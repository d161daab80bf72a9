//! Which claims say what: applications and issuers have names of their own.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
};

use serde_json::{Map, Value};

use super::BadToken;

/// The claims that say who a user is. Those of built-in accounts have the
/// `STANDARD` names, whatever is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimNames {
    pub user: Names,
    pub name: Names,
    pub roles: Names,
    pub role_context: Names,
}

/// The names that docs/PROTOCOL.md gives them.
pub(super) static STANDARD: LazyLock<ClaimNames> = LazyLock::new(|| {
    let one = |name: &str| Names([Arc::from(name)].into());
    ClaimNames {
        user: one("sub"),
        name: one("name"),
        roles: one("roles"),
        role_context: one("role_context_id"),
    }
});

/// One or more names of the same claim; the first that a token has counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(Arc<[Arc<str>]>);

impl Names {
    /// `None` if there is no name among the texts.
    pub fn parse(texts: &[String]) -> Option<Self> {
        let texts = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
        let names: Arc<[Arc<str>]> = texts.map(Arc::from).collect();
        (!names.is_empty()).then_some(Self(names))
    }

    /// The one that is written into tokens made here.
    pub(super) fn first(&self) -> &str {
        &self.0[0]
    }

    /// The claim that is there, and by which of its names.
    fn find<'a>(&'a self, claims: &'a Map<String, Value>) -> Option<(&'a str, &'a Value)> {
        self.0.iter().find_map(|name| Some((&**name, find(claims, name)?)))
    }

    /// A text, and which claim it is. What counts its users names them by whole
    /// numbers, which are taken as they are written.
    pub(super) fn text<'a>(
        &'a self,
        claims: &'a Map<String, Value>,
    ) -> Result<Option<(&'a str, Cow<'a, str>)>, BadToken> {
        match self.find(claims) {
            None => Ok(None),
            Some((name, Value::String(text))) => Ok(Some((name, text.into()))),
            Some((name, Value::Number(number))) if number.is_i64() || number.is_u64() => {
                Ok(Some((name, number.to_string().into())))
            }
            Some((name, _)) => Err(BadToken::claim(name)),
        }
    }

    /// A list of texts, or a text with blanks or commas between them.
    pub(super) fn list(&self, claims: &Map<String, Value>) -> Result<Vec<Arc<str>>, BadToken> {
        let Some((name, value)) = self.find(claims) else { return Ok(Vec::new()) };
        let is_between = |letter: char| letter.is_whitespace() || letter == ',';
        match value {
            Value::String(text) => {
                Ok(text.split(is_between).filter(|one| !one.is_empty()).map(Arc::from).collect())
            }
            Value::Array(all) => {
                let one = |one: &Value| one.as_str().map(Arc::from);
                all.iter().map(|value| one(value).ok_or_else(|| BadToken::claim(name))).collect()
            }
            _ => Err(BadToken::claim(name)),
        }
    }

    pub(super) fn missing(&self) -> BadToken {
        BadToken::Missing(self.0.join(" or ").into())
    }
}

/// `a.b` is `b` within `a`, but for a claim that has all of it as its name: such
/// names are often URLs. One that is null is not there.
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let whole = claims.get(name).filter(|value| !value.is_null());
    whole.or_else(|| {
        let (outer, inner) = name.split_once('.')?;
        find(claims.get(outer)?.as_object()?, inner)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(text: &str) -> Names {
        Names::parse(&text.split(',').map(str::to_owned).collect::<Vec<_>>()).expect("names")
    }

    fn map(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else { panic!("an object") };
        map
    }

    #[test]
    fn the_first_name_that_is_there_counts() {
        let found = |claims: Value| {
            let (names, claims) = (names(" user_id, userId ,sub"), map(claims));
            names.text(&claims).map(|found| found.map(|(name, text)| format!("{name}={text}")))
        };
        for (claims, expected) in [
            (json!({"sub": "c", "userId": "b", "user_id": "a"}), Some("user_id=a")),
            (json!({"sub": "c", "userId": "b", "user_id": null}), Some("userId=b")),
            (json!({"sub": 42}), Some("sub=42")),
            (json!({"sub": -42}), Some("sub=-42")),
            (json!({"sub": u64::MAX}), Some("sub=18446744073709551615")),
            (json!({"sub": ""}), Some("sub=")),
            (json!({"id": "a"}), None),
        ] {
            assert_eq!(found(claims.clone()), Ok(expected.map(str::to_owned)), "{claims}");
        }
        for (claims, name) in [
            (json!({"user_id": ["a"], "sub": "c"}), "user_id"),
            (json!({"userId": true, "sub": "c"}), "userId"),
            (json!({"sub": 1.5}), "sub"),
            // As a float it would be somebody else's.
            (json!({"sub": 1e20}), "sub"),
        ] {
            assert_eq!(found(claims.clone()), Err(BadToken::claim(name)), "{claims}");
        }
        assert_eq!(
            names("a, b").missing().to_string(),
            "lacks a or b",
            "whoever reads the log learns what was looked for"
        );
    }

    #[test]
    fn a_claim_of_the_whole_name_goes_before_one_within_another() {
        let roles = |name: &str, claims: Value| names(name).list(&map(claims)).expect("good");
        let one: [Arc<str>; 1] = [Arc::from("admin")];
        let keycloak = json!({"realm_access": {"roles": ["admin"]}});
        assert_eq!(roles("realm_access.roles", keycloak), one);
        let deep = json!({"resource_access": {"chat": {"roles": ["admin"]}}});
        assert_eq!(roles("resource_access.chat.roles", deep), one);
        let auth0 = json!({"https://example.org/roles": ["admin"], "https://example": {"x": 1}});
        assert_eq!(roles("https://example.org/roles", auth0), one);
        let both = json!({"a.b": "admin", "a": {"b": "other"}});
        assert_eq!(roles("a.b", both), one);
        for none in [json!({"a": "b"}), json!({"a": {"c": 1}}), json!({"a": null}), json!({})] {
            assert!(roles("a.b", none.clone()).is_empty(), "{none}");
        }
    }

    #[test]
    fn roles_are_a_list_or_a_text() {
        let roles = |value: Value| names("roles").list(&map(json!({"roles": value})));
        let both: Result<Vec<Arc<str>>, _> = Ok(vec![Arc::from("admin"), Arc::from("service")]);
        assert_eq!(roles(json!(["admin", "service"])), both);
        assert_eq!(roles(json!("admin service")), both);
        assert_eq!(roles(json!(" admin,service ,")), both);
        for none in [json!(null), json!(""), json!([]), json!(" , ")] {
            assert_eq!(roles(none.clone()), Ok(Vec::new()), "{none}");
        }
        for bad in [json!([7]), json!({"admin": true}), json!(true), json!(7)] {
            assert_eq!(roles(bad.clone()), Err(BadToken::claim("roles")), "{bad}");
        }
    }

    #[test]
    fn no_name_is_none() {
        assert_eq!(Names::parse(&[" ".to_owned(), String::new()]), None);
    }
}
