//! What calls answer with, and how that is described.

use std::marker::PhantomData;

use actix_web::{HttpResponse, http::StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    chat::Shown,
    error::ErrorBody,
    protocol::{Schemas, json_size},
};

/// A response that is what `G` describes.
pub struct Reply<G> {
    pub(super) response: HttpResponse,
    /// It keeps nothing of what it was made from: a reply of a view that borrows
    /// is one of a view that does not.
    of: PhantomData<fn(G)>,
}

/// What a call may give.
pub trait Gives {
    fn given(schemas: &mut Schemas) -> Given;
}

/// All that may be given, as it is described.
pub struct Given {
    /// What of the headers of a request matters.
    pub heeds: &'static [&'static str],
    /// The usual one first.
    pub responses: Vec<Granted>,
}

pub struct Granted {
    pub status: u16,
    /// `None`: as the call says.
    pub what: Option<&'static str>,
    /// Names and descriptions.
    pub headers: &'static [(&'static str, &'static str)],
    pub content: Option<Value>,
}

impl Granted {
    pub fn json(status: u16, what: Option<&'static str>, schema: Value) -> Self {
        let content = Some(json!({"application/json": {"schema": schema}}));
        Self { status, what, headers: &[], content }
    }

    pub fn error(status: u16, what: &'static str, schemas: &mut Schemas) -> Self {
        Self::json(status, Some(what), schemas.of::<ErrorBody<'_>>())
    }

    pub fn nothing(status: u16, what: Option<&'static str>) -> Self {
        Self { status, what, headers: &[], content: None }
    }
}

impl<G> Reply<G> {
    /// What was made otherwise than from its type.
    pub fn made(response: HttpResponse) -> Self {
        Self { response, of: PhantomData }
    }
}

impl<V: Serialize> Reply<V> {
    pub fn ok(view: V) -> Self {
        Self::made(HttpResponse::Ok().json(view))
    }
}

impl<V: Serialize + JsonSchema> Gives for V {
    fn given(schemas: &mut Schemas) -> Given {
        Given { heeds: &[], responses: vec![Granted::json(200, None, schemas.of::<V>())] }
    }
}

/// Something new.
pub struct Created<V>(PhantomData<V>);

impl<V: Serialize> Reply<Created<V>> {
    pub fn created(view: V) -> Self {
        Self::made(HttpResponse::Created().json(view))
    }
}

impl<V: Serialize + JsonSchema> Gives for Created<V> {
    fn given(schemas: &mut Schemas) -> Given {
        Given { heeds: &[], responses: vec![Granted::json(201, None, schemas.of::<V>())] }
    }
}

/// It is done, and there is nothing to tell.
pub struct Done;

impl Reply<Done> {
    pub fn done() -> Self {
        Self::made(HttpResponse::NoContent().finish())
    }
}

impl Gives for Done {
    fn given(_: &mut Schemas) -> Given {
        Given { heeds: &[], responses: vec![Granted::nothing(204, None)] }
    }
}

/// The answer of an operation.
pub struct Answered<A>(PhantomData<A>);

impl<A: Shown> Reply<Answered<A>> {
    pub fn answered(answer: &A) -> Self {
        Self::made(match StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::OK) {
            StatusCode::NO_CONTENT => HttpResponse::NoContent().finish(),
            status => HttpResponse::build(status).json(answer.view()),
        })
    }
}

impl<A: Shown> Gives for Answered<A> {
    fn given(schemas: &mut Schemas) -> Given {
        let granted = |(n, status): (usize, &u16)| {
            let what = match (n, status) {
                (0, _) => None,
                (_, 201) => Some("Created"),
                _ => Some("Already existed"),
            };
            match status {
                204 => Granted::nothing(204, what),
                _ => Granted::json(*status, what, schemas.of::<A::View<'static>>()),
            }
        };
        Given { heeds: &[], responses: A::STATUSES.iter().enumerate().map(granted).collect() }
    }
}

/// As much of a list as fits into so many bytes; its first entry does always.
/// Says whether all of it does.
pub fn fitting<'a, T, V: Serialize>(
    rows: &'a [T],
    bytes_max: usize,
    view: impl Fn(&'a T) -> V,
) -> (Vec<V>, bool) {
    let mut views = Vec::with_capacity(rows.len());
    let mut bytes = 0;
    for row in rows {
        let view = view(row);
        bytes += json_size(&view) + 1;
        if bytes > bytes_max && !views.is_empty() {
            return (views, false);
        }
        views.push(view);
    }
    (views, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_where_its_bytes_do_and_has_one_entry_at_least() {
        let rows = ["12345678"; 5];
        // Quotes and a comma with each.
        assert_eq!(fitting(&rows, 55, |row| *row), (rows.to_vec(), true));
        assert_eq!(fitting(&rows, 54, |row| *row), (rows[..4].to_vec(), false));
        assert_eq!(fitting(&rows, 1, |row| *row), (rows[..1].to_vec(), false));
        assert_eq!(fitting(&rows[..0], 1, |row| *row), (Vec::new(), true));
    }
}
