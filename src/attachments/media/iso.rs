//! MP4, M4A and QuickTime: boxes in boxes (ISO/IEC 14496-12).

use bytes::Bytes;

use super::{
    Media,
    parts::{Parts, Source, number},
};
use parlor_domain::limits::MEDIA_BOXES;

/// A box: what it is, and where its content begins and ends.
struct IsoBox {
    kind: [u8; 4],
    content: u64,
    end: u64,
}

/// Boxes that are looked at, one after the other.
struct Boxes<'a, S> {
    parts: &'a mut Parts<S>,
    left: usize,
}

impl<S: Source> Boxes<'_, S> {
    /// The box that begins at a place and lies before an end; `None` for what is none.
    async fn at(&mut self, place: u64, end: u64) -> Option<IsoBox> {
        self.left = self.left.checked_sub(1)?;
        let head = self.parts.some(place, 16).await?;
        let kind = head.get(4..8)?.try_into().ok()?;
        let (size, skipped) = match number::<4>(&head, 0)? {
            // To the end of what it is in.
            0 => (end.checked_sub(place)?, 8),
            1 => (number::<8>(&head, 8)?, 16),
            size => (size, 8),
        };
        let own_end = place.checked_add(size)?;
        (size >= skipped && own_end <= end).then(|| IsoBox {
            kind,
            content: place + skipped,
            end: own_end,
        })
    }

    /// The first box of a kind between two places.
    async fn find(&mut self, kind: &[u8; 4], mut place: u64, end: u64) -> Option<IsoBox> {
        while place < end {
            let found = self.at(place, end).await?;
            if found.kind == *kind {
                return Some(found);
            }
            place = found.end;
        }
        None
    }

    /// The first bytes of a box, or all that it has.
    async fn start_of(&mut self, of: &IsoBox, most: usize) -> Option<Bytes> {
        let length = usize::try_from(of.end - of.content).map_or(most, |all| all.min(most));
        self.parts.some(of.content, length).await
    }
}

/// What a movie says of its tracks.
#[derive(Default)]
struct Movie {
    ticks_a_second: u64,
    /// Of all of it; `None` if it is told elsewhere.
    ticks: Option<u64>,
    /// Of films; those that are not known have no size.
    videos: Vec<Option<(i64, i64)>>,
    sounds: usize,
}

pub(super) async fn read<S: Source>(parts: &mut Parts<S>) -> Option<Media> {
    let size = parts.size();
    let mut boxes = Boxes { parts, left: MEDIA_BOXES };
    let movie = boxes.find(b"moov", 0, size).await?;
    let mut said = Movie::default();
    let mut place = movie.content;
    // What is broken further on takes nothing away from what was read.
    while place < movie.end {
        let Some(found) = boxes.at(place, movie.end).await else { break };
        place = found.end;
        match &found.kind {
            b"mvhd" => {
                let head = boxes.start_of(&found, 32).await;
                if let Some((ticks_a_second, ticks)) = head.as_deref().and_then(length) {
                    (said.ticks_a_second, said.ticks) = (ticks_a_second, said.ticks.or(ticks));
                }
            }
            b"mvex" => said.ticks = fragments(&mut boxes, &found).await.or(said.ticks),
            b"trak" => {
                track(&mut boxes, &found, &mut said).await;
            }
            _ => {}
        }
    }
    Some(Media {
        duration_ms: said.ticks.and_then(|ticks| Media::lasting(ticks, said.ticks_a_second)),
        dimensions: said.videos.iter().copied().flatten().next(),
        is_sound: said.sounds > 0 && said.videos.is_empty(),
    })
}

/// Ticks in a second, and the number of them, of a movie header (section 8.2.2). Where
/// that is not known it is all ones, or 0 in a movie that is made as it plays.
fn length(head: &[u8]) -> Option<(u64, Option<u64>)> {
    let (ticks_a_second, ticks, unknown) = match head.first()? {
        0 => (number::<4>(head, 12)?, number::<4>(head, 16)?, u64::from(u32::MAX)),
        _ => (number::<4>(head, 20)?, number::<8>(head, 24)?, u64::MAX),
    };
    Some((ticks_a_second, Some(ticks).filter(|ticks| *ticks != 0 && *ticks != unknown)))
}

/// How many ticks all fragments have together (section 8.8.2).
async fn fragments<S: Source>(boxes: &mut Boxes<'_, S>, of: &IsoBox) -> Option<u64> {
    let header = boxes.find(b"mehd", of.content, of.end).await?;
    let head = boxes.start_of(&header, 12).await?;
    match head.first()? {
        0 => number::<4>(&head, 4),
        _ => number::<8>(&head, 4),
    }
    .filter(|ticks| *ticks > 0)
}

/// One track: of sound, of film, or of something else. `None` where it is broken.
async fn track<S: Source>(boxes: &mut Boxes<'_, S>, of: &IsoBox, said: &mut Movie) -> Option<()> {
    let media = boxes.find(b"mdia", of.content, of.end).await?;
    let handler = boxes.find(b"hdlr", media.content, media.end).await?;
    let handler = boxes.start_of(&handler, 12).await?;
    match handler.get(8..12)? {
        b"soun" => said.sounds += 1,
        b"vide" => {
            said.videos.push(None);
            let header = boxes.find(b"tkhd", of.content, of.end).await?;
            let head = boxes.start_of(&header, 96).await?;
            *said.videos.last_mut()? = shown(&head);
        }
        _ => {}
    }
    Some(())
}

/// The size of a track, turned as it is shown (section 8.3.2): a phone that is held upright
/// films lying, and says so.
fn shown(head: &[u8]) -> Option<(i64, i64)> {
    let matrix = if *head.first()? == 0 { 40 } else { 52 };
    let of_matrix = |place: usize| number::<4>(head, matrix + 4 * place);
    let is_turned = (of_matrix(0)?, of_matrix(4)?) == (0, 0) && of_matrix(1)? != 0;
    // Numbers of 32 bits with 16 behind the point.
    let side = |place: usize| u32::try_from(number::<4>(head, matrix + 36 + place)? >> 16).ok();
    let (width, height) = (side(0)?, side(4)?);
    if is_turned { Media::shown(height, width) } else { Media::shown(width, height) }
}
