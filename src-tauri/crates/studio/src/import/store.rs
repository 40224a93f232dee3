//! Pictures that were read become candidates: files to disk first, then one transaction.

use std::path::PathBuf;

use salon_catalog::{Arrival, FileMark, NewImport, NewPicture, StoredPicture};
use salon_domain::{CandidateId, Digest};

use super::gather::Found;
use super::read::{self, Loaded, Ready};
use crate::ApiError;
use crate::studio::Inner;

/// What was read of some files.
#[derive(Default)]
pub(super) struct Batch {
    /// Pictures to be stored, in the files' order.
    pub(super) ready: Vec<Ready>,
    /// Files whose pictures are candidates already.
    pub(super) known: Vec<(Option<FileMark>, Digest)>,
    /// Files that cannot be brought in, and why.
    pub(super) refused: Vec<(PathBuf, String)>,
}

impl Inner {
    /// Reads files on all processors: what is known already is not decoded.
    pub(super) fn read_batch(&self, files: &[Found]) -> Result<Batch, ApiError> {
        use rayon::prelude::*;

        let mut batch = Batch::default();
        let bytes: Vec<Result<Loaded, String>> = files.par_iter().map(read::bytes).collect();
        let mut fresh = Vec::with_capacity(files.len());
        let digests: Vec<Digest> = bytes.iter().flatten().map(|file| file.sha256).collect();
        let mut known = self.project.candidates_of_pictures(&digests)?.into_iter();
        for (file, bytes) in files.iter().zip(bytes) {
            match bytes {
                Err(why) => batch.refused.push((file.path.clone(), why)),
                Ok(bytes) if known.next().flatten().is_some() => batch.known.push((bytes.mark, bytes.sha256)),
                Ok(bytes) => fresh.push((file.path.clone(), bytes)),
            }
        }
        let read: Vec<_> = fresh
            .into_par_iter()
            .map(|(path, bytes)| read::ready(bytes).map_err(|why| (path, why)))
            .collect();
        for one in read {
            match one {
                Ok(ready) => batch.ready.push(ready),
                Err(refused) => batch.refused.push(refused),
            }
        }
        Ok(batch)
    }

    /// Stores pictures and makes candidates of them; tells everybody. All of them, or none.
    pub(super) fn take_in(&self, ready: Vec<Ready>) -> Result<Vec<Arrival>, ApiError> {
        if ready.is_empty() {
            return Ok(Vec::new());
        }
        let pictures: Vec<NewPicture<'_>> = ready
            .iter()
            .map(|one| NewPicture {
                bytes: &one.bytes,
                sha256: one.sha256,
                media: one.media,
                thumbnail: &one.thumbnail,
            })
            .collect();
        self.project.store_pictures(&pictures)?;
        let imports: Vec<NewImport> = ready.into_iter().map(|one| self.import_of(one)).collect();
        let arrivals = self.project.add_imports(&imports, self.now())?;
        let added: Vec<CandidateId> = arrivals
            .iter()
            .filter_map(|arrival| match arrival {
                Arrival::Added(id) => Some(*id),
                Arrival::Known(_) => None,
            })
            .collect();
        if !added.is_empty() {
            let counts = self.project.counts()?.into();
            self.events.candidates_added(&added, counts);
        }
        Ok(arrivals)
    }

    fn import_of(&self, one: Ready) -> NewImport {
        NewImport {
            name: one.name,
            tool: one.tool,
            picture: StoredPicture {
                sha256: one.sha256,
                media: one.media,
                width: one.size.0,
                height: one.size.1,
            },
            // The words of the house mean what they say in its own pictures alone.
            traits: match &one.recipe {
                Some(_) => self.traits_named_by(one.prompt.as_deref().unwrap_or_default()),
                None => one.traits,
            },
            recipe: one.recipe,
            prompt: one.prompt,
            metadata: one.metadata,
            file: one.mark,
        }
    }

    /// Brings in one picture that no file holds.
    pub(crate) fn take_in_one(&self, name: &str, bytes: Vec<u8>) -> Result<Arrival, ApiError> {
        let sha256 = Digest::of(&bytes);
        if let Some(Some(known)) = self.project.candidates_of_pictures(&[sha256])?.first() {
            return Ok(Arrival::Known(*known));
        }
        let file = Loaded {
            place: name.to_owned(),
            name: name.to_owned(),
            bytes,
            sha256,
            mark: None,
        };
        let ready = read::ready(file).map_err(ApiError::invalid_request)?;
        let arrivals = self.take_in(vec![ready])?;
        arrivals
            .first()
            .copied()
            .ok_or_else(|| ApiError::internal(format!("{name} was not brought in")))
    }
}
