//! AAC: the decoder (Symphonia's lacks HE-AAC and more than two channels), and the packets of an
//! ADTS stream.

mod adts;
mod config;
mod decoder;

use std::io::{self, Read, Seek, SeekFrom};

pub(super) use adts::Adts;
pub(super) use decoder::Aac;

/// Returns the name of the unsupported kind of AAC stream in a file, if any.
pub(super) fn refused(file: &mut (impl Read + Seek)) -> io::Result<Option<&'static str>> {
    let mut first = Vec::new();
    file.rewind()?;
    file.take(4).read_to_end(&mut first)?;
    if first == b"ADIF" {
        return Ok(Some("ADIF"));
    }
    let Some(length) = loas_frame(&first) else { return Ok(None) };
    let mut next = Vec::new();
    file.seek(SeekFrom::Start(length))?;
    file.take(3).read_to_end(&mut next)?;
    Ok(loas_frame(&next).map(|_| "LATM"))
}

/// Returns the length of the LOAS frame that starts here.
fn loas_frame(bytes: &[u8]) -> Option<u64> {
    match *bytes {
        [0x56, second, third, ..] if second & 0xe0 == 0xe0 => {
            Some(3 + (u64::from(second & 0x1f) << 8 | u64::from(third)))
        }
        _ => None,
    }
}
