//! Writing tensors and files: whole, or not at all.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use candle_core::{DType, Device, Tensor};

use crate::error::{DiffusionError, Result};

/// Writes tensors as one safetensors file, replacing it whole or not at all. The header carries `format: pt`, without
/// which transformers refuses the file.
pub fn save_tensors(tensors: &BTreeMap<String, Tensor>, path: &Path, precision: DType) -> Result<()> {
    let mut converted = Vec::with_capacity(tensors.len());
    for (name, tensor) in tensors {
        converted.push((
            name.as_str(),
            tensor
                .to_dtype(precision)?
                .to_device(&Device::Cpu)?
                .contiguous()?,
        ));
    }
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let views = converted.iter().map(|(name, tensor)| (*name, tensor));
    let bytes =
        safetensors::serialize(views, Some(metadata)).map_err(|error| DiffusionError::WeightFile {
            path: path.to_path_buf(),
            reason: error.to_string(),
        })?;
    write_whole(path, &bytes)
}

/// Writes next to the target, syncs, then renames: a reader sees the old file or the new one, never a part.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    let part = path.with_file_name(name);
    let write = || {
        let mut file = std::fs::File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&part, path)
    };
    write().map_err(DiffusionError::file(path))
}
