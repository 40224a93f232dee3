//! Tensors from safetensors files: read by name, checked by shape, always f32 afterwards; written whole or not at all.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors};
use salon_domain::Digest;

use crate::{JudgeError, Result};

/// A file of weights.
pub(crate) struct WeightFile {
    path: PathBuf,
    map: Mmap,
}

fn bad(path: &Path, why: impl Into<String>) -> JudgeError {
    JudgeError::File {
        path: path.to_path_buf(),
        why: why.into(),
    }
}

impl WeightFile {
    /// Opens a file and checks its header.
    pub fn open(path: &Path) -> Result<Self> {
        let unreadable = |fault: std::io::Error| bad(path, format!("could not be read: {fault}"));
        let file = File::open(path).map_err(unreadable)?;
        // SAFETY: weights are opened for reading and copied out; whoever changes the file meanwhile changes numbers only.
        let map = unsafe { Mmap::map(&file) }.map_err(unreadable)?;
        let opened = Self {
            path: path.to_path_buf(),
            map,
        };
        opened.tensors()?;
        Ok(opened)
    }

    fn tensors(&self) -> Result<SafeTensors<'_>> {
        SafeTensors::deserialize(&self.map).map_err(|fault| {
            bad(
                &self.path,
                format!("is no whole safetensors file ({fault}); fetch it again"),
            )
        })
    }

    /// Who the file is.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.map)
    }

    /// Names and shapes of all its tensors.
    pub fn shapes(&self) -> Result<BTreeMap<String, Vec<usize>>> {
        let tensors = self.tensors()?;
        Ok(tensors
            .tensors()
            .into_iter()
            .map(|(name, view)| (name, view.shape().to_vec()))
            .collect())
    }

    /// What its header says beside the tensors.
    pub fn notes(&self) -> Result<BTreeMap<String, String>> {
        let (_, metadata) = SafeTensors::read_metadata(&self.map).map_err(|fault| {
            bad(
                &self.path,
                format!("is no whole safetensors file ({fault}); fetch it again"),
            )
        })?;
        Ok(metadata
            .metadata()
            .clone()
            .unwrap_or_default()
            .into_iter()
            .collect())
    }

    /// Where a tensor lies in `tensors` and how it is stored, if it has this shape and can be read.
    fn found<'data>(
        &self,
        tensors: &SafeTensors<'data>,
        name: &str,
        shape: &[usize],
    ) -> Result<(&'data [u8], DType)> {
        let view = tensors.tensor(name).map_err(|_| {
            bad(
                &self.path,
                format!("has no tensor `{name}`: config.json describes another network"),
            )
        })?;
        if view.shape() != shape {
            let why = format!(
                "`{name}` has the shape {:?}, but config.json asks for {shape:?}",
                view.shape()
            );
            return Err(bad(&self.path, why));
        }
        match view.dtype() {
            Dtype::F32 => Ok((view.data(), DType::F32)),
            Dtype::F16 => Ok((view.data(), DType::F16)),
            Dtype::BF16 => Ok((view.data(), DType::BF16)),
            other => {
                let why = format!("`{name}` is stored as {other:?}: f32, f16 and bf16 can be read");
                Err(bad(&self.path, why))
            }
        }
    }

    /// A tensor as f32.
    pub fn tensor(&self, name: &str, shape: &[usize], device: &Device) -> Result<Tensor> {
        let (data, kind) = self.found(&self.tensors()?, name, shape)?;
        let tensor = Tensor::from_raw_buffer(data, kind, shape, &Device::Cpu)?;
        Ok(tensor.to_dtype(DType::F32)?.to_device(device)?)
    }
}

/// The files of a network: `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
pub(crate) struct WeightFolder {
    files: Vec<WeightFile>,
    /// File by tensor; empty when there is only one.
    places: BTreeMap<String, usize>,
    folder: PathBuf,
}

