//! Matroska and WebM: elements in elements (RFC 8794, RFC 9559).

use bytes::Bytes;

use super::{
    Media,
    parts::{Parts, Source},
};
use parlor_domain::limits::MEDIA_BOXES;

const EBML: u64 = 0x1A45_DFA3;
const SEGMENT: u64 = 0x1853_8067;
const INFO: u64 = 0x1549_A966;
const TIMESTAMP_SCALE: u64 = 0x2A_D7B1;
const DURATION: u64 = 0x4489;
const TRACKS: u64 = 0x1654_AE6B;
const TRACK_ENTRY: u64 = 0xAE;
const TRACK_TYPE: u64 = 0x83;
const VIDEO: u64 = 0xE0;
const PIXEL_WIDTH: u64 = 0xB0;
const PIXEL_HEIGHT: u64 = 0xBA;
const DISPLAY_WIDTH: u64 = 0x54B0;
const DISPLAY_HEIGHT: u64 = 0x54BA;
const DISPLAY_UNIT: u64 = 0x54B2;
const CLUSTER: u64 = 0x1F43_B675;

/// Nanoseconds of a tick, where nothing is said (RFC 9559 section 5.1.2.9).
const TICK_NS: u64 = 1_000_000;

/// An element: what it is, and where its content begins and ends.
struct Element {
    id: u64,
    content: u64,
    end: u64,
}

/// Elements that are looked at, one after the other.
struct Elements<'a, S> {
    parts: &'a mut Parts<S>,
    left: usize,
}

