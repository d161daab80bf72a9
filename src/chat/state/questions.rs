//! What is done only when the application has been asked.

use rustc_hash::FxHashMap;

use parlor_domain::{
    ClientId, MessageId, RoomId, UserKey,
    limits::{UNDECIDED, UNDECIDED_EACH},
};

/// Within which what one user asks for keeps its order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// What they send into a room.
    Room(UserKey, RoomId),
    /// How they change a message.
    Message(UserKey, MessageId),
}

impl Line {
    fn user(&self) -> UserKey {
        match self {
            Self::Room(user, _) | Self::Message(user, _) => *user,
        }
    }
}

/// A question, as long as what it is about is not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuestionId(u64);

/// The questions: asked side by side, while what they are about is done in the
/// order in which it came. Only what one user does in one place waits for another.
///
/// A request that repeats one that is not settled waits for it, and asks nothing.
pub struct Questions<T, R> {
    lines: FxHashMap<Line, Vec<Question<T, R>>>,
    /// How many there are of each user, with the repeats.
    of_users: FxHashMap<UserKey, usize>,
    all: usize,
    last: u64,
}

struct Question<T, R> {
    id: QuestionId,
    client_id: Option<ClientId>,
    state: State<T>,
    repeats: Vec<R>,
}

impl<T, R> Question<T, R> {
    fn is_about(&self, client_id: &ClientId) -> bool {
        self.client_id.as_ref() == Some(client_id)
    }
}

enum State<T> {
    Asked,
    /// What is to be done when it is its turn.
    Decided(T),
    /// It is being done.
    Begun,
}

impl<T, R> Questions<T, R> {
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether one more may wait.
    pub fn has_place(&self, line: &Line) -> bool {
        let own = self.of_users.get(&line.user()).copied().unwrap_or(0);
        self.all < UNDECIDED && own < UNDECIDED_EACH
    }

    /// Whether there is any in a line.
    pub fn has_any(&self, line: &Line) -> bool {
        self.lines.contains_key(line)
    }

    /// Whether there is one that something of this name repeats.
    pub fn has(&self, line: &Line, client_id: &ClientId) -> bool {
        let questions = self.lines.get(line);
        questions.is_some_and(|all| all.iter().any(|one| one.is_about(client_id)))
    }

    /// Keeps what repeats it until it is settled.
    pub fn join(&mut self, line: &Line, client_id: &ClientId, repeat: R) {
        let mut questions = self.lines.get_mut(line).into_iter().flatten();
        if let Some(question) = questions.find(|one| one.is_about(client_id)) {
            question.repeats.push(repeat);
            self.count(line.user());
        }
    }

    pub fn ask(&mut self, line: Line, client_id: Option<ClientId>) -> QuestionId {
        self.count(line.user());
        self.last += 1;
        let id = QuestionId(self.last);
        let question = Question { id, client_id, state: State::Asked, repeats: Vec::new() };
        self.lines.entry(line).or_default().push(question);
        id
    }

    /// A question is decided; gives what may be done now, in its order.
    pub fn decided(&mut self, line: &Line, id: QuestionId, what: T) -> Vec<T> {
        let Some(questions) = self.lines.get_mut(line) else { return Vec::new() };
        if let Some(question) = questions.iter_mut().find(|one| one.id == id) {
            question.state = State::Decided(what);
        }
        let mut next = Vec::new();
        for question in questions {
            match std::mem::replace(&mut question.state, State::Begun) {
                State::Decided(what) => next.push(what),
                State::Begun => {}
                State::Asked => {
                    question.state = State::Asked;
                    break;
                }
            }
        }
        next
    }

    /// What it was about is done, or never will be; gives what has repeated it.
    pub fn settled(&mut self, line: &Line, id: QuestionId) -> Vec<R> {
        let Some(questions) = self.lines.get_mut(line) else { return Vec::new() };
        let Some(at) = questions.iter().position(|one| one.id == id) else { return Vec::new() };
        let repeats = questions.remove(at).repeats;
        if questions.is_empty() {
            self.lines.remove(line);
        }
        let gone = repeats.len() + 1;
        self.all -= gone;
        if let Some(own) = self.of_users.get_mut(&line.user()) {
            *own -= gone;
            if *own == 0 {
                self.of_users.remove(&line.user());
            }
        }
        repeats
    }

    fn count(&mut self, user: UserKey) {
        self.all += 1;
        *self.of_users.entry(user).or_default() += 1;
    }
}

impl<T, R> Default for Questions<T, R> {
    fn default() -> Self {
        let (lines, of_users) = (FxHashMap::default(), FxHashMap::default());
        Self { lines, of_users, all: 0, last: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Sample = Questions<&'static str, &'static str>;

    fn room(user: i64, id: &str) -> Line {
        Line::Room(UserKey(user), RoomId::from_stored(id))
    }

    fn name(text: &str) -> ClientId {
        ClientId::parse(text).expect("a name")
    }

    #[test]
    fn what_one_user_does_in_one_place_is_done_in_its_order() {
        let (mut questions, den, pub_) = (Sample::default(), room(1, "den"), room(1, "pub"));
        let [a, b, c] = [0; 3].map(|_| questions.ask(den.clone(), None));
        let other = questions.ask(pub_.clone(), None);
        let anothers = questions.ask(room(2, "den"), None);
        assert!(questions.decided(&den, b, "b").is_empty(), "a is not decided");
        assert_eq!(questions.decided(&pub_, other, "other"), ["other"]);
        assert_eq!(questions.decided(&room(2, "den"), anothers, "another's"), ["another's"]);
        assert_eq!(questions.decided(&den, a, "a"), ["a", "b"]);
        assert!(questions.settled(&den, b).is_empty());
        assert_eq!(questions.decided(&den, c, "c"), ["c"], "a need not be settled");
        for (line, id) in [(&den, a), (&den, c), (&pub_, other), (&room(2, "den"), anothers)] {
            assert!(!questions.is_empty());
            questions.settled(line, id);
        }
        assert!(questions.is_empty() && questions.of_users.is_empty());
        assert_eq!(questions.all, 0);
    }

    #[test]
    fn a_repeat_waits_until_the_first_is_settled() {
        let (mut questions, den) = (Sample::default(), room(1, "den"));
        let first = questions.ask(den.clone(), Some(name("x")));
        questions.ask(den.clone(), None);
        questions.join(&den, &name("x"), "again");
        assert!(!questions.has(&den, &name("y")) && !questions.has(&room(1, "pub"), &name("x")));
        assert_eq!(questions.decided(&den, first, "a"), ["a"]);
        assert!(questions.has(&den, &name("x")), "it is being done");
        questions.join(&den, &name("x"), "and again");
        assert_eq!(questions.settled(&den, first), ["again", "and again"]);
        assert!(!questions.has(&den, &name("x")));
        assert_eq!(questions.all, 1);
    }

    #[test]
    fn one_user_has_a_part_of_the_places() {
        let (mut questions, den) = (Sample::default(), room(1, "den"));
        let first = questions.ask(den.clone(), Some(name("x")));
        for _ in 1..UNDECIDED_EACH {
            assert!(questions.has_place(&den));
            questions.join(&den, &name("x"), "again");
        }
        assert!(!questions.has_place(&den) && !questions.has_place(&room(1, "pub")));
        assert!(questions.has_place(&room(2, "den")));
        questions.settled(&den, first);
        assert!(questions.has_place(&den));
    }
}
