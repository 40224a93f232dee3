//! As much of CBOR (RFC 8949) as a manifest is written in; every length and number in its shortest form.

pub(super) enum Value {
    Unsigned(u64),
    /// `-1 - n` for this `n`.
    Negative(u64),
    Bytes(Vec<u8>),
    Text(String),
    List(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Tagged(u64, Box<Value>),
    Null,
}

impl Value {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// A map whose keys are words.
    pub(super) fn map<const COUNT: usize>(entries: [(&str, Self); COUNT]) -> Self {
        Self::Map(
            entries
                .into_iter()
                .map(|(key, value)| (Self::text(key), value))
                .collect(),
        )
    }

    pub(super) fn written(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Unsigned(number) => head(out, 0, *number),
            Self::Negative(number) => head(out, 1, *number),
            Self::Bytes(bytes) => {
                head(out, 2, bytes.len() as u64);
                out.extend_from_slice(bytes);
            }
            Self::Text(text) => {
                head(out, 3, text.len() as u64);
                out.extend_from_slice(text.as_bytes());
            }
            Self::List(values) => {
                head(out, 4, values.len() as u64);
                for value in values {
                    value.write(out);
                }
            }
            Self::Map(entries) => {
                head(out, 5, entries.len() as u64);
                for (key, value) in entries {
                    key.write(out);
                    value.write(out);
                }
            }
            Self::Tagged(tag, value) => {
                head(out, 6, *tag);
                value.write(out);
            }
            Self::Null => out.push(0xf6),
        }
    }
}

/// A major type and its number.
fn head(out: &mut Vec<u8>, major: u8, number: u64) {
    let major = major << 5;
    match number {
        0..24 => out.push(major | number as u8),
        24..0x100 => out.extend([major | 0x18, number as u8]),
        0x100..0x1_0000 => {
            out.push(major | 0x19);
            out.extend((number as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 0x1a);
            out.extend((number as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 0x1b);
            out.extend(number.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_the_standard_shows_them() {
        // RFC 8949, appendix A.
        for (value, bytes) in [
            (Value::Unsigned(23), vec![0x17]),
            (Value::Unsigned(24), vec![0x18, 0x18]),
            (Value::Unsigned(1000), vec![0x19, 0x03, 0xe8]),
            (Value::Unsigned(1_000_000), vec![0x1a, 0x00, 0x0f, 0x42, 0x40]),
            (Value::Negative(99), vec![0x38, 0x63]),
            (Value::text("IETF"), vec![0x64, 0x49, 0x45, 0x54, 0x46]),
            (Value::Bytes(vec![1, 2]), vec![0x42, 1, 2]),
            (
                Value::map([("a", Value::Unsigned(1)), ("b", Value::List(vec![Value::Null]))]),
                vec![0xa2, 0x61, 0x61, 0x01, 0x61, 0x62, 0x81, 0xf6],
            ),
            (Value::Tagged(18, Box::new(Value::List(vec![]))), vec![0xd2, 0x80]),
        ] {
            assert_eq!(value.written(), bytes);
        }
    }
}
