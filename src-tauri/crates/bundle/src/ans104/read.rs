//! Reading a bundle that nobody vouches for: every length is bounded before anything is allocated for it.

use std::fs::File;
use std::path::Path;

use salon_domain::Digest;
use sha2::{Digest as _, Sha256, Sha384};

use super::item::{Head, Id, Signed};
use crate::positioned::read_full_at;
use crate::reading::open_regular;

/// Why something is no bundle, or no item of one, in words.
pub(crate) type Found<T> = Result<T, String>;

/// An open bundle.
pub(crate) struct Reader {
    file: File,
    /// In file order.
    pub(crate) entries: Vec<Entry>,
}

/// Where the bundle says that an item lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) id: Id,
    position: u64,
    size: u64,
}

/// An item whose signature holds.
pub(crate) struct Checked {
    pub(crate) content_type: Option<String>,
    /// Of its data.
    pub(crate) sha256: Digest,
}

impl Reader {
    pub(crate) fn open(path: &Path) -> Found<Self> {
        let in_words = |fault: std::io::Error| fault.to_string();
        let file = open_regular(path).map_err(in_words)?;
        let length = file.metadata().map_err(in_words)?.len();
        let count = read_number(&file, 0)?;
        let start = count
            .checked_mul(64)
            .and_then(|bytes| bytes.checked_add(32))
            .filter(|start| *start <= length)
            .ok_or_else(|| format!("it says that it has {count} items, and is {length} bytes long"))?;
        let mut entries = Vec::with_capacity(count as usize);
        let mut position = start;
        for index in 0..count {
            let size = read_number(&file, 32 + 64 * index)?;
            let mut id = [0; 32];
            read_exact(&file, &mut id, 64 + 64 * index)?;
            entries.push(Entry {
                id: Id(id),
                position,
                size,
            });
            position = position
                .checked_add(size)
                .filter(|end| *end <= length)
                .ok_or_else(|| format!("item {index} would end behind the end of the file"))?;
        }
        if position != length {
            return Err(format!("{} bytes follow its last item", length - position));
        }
        Ok(Self { file, entries })
    }

    /// Reads an item whole. Its id must be that of its signature, and its signature must hold.
    pub(crate) fn check(&self, entry: Entry) -> Found<Checked> {
        let mut start = vec![0; Head::LONGEST.min(usize::try_from(entry.size).unwrap_or(usize::MAX))];
        read_exact(&self.file, &mut start, entry.position)?;
        let (head, length) = Head::decode(&start)
            .ok_or("its head is cut short, or signed in a way that Salon does not know")?;
        if head.id() != entry.id {
            return Err(format!("its signature gives the id {}", head.id()));
        }
        if !head.tags.sound() {
            return Err("its tags are not as many as it says".into());
        }
        let (mut sha256, mut sha384) = (Sha256::new(), Sha384::new());
        let (mut at, end) = (entry.position + length, entry.position + entry.size);
        let mut buffer = vec![0; 128 * 1024];
        while at < end {
            let piece = buffer.len().min(usize::try_from(end - at).unwrap_or(usize::MAX));
            let piece = &mut buffer[..piece];
            read_exact(&self.file, piece, at)?;
            sha256.update(&*piece);
            sha384.update(&*piece);
            at += piece.len() as u64;
        }
        let signed = Signed {
            kind: head.kind,
            owner: &head.owner,
            target: &head.target,
            anchor: &head.anchor,
            tags: &head.tags.bytes,
            data: (entry.size - length, sha384.finalize().into()),
        };
        if !head
            .kind
            .verifies(&head.owner, &signed.message(), &head.signature)
        {
            return Err("its signature does not hold".into());
        }
        Ok(Checked {
            content_type: head.tags.value("Content-Type"),
            sha256: Digest(sha256.finalize().into()),
        })
    }
}

fn read_number(file: &File, position: u64) -> Found<u64> {
    let mut bytes = [0; 32];
    read_exact(file, &mut bytes, position)?;
    let (number, rest) = bytes.split_at(8);
    let number = u64::from_le_bytes(number.try_into().unwrap_or_default());
    if rest.iter().any(|byte| *byte != 0) {
        return Err(format!("the number at byte {position} is beyond 64 bits"));
    }
    Ok(number)
}

fn read_exact(file: &File, buffer: &mut [u8], position: u64) -> Found<()> {
    match read_full_at(file, buffer, position) {
        Ok(count) if count == buffer.len() => Ok(()),
        Ok(_) => Err(format!("it is cut short at byte {position}")),
        Err(fault) => Err(fault.to_string()),
    }
}
