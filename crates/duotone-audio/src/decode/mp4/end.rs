use super::boxes::Boxes;
use crate::error::Error;

/// How a file ends.
pub(super) struct End {
    /// Length of the file in bytes, or more if its last box claims more.
    pub(super) stated_length: u64,
    /// Whether its fragments are truncated.
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
            // Some offsets are signed.
            end.stated_length = length.max(last.stated_end.min(1 << 62));
        }
        end.cut = fragmented
            && match &last.kind {
                // Audio data must follow.
                b"moof" | b"sidx" | b"styp" => true,
                // A partial header follows, or the audio data is shorter than stated.
                b"mdat" => at < length || last.stated_end > length,
                _ => false,
            };
        Ok(end)
    }
}
