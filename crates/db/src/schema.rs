//! The tables, as the queries see them. Written by hand, because one schema
//! stands for the migrations of every backend.

diesel::table! {
    users (key) {
        key -> BigInt,
        id -> Text,
        name -> Text,
        password_hash -> Nullable<Text>,
        created_at -> BigInt,
        last_seen_at -> Nullable<BigInt>,
        deleted_at -> Nullable<BigInt>,
        erase_pending -> Bool,
        origin -> Nullable<Text>,
        former_id -> Nullable<Binary>,
        avatar -> Nullable<Text>,
        custom -> Nullable<Text>,
        roles -> Nullable<Text>,
        named_at -> Nullable<BigInt>,
        has_words -> Nullable<Bool>,
    }
}

diesel::table! {
    user_words (word, user_key) {
        word -> Text,
        user_key -> BigInt,
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
        topic -> Text,
        custom -> Nullable<Text>,
        pair -> Nullable<Text>,
        cleared_seq -> BigInt,
        member_count -> BigInt,
        keep_ms -> Nullable<BigInt>,
        keep_messages -> Nullable<BigInt>,
        made_by -> Nullable<BigInt>,
        left_at -> Nullable<BigInt>,
        rules -> Nullable<Text>,
        ownerless -> Bool,
    }
}

diesel::table! {
    room_heads (room_key) {
        room_key -> BigInt,
        last_seq -> BigInt,
        start_seq -> BigInt,
    }
}

diesel::table! {
    members (room_key, user_key) {
        room_key -> BigInt,
        user_key -> BigInt,
        role -> Text,
        joined_at -> BigInt,
        unread_after -> BigInt,
        muted_until -> Nullable<BigInt>,
        blocked -> Bool,
        placed_by -> Nullable<BigInt>,
        peer_deleted -> Bool,
        spoke_at -> Nullable<BigInt>,
        notifications -> Nullable<Text>,
        notifications_until -> Nullable<BigInt>,
        hidden_seq -> Nullable<BigInt>,
        archived -> Nullable<Bool>,
        pinned -> Nullable<Bool>,
        rank -> Nullable<BigInt>,
        unread_from -> Nullable<BigInt>,
    }
}

diesel::table! {
    receipts (room_key, user_key) {
        room_key -> BigInt,
        user_key -> BigInt,
        read_seq -> BigInt,
        read_at -> BigInt,
        delivered_seq -> BigInt,
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
        edited_at -> Nullable<BigInt>,
        deleted_at -> Nullable<BigInt>,
        reply_to -> Nullable<BigInt>,
        thread_id -> Nullable<BigInt>,
        thread_count -> Nullable<BigInt>,
        thread_last -> Nullable<BigInt>,
        metadata -> Nullable<Text>,
        mentions -> Nullable<Text>,
        attachments -> Nullable<Text>,
        reactions -> Nullable<Text>,
        pinned_at -> Nullable<BigInt>,
        pinned_by -> Nullable<Text>,
        kind -> Nullable<Text>,
        sent_by -> Nullable<Text>,
        silent -> Nullable<Bool>,
        stream -> Nullable<Text>,
        in_room -> Nullable<Bool>,
    }
}

diesel::table! {
    streams (message_id) {
        message_id -> BigInt,
        heard_at -> BigInt,
    }
}

diesel::table! {
    imported_messages (room_key, id) {
        room_key -> BigInt,
        id -> Text,
        message_id -> BigInt,
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
        next_hash -> Nullable<Binary>,
    }
}