impl<S: Source> Elements<'_, S> {
    /// The element that begins at a place and lies before an end; `None` for what is none.
    async fn at(&mut self, place: u64, end: u64) -> Option<Element> {
        self.left = self.left.checked_sub(1)?;
        let head = self.parts.some(place, 12).await?;
        let (id, id_bytes) = id(&head)?;
        let (size, size_bytes) = size(head.get(id_bytes..)?)?;
        let content = place.checked_add((id_bytes + size_bytes) as u64)?;
        // Of what is made as it plays, the size is not known: all that follows is in it.
        let own_end = size.map_or(Some(end), |size| content.checked_add(size))?;
        (content <= own_end && own_end <= end).then_some(Element { id, content, end: own_end })
    }

    /// The first element with an id between two places.
    async fn find(&mut self, id: u64, mut place: u64, end: u64) -> Option<Element> {
        while place < end {
            let found = self.at(place, end).await?;
            if found.id == id {
                return Some(found);
            }
            place = found.end;
        }
        None
    }

    async fn bytes_of(&mut self, of: &Element) -> Option<Bytes> {
        let length = usize::try_from(of.end - of.content).ok().filter(|length| *length <= 8)?;
        self.parts.exactly(of.content, length).await
    }

    async fn number_of(&mut self, of: &Element) -> Option<u64> {
        let bytes = self.bytes_of(of).await?;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

/// An id with its length, which its first byte says; it is a part of the id.
fn id(head: &[u8]) -> Option<(u64, usize)> {
    let bytes = head.first()?.leading_zeros() as usize + 1;
    let bytes = Some(bytes).filter(|bytes| *bytes <= 4)?;
    Some((head.get(..bytes)?.iter().fold(0, |id, byte| id << 8 | u64::from(*byte)), bytes))
}

/// A size with its length, which its first byte says; all ones mean that it is not known.
fn size(head: &[u8]) -> Option<(Option<u64>, usize)> {
    let bytes = head.first()?.leading_zeros() as usize + 1;
    let bytes = Some(bytes).filter(|bytes| *bytes <= 8)?;
    let all = head.get(..bytes)?.iter().fold(0, |size, byte| size << 8 | u64::from(*byte));
    let ones = (1 << (7 * bytes)) - 1;
    Some((Some(all & ones).filter(|size| *size != ones), bytes))
}

/// What a file says of its tracks.
#[derive(Default)]
struct Told {
    duration_ms: Option<i64>,
    /// Of films; those that are not known have no size.
    videos: Vec<Option<(i64, i64)>>,
    sounds: usize,
}

pub(super) async fn read<S: Source>(parts: &mut Parts<S>) -> Option<Media> {
    let size = parts.size();
    let mut elements = Elements { parts, left: MEDIA_BOXES };
    let header = elements.at(0, size).await.filter(|first| first.id == EBML)?;
    let segment = elements.find(SEGMENT, header.end, size).await?;
    let (mut told, mut place) = (Told::default(), segment.content);
    // What is broken further on takes nothing away from what was read.
    while place < segment.end {
        let Some(found) = elements.at(place, segment.end).await else { break };
        place = found.end;
        match found.id {
            INFO => told.duration_ms = duration(&mut elements, &found).await,
            TRACKS => {
                tracks(&mut elements, &found, &mut told).await;
            }
            // From here on it is sound and pictures.
            CLUSTER => break,
            _ => {}
        }
    }
    Some(Media {
        duration_ms: told.duration_ms,
        dimensions: told.videos.iter().copied().flatten().next(),
        is_sound: told.sounds > 0 && told.videos.is_empty(),
    })
}

/// A number of ticks with a fraction, and how long one is.
async fn duration<S: Source>(elements: &mut Elements<'_, S>, info: &Element) -> Option<i64> {
    let (mut tick_ns, mut ticks, mut place) = (TICK_NS, None, info.content);
    while place < info.end {
        let found = elements.at(place, info.end).await?;
        place = found.end;
        match found.id {
            TIMESTAMP_SCALE => tick_ns = elements.number_of(&found).await?,
            DURATION => ticks = float(&elements.bytes_of(&found).await?),
            _ => {}
        }
    }
    let ms = ticks? * tick_ns as f64 / 1_000_000.0;
    // What is no number, or too large for one, becomes one that is too long.
    Media::lasting(ms as u64, 1_000)
}

fn float(bytes: &[u8]) -> Option<f64> {
    match bytes.len() {
        4 => Some(f32::from_be_bytes(bytes.try_into().ok()?).into()),
        8 => Some(f64::from_be_bytes(bytes.try_into().ok()?)),
        _ => None,
    }
}

/// What kinds of tracks there are; those behind a broken one are not counted.
async fn tracks<S: Source>(
    elements: &mut Elements<'_, S>,
    of: &Element,
    told: &mut Told,
) -> Option<()> {
    let mut place = of.content;
    while place < of.end {
        let entry = elements.at(place, of.end).await?;
        place = entry.end;
        if entry.id != TRACK_ENTRY {
            continue;
        }
        let kind = elements.find(TRACK_TYPE, entry.content, entry.end).await?;
        match elements.number_of(&kind).await? {
            1 => {
                told.videos.push(None);
                let video = elements.find(VIDEO, entry.content, entry.end).await?;
                *told.videos.last_mut()? = shown(elements, &video).await;
            }
            2 => told.sounds += 1,
            _ => {}
        }
    }
    Some(())
}

/// The size that is shown, where it is told in pixels; that of the pictures otherwise.
async fn shown<S: Source>(elements: &mut Elements<'_, S>, video: &Element) -> Option<(i64, i64)> {
    let (mut pixels, mut display, mut unit) = ([0; 2], [0; 2], 0);
    let mut place = video.content;
    while place < video.end {
        let found = elements.at(place, video.end).await?;
        place = found.end;
        let field = match found.id {
            PIXEL_WIDTH => &mut pixels[0],
            PIXEL_HEIGHT => &mut pixels[1],
            DISPLAY_WIDTH => &mut display[0],
            DISPLAY_HEIGHT => &mut display[1],
            DISPLAY_UNIT => &mut unit,
            _ => continue,
        };
        *field = elements.number_of(&found).await?;
    }
    let sides = if unit == 0 && display[0] > 0 && display[1] > 0 { display } else { pixels };
    Media::shown(u32::try_from(sides[0]).ok()?, u32::try_from(sides[1]).ok()?)
}
