//! Unsigned LEB128, as protobuf and CAR use it.

/// Appends `value`.
pub(crate) fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Bytes that `value` takes.
pub(crate) fn length(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Takes a value off the front of `input`; `None` when it is cut short, longer than it need be, or beyond 64 bits.
pub(crate) fn take(input: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for (index, &byte) in input.iter().take(10).enumerate() {
        let bits = u64::from(byte & 0x7f);
        if index == 9 && bits > 1 {
            return None;
        }
        value |= bits << (7 * index);
        if byte < 0x80 {
            if byte == 0 && index > 0 {
                return None;
            }
            *input = &input[index + 1..];
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_round_trip_at_their_computed_length() {
        for value in [
            0,
            1,
            127,
            128,
            16_383,
            16_384,
            u64::from(u32::MAX),
            u64::MAX - 1,
            u64::MAX,
        ] {
            let mut bytes = Vec::new();
            put(&mut bytes, value);
            assert_eq!(bytes.len(), length(value), "length of {value}");
            let mut rest = bytes.as_slice();
            assert_eq!(
                (take(&mut rest), rest),
                (Some(value), &[][..]),
                "{value} must come back"
            );
        }
    }

    #[test]
    fn overlong_cut_and_oversized_forms_are_refused() {
        let hostile: [&[u8]; 4] = [&[], &[0x80], &[0x80, 0x00], &[0xff; 10]];
        for bytes in hostile {
            assert_eq!(take(&mut &*bytes), None, "{bytes:02x?} is no canonical varint");
        }
    }
}
