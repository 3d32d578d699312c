//! The part of the Protocol Buffers wire format that is needed to read a checkpoint's entries.

use super::reader::Reader;

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A number of variable length.
    Int(u64),
    /// A string or another message.
    Bytes(&'a [u8]),
    /// A number of four bytes.
    Fixed32(u32),
    /// A number of eight bytes, which no entry needs.
    Fixed64,
}

/// The number and value of a message's next field; `None` at its end.
pub(super) fn next_field<'a>(message: &mut Reader<'a>) -> Result<Option<(u64, Value<'a>)>, String> {
    if message.is_empty() {
        return Ok(None);
    }
    let tag = message.varint()?;
    let value = match tag & 7 {
        0 => Value::Int(message.varint()?),
        1 => {
            message.bytes(8)?;
            Value::Fixed64
        }
        2 => {
            let length = message.varint()?;
            Value::Bytes(message.bytes(length)?)
        }
        5 => Value::Fixed32(message.fixed_32()?),
        kind => return Err(format!("it contains a field of the unknown kind {kind}")),
    };
    Ok(Some((tag >> 3, value)))
}

#[cfg(test)]
mod tests {
    use super::{Reader, Value, next_field};

    #[test]
    fn reads_fields_of_every_kind() {
        let bytes = [8, 3, 0x12, 2, 7, 8, 0x1d, 1, 0, 0, 0, 0x21, 0, 0, 0, 0, 0, 0, 0, 0];
        let mut message = Reader(&bytes);
        let expected = [
            (1, Value::Int(3)),
            (2, Value::Bytes(&[7, 8])),
            (3, Value::Fixed32(1)),
            (4, Value::Fixed64),
        ];
        for field in expected {
            assert_eq!(next_field(&mut message), Ok(Some(field)));
        }
        assert_eq!(next_field(&mut message), Ok(None));
    }

    #[test]
    fn refuses_unknown_kinds_and_lying_lengths() {
        for bytes in [&[0x0b][..], &[0x0a, 5, 1], &[0x0d, 1], &[0x09, 1]] {
            assert!(next_field(&mut Reader(bytes)).is_err(), "{bytes:?}");
        }
    }
}
