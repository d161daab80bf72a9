//! One number for all rows of a table.

use std::fmt;

use sha2::{Digest, Sha256};

use super::value::Row;

/// How many rows, and the sum of their SHA-256, modulo 2^256.
///
/// A sum, and not one hash over all: it does not depend on the order, which
/// is another one in the target where a NUL in a key was replaced; and it can
/// be kept between two batches, so that what was copied has a checksum
/// without being read again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksum {
    pub rows: i64,
    /// The lowest part first.
    sum: [u64; 4],
}

impl Checksum {
    /// Adds a row. `buffer` is where it is written to; what it holds before
    /// and after does not matter.
    pub(crate) fn add(&mut self, row: &Row, buffer: &mut Vec<u8>) {
        buffer.clear();
        row.write_to(buffer);
        let digest = Sha256::digest(&buffer);
        let mut carry = false;
        for (part, bytes) in self.sum.iter_mut().zip(digest.chunks_exact(8).rev()) {
            let number = bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
            let (with_number, over) = part.overflowing_add(number);
            let (with_carry, over_again) = with_number.overflowing_add(u64::from(carry));
            *part = with_carry;
            carry = over || over_again;
        }
        self.rows += 1;
    }

    /// Of `rows` rows, with the sum as [`Display`](fmt::Display) shows it.
    pub(crate) fn stored(rows: i64, sum: &str) -> Option<Self> {
        let one = |part: usize| {
            let digits = sum.get(part * 16..part * 16 + 16)?;
            u64::from_str_radix(digits, 16).ok()
        };
        (sum.len() == 64).then_some(())?;
        Some(Self { rows, sum: [one(3)?, one(2)?, one(1)?, one(0)?] })
    }
}

/// The sum alone, in hexadecimal digits.
impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sum.iter().rev().try_for_each(|part| write!(f, "{part:016x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::copy::value::Value;

    fn of(numbers: &[i64]) -> Checksum {
        let mut checksum = Checksum::default();
        let mut buffer = vec![1, 2, 3];
        for number in numbers {
            checksum.add(&Row(vec![Value::Int(*number)]), &mut buffer);
        }
        checksum
    }

    #[test]
    fn it_is_the_same_in_any_order_and_another_for_other_rows() {
        assert_eq!(of(&[1, 2, 3]), of(&[3, 1, 2]));
        for other in [&[1, 2][..], &[1, 2, 4], &[1, 2, 3, 3], &[]] {
            assert_ne!(of(&[1, 2, 3]), of(other), "{other:?}");
        }
    }

    #[test]
    fn it_goes_on_from_where_it_was_stored() {
        let many: Vec<i64> = (0..100).collect();
        let first = of(&many[..40]);
        let mut checksum = Checksum::stored(first.rows, &first.to_string()).expect("good");
        for number in &many[40..] {
            checksum.add(&Row(vec![Value::Int(*number)]), &mut Vec::new());
        }
        assert_eq!(checksum, of(&many));
        for broken in ["", "12", &"x".repeat(64), &"é".repeat(32)] {
            assert_eq!(Checksum::stored(1, broken), None, "{broken}");
        }
    }

    #[test]
    fn one_row_has_the_sha_256_of_what_is_written() {
        let mut bytes = Vec::new();
        Row(vec![Value::Int(7)]).write_to(&mut bytes);
        let hex: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(of(&[7]).to_string(), hex);
    }
}
