//! One data item: its tags, what of it is signed, and the bytes before its data.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256, Sha384};

use super::key::Kind;
use crate::unixfs::varint;

/// What deep hashes are made of: SHA-384.
pub(crate) type Hash = [u8; 48];

/// Most bytes of an item's tags, as bundlers take them.
pub(crate) const MOST_TAG_BYTES: usize = 4096;

/// An id as Arweave has them: 32 bytes, told in base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(pub(crate) [u8; 32]);

impl Id {
    /// The SHA-256 of something: an item's id is that of its signature, a wallet's address that of its public key.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads an id's text.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// Names and values, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tags {
    pub(crate) count: u64,
    /// In Avro: an array of records of two texts.
    pub(crate) bytes: Vec<u8>,
}

impl Tags {
    /// At least one.
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        let mut bytes = Vec::new();
        // Avro's numbers are zigzag-coded: one that is not negative is doubled.
        varint::put(&mut bytes, 2 * pairs.len() as u64);
        for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
            varint::put(&mut bytes, 2 * text.len() as u64);
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes.push(0);
        Self {
            count: pairs.len() as u64,
            bytes,
        }
    }

    /// The value of a tag; `None` where there is none, or where the tags cannot be read.
    pub(crate) fn value(&self, wanted: &str) -> Option<String> {
        let pairs = read_pairs(&self.bytes)?;
        let found = pairs.into_iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value)
    }

    /// Whether they are as many texts as they say.
    pub(crate) fn sound(&self) -> bool {
        let counted = if self.bytes.is_empty() {
            Some(0)
        } else {
            read_pairs(&self.bytes).map(|pairs| pairs.len() as u64)
        };
        counted == Some(self.count) && self.bytes.len() <= MOST_TAG_BYTES
    }
}

fn read_pairs(mut bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    loop {
        match varint::take(&mut bytes)? {
            0 => return bytes.is_empty().then_some(pairs),
            // A negative count, with the block's length: nobody writes items so.
            odd if odd % 2 == 1 => return None,
            count => {
                for _ in 0..count / 2 {
                    pairs.push((take_text(&mut bytes)?, take_text(&mut bytes)?));
                }
            }
        }
    }
}

fn take_text(bytes: &mut &[u8]) -> Option<String> {
    let length = varint::take(bytes)?;
    let (text, rest) = bytes.split_at_checked(usize::try_from(length / 2).ok()?)?;
    *bytes = rest;
    let text = String::from_utf8(text.to_vec()).ok()?;
    (length % 2 == 0).then_some(text)
}

/// What of an item is signed.
pub(crate) struct Signed<'a> {
    pub(crate) kind: Kind,
    pub(crate) owner: &'a [u8],
    pub(crate) target: &'a [u8],
    pub(crate) anchor: &'a [u8],
    pub(crate) tags: &'a [u8],
    /// Length and SHA-384 of the data.
    pub(crate) data: (u64, Hash),
}

impl Signed<'_> {
    /// The deep hash of all of it.
    pub(crate) fn message(&self) -> Hash {
        let kind = self.kind.number().to_string();
        let (length, data) = self.data;
        let parts = [
            blob(b"dataitem"),
            blob(b"1"),
            blob(kind.as_bytes()),
            blob(self.owner),
            blob(self.target),
            blob(self.anchor),
            blob(self.tags),
            tagged(length, &data),
        ];
        let list: Hash = Sha384::digest(format!("list{}", parts.len())).into();
        parts.iter().fold(list, |all, part| {
            Sha384::new()
                .chain_update(all)
                .chain_update(part)
                .finalize()
                .into()
        })
    }
}

fn blob(bytes: &[u8]) -> Hash {
    tagged(bytes.len() as u64, &Sha384::digest(bytes).into())
}

fn tagged(length: u64, content: &Hash) -> Hash {
    Sha384::new()
        .chain_update(Sha384::digest(format!("blob{length}")))
        .chain_update(content)
        .finalize()
        .into()
}

