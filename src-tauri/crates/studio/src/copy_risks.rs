//! `protect_folder`, `protected_folders`, `copy_risks`: what comes too close to pictures of others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use image::RgbImage;
use rayon::prelude::*;
use salon_catalog::ProtectedPicture;
use salon_domain::Digest;
use salon_judge::families::Pdq;
use salon_judge::neighbours::Neighbours;
use salon_judge::set::{CopyLimits, CopyVerdict, Fingerprint, Protected};

use crate::Studio;
use crate::api::{ApiError, CopyRisk, CopyRiskRequest, ErrorCode, Nothing, ProtectFolder, ProtectedFolder};
use crate::judge::{hash_bytes, hash_of, near_cosine};

/// Most pictures of a folder.
const MOST: usize = 100_000;
/// Pictures looked at together.
const TOGETHER: usize = 64;
/// Largest file that is read.
const LARGEST: u64 = 256 << 20;

/// The files below a folder that may be pictures, in order.
fn files_below(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type()?;
        let path = entry.path();
        if kind.is_dir() {
            files_below(&path, found)?;
        } else if kind.is_file() && found.len() < MOST {
            let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
            let known = ["png", "jpg", "jpeg", "webp"];
            if extension.is_some_and(|extension| known.iter().any(|one| extension == *one)) {
                found.push(path);
            }
        }
    }
    Ok(())
}

/// A picture of a folder, if it is one.
fn read(path: &Path) -> Option<(Digest, RgbImage)> {
    let fits = std::fs::metadata(path).is_ok_and(|file| file.len() <= LARGEST);
    let bytes = fits.then(|| std::fs::read(path).ok()).flatten()?;
    let picture = salon_catalog::decode(&bytes, &path.to_string_lossy()).ok()?;
    Some((Digest::of(&bytes), picture.to_rgb8()))
}

impl Studio {
    /// The folders whose pictures must not be copied.
    pub fn protected_folders(&self, _: Nothing) -> Result<Vec<ProtectedFolder>, ApiError> {
        let mut folders: BTreeMap<PathBuf, u32> = BTreeMap::new();
        for picture in self.inner.project.protected_pictures()? {
            *folders.entry(picture.folder).or_default() += 1;
        }
        let folders = folders.into_iter().map(|(path, pictures)| ProtectedFolder {
            path: path.display().to_string(),
            pictures,
        });
        Ok(folders.collect())
    }

    /// Reads a folder whose pictures must not be copied (again), or forgets it.
    pub fn protect_folder(&self, request: ProtectFolder) -> Result<Vec<ProtectedFolder>, ApiError> {
        let folder = &request.path;
        if request.forget {
            self.inner.project.protect_folder(folder, &[])?;
            return self.protected_folders(Nothing {});
        }
        let mut files = Vec::new();
        files_below(folder, &mut files).map_err(|fault| {
            let message = format!("{} cannot be read: {fault}", folder.display());
            ApiError::new(ErrorCode::NotFound, message, &["Name a folder of pictures."])
        })?;
        let pictures: Vec<ProtectedPicture> = files
            .par_iter()
            .filter_map(|path| {
                let (sha256, picture) = read(path)?;
                let hash = Pdq::of(&picture);
                Some(ProtectedPicture {
                    path: path.clone(),
                    folder: folder.clone(),
                    sha256,
                    hash: hash_bytes(&hash),
                    quality: hash.quality,
                })
            })
            .collect();
        if pictures.is_empty() {
            return Err(ApiError::invalid_request(format!(
                "{} holds no PNG, JPEG or WebP that can be read: nothing would be protected",
                folder.display()
            )));
        }
        self.inner.project.protect_folder(folder, &pictures)?;
        self.protected_folders(Nothing {})
    }

