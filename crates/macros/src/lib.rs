//! Compiles code for both databases from one source.
//!
//! diesel checks a query against one backend, so a function generic over both
//! would need the bounds of all its queries spelled out. Instead the function
//! is compiled twice.

#![forbid(unsafe_code)]

use proc_macro::{Group, Ident, TokenStream, TokenTree};

/// Makes of a module `backend` the two modules `sqlite` and `postgres`. The
/// word `backend` stands for their name wherever it is in them: a path such as
/// `crate::db::backend::Conn` leads to what belongs to the same database.
#[proc_macro_attribute]
pub fn each_backend(_: TokenStream, module: TokenStream) -> TokenStream {
    let for_one = |name| with_name(module.clone(), name);
    ["sqlite", "postgres"].into_iter().flat_map(for_one).collect()
}

fn with_name(tokens: TokenStream, name: &str) -> TokenStream {
    let renamed = |token| match token {
        TokenTree::Ident(ident) if ident.to_string() == "backend" => {
            TokenTree::Ident(Ident::new(name, ident.span()))
        }
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), with_name(group.stream(), name));
            inner.set_span(group.span());
            TokenTree::Group(inner)
        }
        other => other,
    };
    tokens.into_iter().map(renamed).collect()
}