/// What stands before an item's data.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    pub(crate) signature: Vec<u8>,
    pub(crate) owner: Vec<u8>,
    /// Whom it is sent to, and what makes it another: empty, or 32 bytes. Salon uses neither.
    pub(crate) target: Vec<u8>,
    pub(crate) anchor: Vec<u8>,
    pub(crate) tags: Tags,
}

impl Head {
    pub(crate) fn id(&self) -> Id {
        Id::of(&self.signature)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = self.kind.number().to_le_bytes().to_vec();
        out.extend_from_slice(&self.signature);
        out.extend_from_slice(&self.owner);
        for one in [&self.target, &self.anchor] {
            out.push(u8::from(!one.is_empty()));
            out.extend_from_slice(one);
        }
        out.extend_from_slice(&self.tags.count.to_le_bytes());
        out.extend_from_slice(&(self.tags.bytes.len() as u64).to_le_bytes());
        out.extend_from_slice(&self.tags.bytes);
        out
    }

    /// Longest head that is read.
    pub(crate) const LONGEST: usize = 2 + 512 + 512 + 33 + 33 + 16 + MOST_TAG_BYTES;

    /// Reads a head and gives its length; `None` where there is none, or one of a kind that Salon does not know.
    pub(crate) fn decode(bytes: &[u8]) -> Option<(Self, u64)> {
        let mut rest = bytes;
        let mut take = |count: usize| {
            let (found, left) = rest.split_at_checked(count)?;
            rest = left;
            Some(found.to_vec())
        };
        let kind = Kind::of(u16::from_le_bytes(take(2)?.try_into().ok()?))?;
        let (signature, owner) = (take(kind.signature_bytes())?, take(kind.owner_bytes())?);
        let mut optional = || match take(1)?[0] {
            0 => Some(Vec::new()),
            1 => take(32),
            _ => None,
        };
        let (target, anchor) = (optional()?, optional()?);
        let mut number = || Some(u64::from_le_bytes(take(8)?.try_into().ok()?));
        let (count, length) = (number()?, number()?);
        let length = usize::try_from(length)
            .ok()
            .filter(|length| *length <= MOST_TAG_BYTES)?;
        let tags = Tags {
            count,
            bytes: take(length)?,
        };
        let head = Self {
            kind,
            signature,
            owner,
            target,
            anchor,
            tags,
        };
        Some((head, (bytes.len() - rest.len()) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_heads_come_back_as_they_were_written() {
        let pairs = [("Content-Type", "image/png"), ("App-Name", "Füchse 🦊")];
        let tags = Tags::of(&pairs);
        assert_eq!(tags.value("App-Name").as_deref(), Some("Füchse 🦊"));
        assert_eq!(tags.value("Other"), None);
        assert!(tags.sound(), "as many as they say");
        let more = Tags {
            count: 3,
            ..tags.clone()
        };
        assert!(!more.sound(), "no more than there are");
        let head = Head {
            kind: Kind::Ed25519,
            signature: vec![7; 64],
            owner: vec![8; 32],
            target: vec![],
            anchor: vec![9; 32],
            tags,
        };
        let bytes = head.encode();
        let (found, length) = Head::decode(&[&bytes[..], b"data"].concat()).unwrap();
        assert_eq!((found, length), (head, bytes.len() as u64));
        for end in 0..bytes.len() {
            assert_eq!(Head::decode(&bytes[..end]), None, "cut to {end} bytes");
        }
    }

    #[test]
    fn ids_are_told_in_base64url() {
        let id = Id::of(b"a signature");
        assert_eq!(id.to_string().len(), 43);
        assert_eq!(Id::read(&id.to_string()), Some(id));
        for text in ["", "short", "====", &format!("{id}A")] {
            assert_eq!(Id::read(text), None, "{text}");
        }
    }
}
