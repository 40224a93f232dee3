//! `store_picture`: masks and pictures from disk, taken into the picture store.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Studio;
use crate::api::{ApiError, ErrorCode, StorePicture, StoredPicture};

/// What to call a PNG in messages, and its bytes: from a file, or handed over in base64.
pub(crate) fn given_png(path: Option<&Path>, png: Option<&str>) -> Result<(String, Vec<u8>), ApiError> {
    match (path, png) {
        (Some(path), None) => Ok((path.display().to_string(), read_picture_file(path)?)),
        (None, Some(png)) => Ok(("the picture".into(), decoded(png)?)),
        _ => Err(ApiError::invalid_request(
            "name a PNG file or hand over its bytes: one of the two",
        )),
    }
}

/// The bytes behind base64 text.
fn decoded(base64: &str) -> Result<Vec<u8>, ApiError> {
    STANDARD
        .decode(base64.trim())
        .map_err(|fault| ApiError::invalid_request(format!("the picture is not in base64: {fault}")))
}

/// A picture file, if it is not larger than the store takes.
fn read_picture_file(path: &Path) -> Result<Vec<u8>, ApiError> {
    let told = |fault: &dyn std::fmt::Display| {
        let hints = ["Name a PNG file that is there and may be read."];
        ApiError::new(
            ErrorCode::NotFound,
            format!("{}: {fault}", path.display()),
            &hints,
        )
    };
    let file = File::open(path).map_err(|fault| told(&fault))?;
    let mut bytes = Vec::new();
    file.take(salon_catalog::MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|fault| told(&fault))?;
    if bytes.len() as u64 > salon_catalog::MAX_BYTES {
        return Err(ApiError::invalid_request(format!(
            "{} is larger than {} MiB: make it smaller first",
            path.display(),
            salon_catalog::MAX_BYTES >> 20
        )));
    }
    Ok(bytes)
}

impl Studio {
    /// Takes a PNG into the store, where a recipe can name it. It stays there once a run was ordered with it.
    pub fn store_picture(&self, request: StorePicture) -> Result<StoredPicture, ApiError> {
        let (name, png) = given_png(request.path.as_deref(), request.png.as_deref())?;
        self.inner.store_png(&name, &png)
    }
}

impl crate::studio::Inner {
    /// Takes a PNG into the store, with its thumbnail.
    pub(crate) fn store_png(&self, name: &str, png: &[u8]) -> Result<StoredPicture, ApiError> {
        let picture = salon_catalog::decode_png(png, name)?;
        let thumbnail = salon_catalog::thumbnail(&picture.to_rgb8())?;
        let stored = self.project.store_picture(png, &thumbnail)?;
        Ok(StoredPicture {
            sha256: stored.sha256,
            width: stored.width,
            height: stored.height,
        })
    }
}