impl WeightFolder {
    /// Opens every file.
    pub fn open(folder: &Path) -> Result<Self> {
        let index = folder.join("model.safetensors.index.json");
        let single = folder.join("model.safetensors");
        let (mut files, mut places) = (Vec::new(), BTreeMap::new());
        if single.is_file() {
            files.push(WeightFile::open(&single)?);
        } else if index.is_file() {
            let text = std::fs::read_to_string(&index).map_err(|fault| bad(&index, fault.to_string()))?;
            let table: serde_json::Value =
                serde_json::from_str(&text).map_err(|fault| bad(&index, format!("is not JSON: {fault}")))?;
            let mut numbers = BTreeMap::new();
            let entries = table.get("weight_map").and_then(serde_json::Value::as_object);
            let entries = entries.ok_or_else(|| bad(&index, "has no `weight_map`"))?;
            for (tensor, file) in entries {
                let file = file.as_str().unwrap_or_default();
                if Path::new(file).components().count() != 1 {
                    return Err(bad(&index, format!("`{file}` is no file name")));
                }
                if !numbers.contains_key(file) {
                    numbers.insert(file.to_owned(), files.len());
                    files.push(WeightFile::open(&folder.join(file))?);
                }
                places.insert(tensor.clone(), numbers[file]);
            }
        }
        if files.is_empty() {
            let why = "is missing. Weights come as safetensors; a pytorch_model.bin runs whatever code it carries: convert it once, where you trust it, with save_pretrained";
            return Err(bad(&single, why));
        }
        Ok(Self {
            files,
            places,
            folder: folder.to_path_buf(),
        })
    }

    /// The file that a tensor is to be in.
    fn file_of(&self, name: &str) -> Result<&WeightFile> {
        if self.places.is_empty() {
            return Ok(&self.files[0]);
        }
        let place = self.places.get(name).ok_or_else(|| {
            bad(
                &self.folder,
                format!("has no tensor `{name}`: config.json describes another network"),
            )
        })?;
        Ok(&self.files[*place])
    }

    /// A tensor as f32.
    pub fn tensor(&self, name: &str, shape: &[usize], device: &Device) -> Result<Tensor> {
        self.file_of(name)?.tensor(name, shape, device)
    }

    /// Whether a tensor is there, of this shape, and can be read; its numbers are not looked at.
    pub fn check(&self, name: &str, shape: &[usize]) -> Result<()> {
        let file = self.file_of(name)?;
        file.found(&file.tensors()?, name, shape).map(drop)
    }

    /// Whether there is a tensor of this name.
    pub fn has(&self, name: &str) -> Result<bool> {
        if self.places.is_empty() {
            return Ok(self.files[0].shapes()?.contains_key(name));
        }
        Ok(self.places.contains_key(name))
    }

    /// Who the weights are: the file's digest, or the digest of the shards' digests.
    pub fn digest(&self) -> Digest {
        match self.files.as_slice() {
            [one] => one.digest(),
            many => {
                let all: Vec<u8> = many.iter().flat_map(|file| file.digest().0).collect();
                Digest::of(&all)
            }
        }
    }
}

/// Writes tensors in `precision` with `notes` in the header.
pub(crate) fn save(
    path: &Path,
    tensors: &BTreeMap<String, Tensor>,
    precision: DType,
    notes: &[(&str, &str)],
) -> Result<()> {
    let mut stored = Vec::with_capacity(tensors.len());
    for (name, tensor) in tensors {
        stored.push((
            name.as_str(),
            tensor
                .to_dtype(precision)?
                .to_device(&Device::Cpu)?
                .contiguous()?,
        ));
    }
    let header: HashMap<String, String> = notes
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let views = stored.iter().map(|(name, tensor)| (*name, tensor));
    // A map of one order only would be another file every time: no more than one note may be given to what is hashed.
    let bytes = safetensors::serialize(views, Some(header)).map_err(|fault| bad(path, fault.to_string()))?;
    write_whole(path, &bytes)
}

/// Writes next to the target, syncs, then renames: a reader sees the old file or the new one, never a part.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    let part = path.with_file_name(name);
    let write = || {
        let mut file = File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&part, path)
    };
    write().map_err(|fault: std::io::Error| bad(path, format!("could not be written: {fault}")))
}
