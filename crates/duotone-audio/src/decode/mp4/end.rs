use super::boxes::Boxes;
use crate::error::Error;

/// How a file ends.
pub(super) struct End {
    /// Bytes of the file, or more where its last sound states more.
    pub(super) stated_length: u64,
    /// Its fragments break off.
    pub(super) cut: bool,
}

impl End {
    pub(super) fn find(boxes: &mut Boxes<'_>, fragmented: bool) -> Result<Self, Error> {
        let length = boxes.length();
        let (mut at, mut last) = (0, None);
        while let Some(atom) = boxes.at(at, u64::MAX)? {
            at = atom.content.end;
            last = Some(atom);
        }
        let mut end = Self { stated_length: length, cut: false };
        let Some(last) = last else { return Ok(end) };
        if matches!(&last.kind, b"mdat" | b"moof") {
            // Offsets are signed in places.
            end.stated_length = length.max(last.stated_end.min(1 << 62));
        }
        end.cut = fragmented
            && match &last.kind {
                // Sound always follows.
                b"moof" | b"sidx" | b"styp" => true,
                // A part of a header follows, or less sound is there than was stated.
                b"mdat" => at < length || last.stated_end > length,
                _ => false,
            };
        Ok(end)
    }
}
