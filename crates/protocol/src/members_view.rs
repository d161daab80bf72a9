//! What came of a change of many members.

use schemars::JsonSchema;
use serde::Serialize;

use crate::ErrorView;

/// What came of each of them.
#[derive(Serialize, JsonSchema)]
pub struct MembersChangedView<'a> {
    /// Those who were named, in their order; then those who had to go because they
    /// were not.
    pub results: Vec<MemberResultView<'a>>,
    /// How many members the room has now.
    pub member_count: i64,
}

/// What came of one.
#[derive(Serialize, JsonSchema)]
pub struct MemberResultView<'a> {
    user_id: &'a str,
    result: MemberOutcome,
    /// Why one was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView<'a>>,
}

/// What was done about somebody: who was a member `already` stays as they were, who
/// was `changed` has another role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum MemberOutcome {
    Added,
    Already,
    Changed,
    Removed,
    Refused,
}

impl<'a> MemberResultView<'a> {
    pub fn new(user_id: &'a str, result: Result<MemberOutcome, ErrorView<'a>>) -> Self {
        match result {
            Ok(result) => Self { user_id, result, error: None },
            Err(error) => Self { user_id, result: MemberOutcome::Refused, error: Some(error) },
        }
    }
}