diesel::table! {
    reactions (message_id, emoji, user_key) {
        message_id -> BigInt,
        emoji -> Text,
        user_key -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    mentions (room_key, user_key, seq) {
        room_key -> BigInt,
        user_key -> BigInt,
        seq -> BigInt,
        sender_key -> BigInt,
        message_id -> BigInt,
        thread_id -> Nullable<BigInt>,
        in_thread -> Nullable<Bool>,
    }
}

diesel::table! {
    bans (room_key, user_key) {
        room_key -> BigInt,
        user_key -> BigInt,
        until -> Nullable<BigInt>,
        reason -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    blocks (user_key, blocked_key) {
        user_key -> BigInt,
        blocked_key -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    room_events (room_key, seq) {
        room_key -> BigInt,
        seq -> BigInt,
        kind -> Text,
        data -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    inbox (user_key, inbox_seq) {
        user_key -> BigInt,
        inbox_seq -> BigInt,
        kind -> Text,
        data -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    inbox_heads (user_key) {
        user_key -> BigInt,
        last_seq -> BigInt,
        acked_seq -> BigInt,
        start_seq -> BigInt,
    }
}

diesel::table! {
    publications (key) {
        key -> Text,
        position -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    attachments (id) {
        id -> BigInt,
        uploader_key -> BigInt,
        room_key -> Nullable<BigInt>,
        message_id -> Nullable<BigInt>,
        name -> Text,
        content_type -> Text,
        size -> BigInt,
        sha256 -> Nullable<Binary>,
        width -> Nullable<BigInt>,
        height -> Nullable<BigInt>,
        thumbnail_type -> Nullable<Text>,
        created_at -> BigInt,
        ready -> Bool,
        remove -> Bool,
        duration_ms -> Nullable<BigInt>,
        waveform -> Nullable<Binary>,
    }
}

diesel::table! {
    file_usage (user_key) {
        user_key -> BigInt,
        stored -> BigInt,
        recent -> BigInt,
        recent_at -> BigInt,
    }
}

diesel::table! {
    outbox (id) {
        id -> BigInt,
        target -> Text,
        lane -> Text,
        kind -> Text,
        message_id -> Nullable<BigInt>,
        user_id -> Nullable<Text>,
        seq -> Nullable<BigInt>,
        at -> BigInt,
        attempts -> BigInt,
        next_at -> BigInt,
        dead -> Bool,
        error -> Text,
        reason -> Nullable<Text>,
        traceparent -> Nullable<Text>,
        report_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    revoked_tokens (id) {
        id -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    user_bars (user_key) {
        user_key -> BigInt,
        tokens_after -> BigInt,
        banned -> Bool,
        banned_until -> Nullable<BigInt>,
        reason -> Text,
        keeps -> Nullable<BigInt>,
        deactivated_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    api_keys (id) {
        id -> BigInt,
        name -> Text,
        hash -> Binary,
        roles -> Text,
        user_key -> BigInt,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    audit (id) {
        id -> BigInt,
        at -> BigInt,
        actor -> Text,
        action -> Text,
        target -> Text,
        detail -> Text,
    }
}

diesel::table! {
    former_members (room_key, user_key) {
        room_key -> BigInt,
        user_key -> BigInt,
        read_only -> Bool,
        muted_until -> Nullable<BigInt>,
        spoke_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    thread_follows (user_key, thread_id) {
        user_key -> BigInt,
        thread_id -> BigInt,
        room_key -> BigInt,
        following -> Bool,
        own -> Bool,
        read_seq -> BigInt,
        touched_at -> BigInt,
    }
}

diesel::table! {
    reports (id) {
        id -> BigInt,
        room_key -> Nullable<BigInt>,
        message_id -> Nullable<BigInt>,
        user_key -> BigInt,
        content -> Nullable<Text>,
        count -> BigInt,
        reasons -> Text,
        reported_at -> BigInt,
        decided_at -> Nullable<BigInt>,
        decided_by -> Nullable<BigInt>,
        decision -> Nullable<Text>,
        note -> Nullable<Text>,
        claimed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    reported_by (report_id, user_key) {
        report_id -> BigInt,
        user_key -> BigInt,
        reason -> Text,
        note -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    drafts (user_key, room_key, thread_id) {
        user_key -> BigInt,
        room_key -> BigInt,
        thread_id -> BigInt,
        content -> Text,
        metadata -> Nullable<Text>,
        updated_at -> BigInt,
    }
}

diesel::table! {
    saved (user_key, message_id) {
        user_key -> BigInt,
        message_id -> BigInt,
        note -> Nullable<Text>,
        saved_at -> BigInt,
        remind_at -> Nullable<BigInt>,
        reminded_at -> Nullable<BigInt>,
        updated_at -> BigInt,
    }
}

diesel::table! {
    scheduled (id) {
        id -> BigInt,
        user_key -> BigInt,
        room_key -> BigInt,
        client_id -> Text,
        content -> Text,
        reply_to -> Nullable<BigInt>,
        thread_id -> Nullable<BigInt>,
        in_room -> Bool,
        metadata -> Nullable<Text>,
        attachments -> Nullable<Text>,
        send_at -> BigInt,
        try_at -> Nullable<BigInt>,
        failed_code -> Nullable<Text>,
        failed_message -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    blocklists (room_key, id) {
        room_key -> BigInt,
        id -> Text,
        action -> Text,
        words -> Text,
        patterns -> Text,
        word_count -> BigInt,
        pattern_count -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    devices (user_key, id) {
        user_key -> BigInt,
        id -> Text,
        service -> Text,
        lane -> Text,
        address -> Text,
        p256dh -> Nullable<Text>,
        auth -> Nullable<Text>,
        registered_at -> BigInt,
        told_at -> Nullable<BigInt>,
        badge -> Nullable<BigInt>,
        via -> Nullable<Text>,
    }
}

diesel::table! {
    quiet_times (user_key) {
        user_key -> BigInt,
        from_minute -> BigInt,
        until_minute -> BigInt,
        utc_offset_minutes -> BigInt,
    }
}

diesel::table! {
    push_notes (user_key, device_id, room_key, thread_id) {
        user_key -> BigInt,
        device_id -> Text,
        room_key -> BigInt,
        thread_id -> BigInt,
        service -> Text,
        lane -> Text,
        room_id -> Text,
        first_seq -> BigInt,
        last_seq -> BigInt,
        next_at -> Nullable<BigInt>,
        attempts -> BigInt,
        shown_seq -> Nullable<BigInt>,
        shown_id -> Nullable<BigInt>,
        shown_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    push_state (one) {
        one -> BigInt,
        looked -> Nullable<BigInt>,
        key -> Nullable<Binary>,
    }
}

diesel::table! {
    unread_told (user_key) {
        user_key -> BigInt,
        upto -> BigInt,
        told_at -> BigInt,
    }
}

diesel::table! {
    unread_waiting (user_key, room_key) {
        user_key -> BigInt,
        room_key -> BigInt,
        first_seq -> BigInt,
    }
}

diesel::table! {
    retired_heads (bucket) {
        bucket -> BigInt,
        last_seq -> BigInt,
    }
}

diesel::table! {
    life (one) {
        one -> BigInt,
        id -> Text,
        first_seq -> BigInt,
        witness -> Nullable<Text>,
    }
}

// PostgreSQL's only: what several nodes need, and what applications submit.

diesel::table! {
    feed (id) {
        id -> BigInt,
        at -> Timestamptz,
        items -> Text,
    }
}

diesel::table! {
    nodes (id) {
        id -> BigInt,
        incarnation -> Text,
        address -> Text,
        until -> Timestamptz,
    }
}

diesel::table! {
    submissions (id) {
        id -> BigInt,
        at -> Timestamptz,
        room -> Text,
        sender -> Nullable<Text>,
        request -> Jsonb,
        refused -> Nullable<Text>,
    }
}

diesel::joinable!(messages -> users (sender_key));
diesel::joinable!(messages -> rooms (room_key));
diesel::joinable!(user_words -> users (user_key));
diesel::joinable!(members -> users (user_key));
diesel::joinable!(members -> rooms (room_key));
diesel::joinable!(receipts -> users (user_key));
diesel::joinable!(room_heads -> rooms (room_key));
diesel::joinable!(reactions -> users (user_key));
diesel::joinable!(bans -> users (user_key));
diesel::joinable!(blocks -> users (blocked_key));
diesel::joinable!(mentions -> rooms (room_key));
diesel::allow_tables_to_appear_in_same_query!(
    users,
    user_words,
    rooms,
    room_heads,
    members,
    receipts,
    messages,
    streams,
    imported_messages,
    refresh_tokens,
    reactions,
    mentions,
    bans,
    blocklists,
    blocks,
    room_events,
    inbox,
    inbox_heads,
    publications,
    attachments,
    file_usage,
    outbox,
    revoked_tokens,
    user_bars,
    api_keys,
    audit,
    former_members,
    drafts,
    reports,
    reported_by,
    thread_follows,
    saved,
    scheduled,
    devices,
    quiet_times,
    push_notes,
    push_state,
    unread_told,
    unread_waiting,
    retired_heads,
    life,
    feed,
    nodes,
    submissions,
);
