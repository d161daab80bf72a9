//! The tables, as the queries see them. Written by hand, because one schema
//! stands for the migrations of every backend.

diesel::table! {
    users (key) {
        key -> BigInt,
        id -> Text,
        name -> Text,
        password_hash -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    rooms (key) {
        key -> BigInt,
        id -> Nullable<Text>,
        kind -> Text,
        title -> Text,
        created_at -> BigInt,
        floor_seq -> BigInt,
        purge_pending -> Bool,
    }
}

diesel::table! {
    room_heads (room_key) {
        room_key -> BigInt,
        last_seq -> BigInt,
    }
}

diesel::table! {
    members (room_key, user_key) {
        room_key -> BigInt,
        user_key -> BigInt,
        role -> Text,
        joined_at -> BigInt,
        unread_after -> BigInt,
    }
}

diesel::table! {
    receipts (room_key, user_key) {
        room_key -> BigInt,
        user_key -> BigInt,
        read_seq -> BigInt,
        read_at -> BigInt,
    }
}

diesel::table! {
    messages (id) {
        id -> BigInt,
        room_key -> BigInt,
        seq -> BigInt,
        changed_seq -> BigInt,
        sender_key -> BigInt,
        client_id -> Nullable<Text>,
        content -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    refresh_tokens (hash) {
        hash -> Binary,
        user_key -> BigInt,
        family -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::joinable!(messages -> users (sender_key));
diesel::joinable!(messages -> rooms (room_key));
diesel::joinable!(members -> users (user_key));
diesel::joinable!(members -> rooms (room_key));
diesel::joinable!(receipts -> users (user_key));
diesel::joinable!(room_heads -> rooms (room_key));
diesel::allow_tables_to_appear_in_same_query!(
    users,
    rooms,
    room_heads,
    members,
    receipts,
    messages,
    refresh_tokens,
);
