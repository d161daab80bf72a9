//! The tables of the index that are written through diesel and not as text,
//! so that each statement is prepared once.

diesel::table! {
    words (rowid) {
        rowid -> BigInt,
        text -> Text,
        files -> Text,
        place -> Text,
    }
}

diesel::table! {
    entries (id) {
        id -> BigInt,
        room_key -> BigInt,
        seq -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    rooms (room_key) {
        room_key -> BigInt,
        upto -> BigInt,
        floor -> BigInt,
    }
}
