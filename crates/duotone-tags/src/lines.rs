//! Reading files of lines that anybody may have written.

use std::io::BufRead;

use crate::error::TagError;

/// Reads the next line into `line`, with its end if it has one. Returns false at the end of the file.
///
/// # Errors
/// [`TagError::Line`] if the line is longer than `most` bytes.
pub(crate) fn next(
    input: &mut impl BufRead,
    line: &mut Vec<u8>,
    most: usize,
) -> Result<bool, TagError> {
    line.clear();
    let mut part = std::io::Read::take(&mut *input, most as u64 + 1);
    part.read_until(b'\n', line).map_err(TagError::io("reading"))?;
    if line.len() > most {
        return Err(TagError::Line(format!("a line is longer than {most} bytes")));
    }
    Ok(!line.is_empty())
}
