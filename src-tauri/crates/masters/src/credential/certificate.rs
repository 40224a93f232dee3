//! As much of an X.509 certificate (RFC 5280) as must hold before anything is signed with it.

use salon_domain::Timestamp;

use super::CredentialError;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERAL_TIME: u8 = 0x18;
/// Fields of a certificate that have a number of their own.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

/// 2.5.29.15, 2.5.29.35 and 2.5.29.37.
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const AUTHORITY_KEY: &[u8] = &[0x55, 0x1d, 0x23];
const EXTENDED_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// `emailProtection` (1.3.6.1.5.5.7.3.4), `documentSigning` (…3.36) and C2PA's claim signing (1.3.6.1.4.1.62558.2.1).
const PURPOSES: [&[u8]; 3] = [
    &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x04],
    &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x24],
    &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xe8, 0x5e, 0x02, 0x01],
];

pub(super) struct Certificate<'a> {
    issuer: &'a [u8],
    subject: &'a [u8],
    /// First and last second, in milliseconds since 1970.
    valid: (i64, i64),
    /// The key's bits.
    pub(super) public_key: &'a [u8],
    signs: bool,
    names_authority: bool,
    for_documents: bool,
}

/// What is left of a DER value (X.690).
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next value's tag and content.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], mut rest) = self.0.split_first_chunk::<2>()?;
        let mut length = usize::from(first);
        if first & 0x80 != 0 {
            let (bytes, following) = rest.split_at_checked(usize::from(first & 0x7f))?;
            if bytes.len() > 4 {
                return None;
            }
            length = bytes
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte));
            rest = following;
        }
        let (content, following) = rest.split_at_checked(length)?;
        self.0 = following;
        Some((tag, content))
    }

    /// The next value's content, which must be of this kind.
    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next()
            .filter(|(found, _)| *found == tag)
            .map(|(_, content)| content)
    }

    /// The same, where it may be missing.
    fn maybe(&mut self, tag: u8) -> Option<&'a [u8]> {
        (self.0.first() == Some(&tag)).then(|| self.expect(tag))?
    }
}

impl<'a> Certificate<'a> {
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut signed = Der(Der(der).expect(SEQUENCE)?);
        let mut fields = Der(signed.expect(SEQUENCE)?);
        fields.maybe(VERSION);
        fields.expect(INTEGER)?;
        fields.expect(SEQUENCE)?;
        let issuer = fields.expect(SEQUENCE)?;
        let mut times = Der(fields.expect(SEQUENCE)?);
        let valid = (time(times.next()?)?, time(times.next()?)?);
        let subject = fields.expect(SEQUENCE)?;
        let mut key = Der(fields.expect(SEQUENCE)?);
        key.expect(SEQUENCE)?;
        // Its first byte says how many bits of the last are unused: none.
        let public_key = key.expect(BIT_STRING)?.strip_prefix(&[0])?;
        let mut certificate = Self {
            issuer,
            subject,
            valid,
            public_key,
            signs: false,
            names_authority: false,
            for_documents: false,
        };
        while let Some((tag, content)) = fields.next() {
            if tag == EXTENSIONS {
                let mut extensions = Der(Der(content).expect(SEQUENCE)?);
                while let Some(extension) = extensions.maybe(SEQUENCE) {
                    certificate.take(Der(extension))?;
                }
            }
        }
        Some(certificate)
    }

    fn take(&mut self, mut extension: Der<'a>) -> Option<()> {
        let identifier = extension.expect(IDENTIFIER)?;
        // Whether it is critical may come between.
        let mut next = extension.next()?;
        if next.0 != OCTET_STRING {
            next = extension.next()?;
        }
        let mut value = Der(next.1);
        match identifier {
            AUTHORITY_KEY => self.names_authority = true,
            KEY_USAGE => {
                // The first bit is digitalSignature.
                self.signs = value.expect(BIT_STRING)?.get(1)? & 0x80 != 0;
            }
            EXTENDED_USAGE => {
                let mut purposes = Der(value.expect(SEQUENCE)?);
                while let Some(purpose) = purposes.maybe(IDENTIFIER) {
                    self.for_documents |= PURPOSES.contains(&purpose);
                }
            }
            _ => {}
        }
        Some(())
    }

    pub(super) fn check(&self, now: Timestamp) -> Result<(), CredentialError> {
        let (from, until) = self.valid;
        if now.0 < from || now.0 > until {
            let when = if now.0 < from {
                format!("from {} on", day(from))
            } else {
                format!("until {}", day(until))
            };
            return Err(CredentialError::Time { when });
        }
        if self.issuer == self.subject {
            return Err(CredentialError::Itself);
        }
        if !(self.signs && self.names_authority && self.for_documents) {
            return Err(CredentialError::Purpose);
        }
        Ok(())
    }
}

/// A time, in milliseconds since 1970.
fn time((tag, text): (u8, &[u8])) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i64 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERAL_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let part = |at: usize| rest.get(at..at + 2)?.parse::<i64>().ok();
    let days = days_since_1970(year, part(0)?, part(2)?);
    let seconds = ((days * 24 + part(4)?) * 60 + part(6)?) * 60 + part(8)?;
    Some(seconds * 1000)
}

/// Days of the Gregorian calendar, counted in years that begin in March.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// "2026-11-23" of milliseconds since 1970.
fn day(at: i64) -> String {
    let days = at.div_euclid(86_400_000) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let years = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * years + years / 4 - years / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!("{:04}-{month:02}-{day:02}", years + era * 400 + next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_told() {
        for (tag, text, expected) in [
            (UTC_TIME, "700101000000Z", "1970-01-01"),
            (UTC_TIME, "491231235959Z", "2049-12-31"),
            (GENERAL_TIME, "20240229120000Z", "2024-02-29"),
            (GENERAL_TIME, "21000301000000Z", "2100-03-01"),
        ] {
            assert_eq!(day(time((tag, text.as_bytes())).unwrap()), expected, "{text}");
        }
        assert_eq!(time((UTC_TIME, b"700102000001Z")), Some(86_401_000));
        assert_eq!(time((UTC_TIME, b"7001")), None);
    }
}
