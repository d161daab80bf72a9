//! Files: whose they are, and how many bytes they have.

use super::*;
use crate::{NewAttachment, NewUpload};
use parlor_domain::{Attachment, AttachmentId, FileQuota, limits::UPLOADS_PER_USER};

const LATER: Timestamp = Timestamp(AT.0 + 1_000);

impl Bench {
    fn begin(&self, id: i64, uploader: &User, bytes: i64) -> Result<(), WriteError> {
        let quota = FileQuota { stored: Some(100), daily: None };
        let (id, uploader) = (AttachmentId(id), uploader.key);
        self.one(NewUpload { id, uploader, bytes, quota, unsent_max: UPLOADS_PER_USER, at: AT })
    }

    fn finish(
        &self,
        id: i64,
        uploader: &User,
        announced: i64,
        size: i64,
    ) -> Result<(), WriteError> {
        let attachment = Attachment {
            id: AttachmentId(id),
            name: "a.txt".into(),
            content_type: "text/plain".into(),
            size,
            dimensions: None,
            thumbnail_type: None,
            duration_ms: None,
            waveform: None,
        };
        let uploader = uploader.key;
        let new = NewAttachment { attachment, uploader, announced, sha256: [0; 32] };
        self.one(new)
    }

    fn attach(&mut self, room: &Room, sender: &User, ids: &[i64]) -> Result<Sent, WriteError> {
        let mut new = self.message(room.key, sender, None);
        let attachments = ids.iter().copied().map(AttachmentId).collect();
        new.extras = Some(Box::new(NewExtras { attachments, ..NewExtras::default() }));
        self.one(new)
    }

    fn expire(&self, id: i64, unsent_before: Timestamp) -> usize {
        let ids = vec![AttachmentId(id)];
        self.one(ExpireUploads { ids, unsent_before }).expect("looked")
    }
}

#[test]
fn files_are_claimed_all_or_none_in_the_order_that_was_named() {
    let mut bench = Bench::new();
    let (ann, ben) = (bench.user("ann"), bench.user("ben"));
    let room = bench.room("r", &ann);
    for (id, user) in [(7, &ann), (3, &ann), (5, &ben)] {
        bench.begin(id, user, 1).expect("begun");
        bench.finish(id, user, 1, 1).expect("finished");
    }
    let refused = bench.attach(&room, &ann, &[7, 5]);
    assert_eq!(refused.err(), Some(WriteError::NoSuchAttachment), "one is another's");
    let sent = bench.attach(&room, &ann, &[7, 3]).expect("sent");
    let message = sent.rich.expect("it has files").message;
    let shown = message.extras.and_then(|extras| extras.attachments).expect("there");
    assert!(shown.find("\"7\"") < shown.find("\"3\""), "{shown}");
    assert_eq!(bench.attach(&room, &ann, &[3]).err(), Some(WriteError::NoSuchAttachment));
}

#[test]
fn an_upload_that_was_sent_meanwhile_does_not_expire() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    for id in [1, 2, 3] {
        bench.begin(id, &ann, 10).expect("begun");
    }
    bench.finish(1, &ann, 10, 10).expect("finished");
    bench.finish(2, &ann, 10, 10).expect("finished");
    assert!(bench.attach(&room, &ann, &[1]).is_ok());
    assert_eq!(bench.expire(1, LATER), 0, "a message has it");
    assert_eq!(bench.expire(2, AT), 0, "it is not old enough");
    assert_eq!(bench.expire(2, LATER), 1);
    assert_eq!(bench.expire(3, AT), 1, "it was never finished");
    assert_eq!(bench.attach(&room, &ann, &[2]).err(), Some(WriteError::NoSuchAttachment));
    assert_eq!(bench.finish(3, &ann, 10, 10).err(), Some(WriteError::NoSuchAttachment));
    // What nobody has asked to remove keeps its row.
    let all = vec![AttachmentId(1), AttachmentId(2), AttachmentId(3)];
    bench.one(ForgetFiles { ids: all }).expect("done");
    bench.begin(1, &ann, 10).expect_err("it is there");
    bench.begin(2, &ann, 10).expect("the row is gone");
}

#[test]
fn bytes_count_from_the_beginning_and_as_many_as_there_were() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let room = bench.room("r", &ann);
    bench.begin(1, &ann, 60).expect("begun");
    let full = bench.begin(2, &ann, 60).err();
    assert!(matches!(full, Some(WriteError::QuotaReached(_))), "{full:?}");
    bench.finish(1, &ann, 60, 40).expect("finished");
    bench.begin(2, &ann, 60).expect("there is room");
    let (id, uploader) = (AttachmentId(2), ann.key);
    bench.one(DropUpload { id, uploader, unused: 60 }).expect("done");
    bench.begin(3, &ann, 60).expect("there is room again");
    bench.finish(3, &ann, 60, 60).expect("finished");
    assert!(bench.attach(&room, &ann, &[1, 3]).is_ok());
    assert!(bench.begin(4, &ann, 1).is_err());
    bench.one(DeleteRoom { room: room.key }).expect("deleted");
    bench.one(Purge { room: room.key }).expect("purged");
    bench.begin(4, &ann, 100).expect("the files went with their room");
}
