pub(super) use crate::db::submit as write;
