//! A file's lines, however long they are and however many.

use std::io::{self, BufRead, Read};

use parlor_domain::limits::IMPORT_LINE_BYTES;

/// Reads lines one by one, and holds none that is too long.
pub(super) struct Lines<R> {
    from: R,
    /// Of the last line that was read.
    pub number: u64,
    /// That were read so far.
    pub bytes: u64,
}

/// A line, or what is wrong with it.
pub(super) type Text = Result<String, &'static str>;

impl<R: BufRead> Lines<R> {
    pub fn new(from: R) -> Self {
        Self { from, number: 0, bytes: 0 }
    }

    /// The next line that is not empty; `None` at the end.
    pub fn next(&mut self) -> io::Result<Option<Text>> {
        loop {
            let Some(text) = self.next_of_any()? else { return Ok(None) };
            if text.as_ref().map_or(true, |text| !text.trim().is_empty()) {
                return Ok(Some(text));
            }
        }
    }

    fn next_of_any(&mut self) -> io::Result<Option<Text>> {
        let mut line = Vec::new();
        let most = IMPORT_LINE_BYTES as u64 + 1;
        let read = (&mut self.from).take(most).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.bytes += read as u64;
        if line.pop_if(|last| *last == b'\n').is_none() && line.len() > IMPORT_LINE_BYTES {
            self.skip()?;
            return Ok(Some(Err("is longer than a line may be (1 MiB)")));
        }
        Ok(Some(String::from_utf8(line).map_err(|_| "is not UTF-8")))
    }

    /// Goes on behind the line's end.
    fn skip(&mut self) -> io::Result<()> {
        loop {
            let some = self.from.fill_buf()?;
            let end = some.iter().position(|byte| *byte == b'\n');
            let (length, is_end) = (end.map_or(some.len(), |end| end + 1), end.is_some());
            let is_end = is_end || some.is_empty();
            self.from.consume(length);
            self.bytes += length as u64;
            if is_end {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<(u64, Text)> {
        let mut lines = Lines::new(io::BufReader::with_capacity(7, bytes));
        let mut all = Vec::new();
        while let Some(text) = lines.next().expect("memory can be read") {
            all.push((lines.number, text));
        }
        assert_eq!(lines.bytes, bytes.len() as u64);
        all
    }

    #[test]
    fn lines_are_numbered_and_empty_ones_are_none() {
        let good = |text: &str| Ok(text.to_owned());
        assert_eq!(read(b"a\n\n \r\nb"), [(1, good("a")), (4, good("b"))]);
        assert_eq!(read(b""), []);
    }

    #[test]
    fn a_line_that_is_too_long_or_no_text_is_told_and_the_next_is_read() {
        let mut bytes = vec![b'x'; 3 * IMPORT_LINE_BYTES];
        bytes.extend(b"\nnext\n\xff\nlast");
        let all = read(&bytes);
        assert!(all[0].1.as_ref().is_err_and(|what| what.contains("longer")), "{:?}", all[0].1);
        assert_eq!(all[1], (2, Ok("next".to_owned())));
        assert_eq!(all[2], (3, Err("is not UTF-8")));
        assert_eq!(all[3], (4, Ok("last".to_owned())));
        let most = vec![b'x'; IMPORT_LINE_BYTES];
        assert!(read(&most)[0].1.is_ok());
        assert!(read(&[&most[..], b"\n"].concat())[0].1.is_ok());
        assert!(read(&[&most[..], b"x\n"].concat())[0].1.is_err());
    }
}
