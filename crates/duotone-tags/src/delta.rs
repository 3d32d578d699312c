//! How to make the old version of a file from the new one: a list of ranges to copy, and of bytes that
//! the new version does not have. Audio is never among them, however far it has moved.

use std::collections::HashMap;

use crate::error::TagError;

/// Length of the pieces that are searched for.
const BLOCK: usize = 32;
/// Any odd number makes a hash whose first byte can be removed.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

const DAMAGED: TagError = TagError::Damaged("the journal does not say how the file was");

/// Describes the old version in terms of the new one.
pub(crate) fn diff(old: &[u8], new: &[u8]) -> Vec<u8> {
    let same = |(a, b): &(&u8, &u8)| a == b;
    let start = old.iter().zip(new).take_while(same).count();
    let most = old.len().min(new.len()) - start;
    let end = old.iter().rev().zip(new.iter().rev()).take(most).take_while(same).count();
    let mut delta = Delta::default();
    delta.copy(0, start);
    middle(&mut delta, &old[..old.len() - end], &new[..new.len() - end], start);
    delta.copy(new.len() - end, end);
    delta.finish()
}

/// Describes what follows a common start.
fn middle(delta: &mut Delta, old: &[u8], new: &[u8], start: usize) {
    let mut blocks: HashMap<u64, usize> = HashMap::new();
    for at in (start..new.len().saturating_sub(BLOCK - 1)).step_by(BLOCK) {
        blocks.entry(hash(&new[at..at + BLOCK])).or_insert(at);
    }
    let leaving = (0..BLOCK).fold(1_u64, |product, _| product.wrapping_mul(FACTOR));
    let mut literal = start;
    let mut at = start;
    let mut sum = old.get(at..at + BLOCK).map(hash);
    while let Some(current) = sum {
        let found = blocks.get(&current).copied();
        let found = found.filter(|&from| new[from..from + BLOCK] == old[at..at + BLOCK]);
        let Some(mut from) = found else {
            sum = old.get(at + BLOCK).map(|&byte| {
                let kept = current.wrapping_mul(FACTOR).wrapping_add(u64::from(byte) + 1);
                kept.wrapping_sub((u64::from(old[at]) + 1).wrapping_mul(leaving))
            });
            at += 1;
            continue;
        };
        while at > literal && from > 0 && old[at - 1] == new[from - 1] {
            at -= 1;
            from -= 1;
        }
        delta.literal(&old[literal..at]);
        let length = old[at..].iter().zip(&new[from..]).take_while(|(a, b)| a == b).count();
        delta.copy(from, length);
        at += length;
        literal = at;
        sum = old.get(at..at + BLOCK).map(hash);
    }
    delta.literal(&old[literal..]);
}

fn hash(block: &[u8]) -> u64 {
    block
        .iter()
        .fold(0, |sum: u64, &byte| sum.wrapping_mul(FACTOR).wrapping_add(u64::from(byte) + 1))
}

#[derive(Default)]
struct Delta(Vec<u8>);

impl Delta {
    fn copy(&mut self, from: usize, length: usize) {
        if length > 0 {
            self.number(length << 1 | 1);
            self.number(from);
        }
    }

    fn literal(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.number(bytes.len() << 1);
            self.0.extend_from_slice(bytes);
        }
    }

    /// Writes a number, seven bits per byte.
    fn number(&mut self, mut number: usize) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Makes the old version, which has a known length, from the new one.
pub(crate) fn patch(delta: &[u8], new: &[u8], length: usize) -> Result<Vec<u8>, TagError> {
    let mut old = Vec::new();
    let mut rest = delta;
    while !rest.is_empty() {
        let piece = number(&mut rest)?;
        let size = piece >> 1;
        if size > length - old.len() {
            return Err(DAMAGED);
        }
        let bytes = match piece & 1 {
            1 => {
                let from = number(&mut rest)?;
                let end = from.checked_add(size).ok_or(DAMAGED)?;
                new.get(from..end).ok_or(DAMAGED)?
            }
            _ => rest.split_off(..size).ok_or(DAMAGED)?,
        };
        old.extend_from_slice(bytes);
    }
    if old.len() == length { Ok(old) } else { Err(DAMAGED) }
}

fn number(rest: &mut &[u8]) -> Result<usize, TagError> {
    let mut number = 0_usize;
    for shift in (0..usize::BITS - 7).step_by(7) {
        let &byte = rest.split_off_first().ok_or(DAMAGED)?;
        number |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(DAMAGED)
}

#[cfg(test)]
mod tests {
    use super::{diff, patch};

    /// Bytes that do not repeat.
    fn noise(length: usize, mut state: u64) -> Vec<u8> {
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn the_old_version_comes_back() {
        let audio = noise(100_000, 1);
        let (tag, new_tag) = (noise(300, 2), noise(2_000, 3));
        let mut pages = audio.clone();
        for at in (0..pages.len()).step_by(4_000) {
            pages[at] ^= 0xff;
        }
        for (old, new) in [
            (audio.clone(), audio.clone()),
            ([tag.clone(), audio.clone()].concat(), [new_tag.clone(), audio.clone()].concat()),
            ([audio.clone(), tag.clone()].concat(), audio.clone()),
            (audio.clone(), [new_tag.clone(), pages.clone(), tag.clone()].concat()),
            ([tag.clone(), pages.clone()].concat(), [new_tag, audio.clone()].concat()),
            (Vec::new(), audio.clone()),
            (tag.clone(), Vec::new()),
        ] {
            let delta = diff(&old, &new);
            assert_eq!(patch(&delta, &new, old.len()).unwrap(), old);
            assert!(delta.len() < 2_000, "{} bytes", delta.len());
            assert!(patch(&delta, &new, old.len() + 1).is_err());
        }
    }

    #[test]
    fn wrong_deltas_are_errors() {
        let new = noise(1_000, 1);
        for seed in 0..2_000 {
            // Any outcome but a panic or a wrong length.
            if let Ok(old) = patch(&noise(40, seed), &new, 500) {
                assert_eq!(old.len(), 500);
            }
        }
        assert!(patch(&[0x80; 40], &new, 500).is_err());
        assert!(patch(&[0xff; 40], &new, 500).is_err());
    }
}
