//! Users in very many rooms, made in the database: over REST it would take
//! minutes.

use super::{Server, User};

/// The id of one of the rooms that are made here.
pub fn id_of_room(number: usize) -> String {
    format!("room-{number:05}")
}

/// What makes a user, who must be there, a member of so many rooms; on either
/// database.
pub fn many_rooms(user: &str, count: usize) -> [String; 3] {
    let numbers = format!(
        "WITH RECURSIVE numbers(n) AS \
         (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {count})"
    );
    // In five digits, on both databases.
    let id = "'room-' || substr(CAST(100000 + n AS TEXT), 2)";
    [
        format!(
            "INSERT INTO rooms (key, id, kind, title, created_at, member_count) {numbers} \
             SELECT 1000000 + n, {id}, 'private', 'Room ' || n, 0, 1 FROM numbers"
        ),
        format!(
            "INSERT INTO room_heads (room_key, last_seq) {numbers} \
             SELECT 1000000 + n, 0 FROM numbers"
        ),
        format!(
            "INSERT INTO members (room_key, user_key, role, joined_at, unread_after) {numbers} \
             SELECT 1000000 + n, (SELECT key FROM users WHERE id = '{user}'), 'owner', 0, 0 \
             FROM numbers"
        ),
    ]
}

impl Server {
    /// Makes a user a member of so many rooms, and is down meanwhile.
    pub async fn fill_rooms(&mut self, user: &User, count: usize) {
        assert_eq!(self.terminate().await, Some(0));
        for statement in many_rooms(&user.id, count) {
            self.execute(&statement);
        }
        self.start_again().await;
    }
}
