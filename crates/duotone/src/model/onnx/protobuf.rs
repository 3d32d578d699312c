//! The part of the Protocol Buffers wire format that is needed to write ONNX files.

/// An encoded message, built field by field.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message(Vec<u8>);

const VARINT: u64 = 0;
const LENGTH_DELIMITED: u64 = 2;
const FIXED_32: u64 = 5;

impl Message {
    pub(crate) fn int(mut self, field: u64, value: i64) -> Self {
        self.varint((field << 3) | VARINT);
        // The format encodes int64 as 64-bit two's complement.
        self.varint(value.cast_unsigned());
        self
    }

    pub(crate) fn float(mut self, field: u64, value: f32) -> Self {
        self.varint((field << 3) | FIXED_32);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(crate) fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint((field << 3) | LENGTH_DELIMITED);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    pub(crate) fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    pub(crate) fn message(self, field: u64, message: &Self) -> Self {
        self.bytes(field, &message.0)
    }

    pub(crate) fn messages<'a>(
        self,
        field: u64,
        messages: impl IntoIterator<Item = &'a Self>,
    ) -> Self {
        messages.into_iter().fold(self, |all, one| all.message(field, one))
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::Message;

    /// The examples in the documentation of the format.
    #[test]
    fn matches_documented_examples() {
        let bytes = |message: Message| message.into_bytes();
        assert_eq!(bytes(Message::default().int(1, 150)), [0x08, 0x96, 0x01]);
        assert_eq!(bytes(Message::default().text(2, "testing")), *b"\x12\x07testing");
        let inner = Message::default().int(1, 150);
        assert_eq!(bytes(Message::default().message(3, &inner)), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        let minus_two = [&[0x08, 0xfe][..], &[0xff; 8], &[0x01]].concat();
        assert_eq!(bytes(Message::default().int(1, -2)), minus_two);
    }
}