    /// Which candidates come close to a protected picture, the closest first.
    pub fn copy_risks(&self, request: CopyRiskRequest) -> Result<Vec<CopyRisk>, ApiError> {
        let pictures = self.inner.project.protected_pictures()?;
        if pictures.is_empty() {
            return Ok(vec![]);
        }
        let known = self.inner.judged();
        let Some(pool) = known.pool.as_deref() else {
            return Ok(vec![]);
        };
        let vectors = self.protected_vectors(&pictures)?;
        let prints = pictures.iter().map(|picture| Fingerprint {
            digest: picture.sha256,
            pdq: hash_of(picture.hash, picture.quality),
        });
        let protected = Protected::new(prints.collect(), vectors)?;
        let accepted = if request.accepted {
            Some(self.inner.project.accepted()?)
        } else {
            None
        };
        let digests: BTreeMap<_, _> = self
            .inner
            .project
            .lineages()?
            .into_iter()
            .map(|(id, digest, _)| (id, digest))
            .collect();
        let limits = CopyLimits {
            cosine: near_cosine(&pool.encoder),
            ..CopyLimits::default()
        };
        let mut found = Vec::new();
        for (place, id) in pool.ids.iter().enumerate() {
            if accepted
                .as_ref()
                .is_some_and(|accepted| accepted.binary_search(id).is_err())
            {
                continue;
            }
            let Some(&digest) = digests.get(id) else { continue };
            let print = Fingerprint {
                digest,
                pdq: pool.hashes[place],
            };
            let risk = protected.risk(&print, Some(pool.vectors.row(place)), &limits)?;
            let verdict = match risk.verdict {
                CopyVerdict::Copy => "same",
                CopyVerdict::Resized => "copy",
                CopyVerdict::Near => "near",
                CopyVerdict::Distant => continue,
            };
            let Some(picture) = risk.row.and_then(|row| pictures.get(row)) else {
                continue;
            };
            found.push(CopyRisk {
                candidate: *id,
                path: picture.path.display().to_string(),
                sha256: picture.sha256,
                verdict: verdict.into(),
                bits: risk.bits,
                similarity: risk.by_embedding.map(|near| near.cosine),
            });
        }
        let rank = |risk: &CopyRisk| {
            ["same", "copy", "near"]
                .iter()
                .position(|word| *word == risk.verdict)
        };
        found.sort_by_key(|risk| (rank(risk), risk.bits.unwrap_or(u32::MAX), risk.candidate));
        Ok(found)
    }

    /// A vector for each protected picture, of the encoder in use. Those it has not seen are looked at now; one whose file is
    /// gone has a vector that is like nothing.
    fn protected_vectors(&self, pictures: &[ProtectedPicture]) -> Result<Option<Neighbours>, ApiError> {
        let inner = &self.inner;
        let (_, row, encoder) = inner.open_chosen_encoder()?;
        let mut known = inner.project.protected_embeddings(row)?;
        let new: Vec<ProtectedPicture> = pictures
            .iter()
            .filter(|one| !known.contains_key(&one.sha256))
            .cloned()
            .collect();
        for some in new.chunks(TOGETHER) {
            let read: Vec<(Digest, RgbImage)> = some.par_iter().filter_map(|one| read(&one.path)).collect();
            let (digests, looks): (Vec<Digest>, Vec<RgbImage>) = read.into_iter().unzip();
            let vectors: Vec<(Digest, Vec<f32>)> = digests.into_iter().zip(encoder.encode(&looks)?).collect();
            if inner.project.read_only().is_some() {
                known.extend(vectors);
            } else {
                inner.project.keep_protected_embeddings(row, &vectors)?;
            }
        }
        if !new.is_empty() && inner.project.read_only().is_none() {
            // As they are kept, so that the next answer is the same.
            known = inner.project.protected_embeddings(row)?;
        }
        let nothing = vec![0.0; encoder.width()];
        let rows = pictures
            .iter()
            .flat_map(|one| known.get(&one.sha256).unwrap_or(&nothing).iter().copied());
        Ok(Some(Neighbours::new(encoder.width(), rows.collect())?))
    }
}
