//! One weight file on disk: its header in memory, its values read when they are asked for.
//!
//! Values are read at their position (`pread`) straight into the memory that the tensor keeps, by several threads at
//! once. A memory map would cost the same copy, since a tensor of candle owns its values; it would count every page of
//! the file as memory of this process on top; and it would kill the process with SIGBUS when somebody cuts the file
//! off. A short read is an error with a name instead, and so is a file that is changed while it is open.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use candle_core::quantized::{GgmlDType, ggml_file};
use candle_core::{Device, Tensor};
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use rayon::prelude::*;
use safetensors::tensor::{Dtype, Metadata};

use super::gguf;
use crate::error::{DiffusionError, Result};

/// Largest header that is read, in bytes; as in the reference implementation.
const LARGEST_HEADER: u64 = 100_000_000;

/// Values that one task reads at a time.
const CHUNK: usize = 1 << 18;

/// How values lie in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    F16,
    Bf16,
    F32,
    F64,
    /// Blocks of GGML.
    Quantized(GgmlDType),
    /// A type that no weight is made of here, by its name.
    Other(String),
}

impl Kind {
    /// For people and reports.
    pub fn name(&self) -> String {
        match self {
            Self::F16 => "F16".to_owned(),
            Self::Bf16 => "BF16".to_owned(),
            Self::F32 => "F32".to_owned(),
            Self::F64 => "F64".to_owned(),
            Self::Quantized(kind) => format!("{kind:?}"),
            Self::Other(name) => name.clone(),
        }
    }
}

/// Where one tensor lies.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub kind: Kind,
    pub shape: Vec<usize>,
    /// First byte in the file.
    pub start: u64,
    pub bytes: u64,
}

impl Stored {
    /// Values in it; headers are checked to hold no product that overflows.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Which values of a stored tensor make up a tensor that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    /// All of them.
    Whole,
    /// The first, second or third third of the rows: query, key and value of a fused projection.
    Third(usize),
    /// A matrix with rows and columns changed.
    Transposed,
}

impl Selection {
    /// The shape of the selected part.
    pub fn shape(self, stored: &[usize]) -> Vec<usize> {
        match (self, stored) {
            (Self::Third(_), [rows, rest @ ..]) => [&[rows / 3], rest].concat(),
            (Self::Transposed, [rows, columns]) => vec![*columns, *rows],
            (_, whole) => whole.to_vec(),
        }
    }
}

/// An open weight file of either format.
#[derive(Debug)]
pub(crate) struct WeightFile {
    pub path: PathBuf,
    pub length: u64,
    pub tensors: BTreeMap<String, Stored>,
    /// What the header says about the file, sorted by key.
    pub metadata: BTreeMap<String, String>,
    file: File,
    changed: Option<SystemTime>,
}

impl WeightFile {
    /// Reads and checks the header. Pickles are refused by name, whatever their ending.
    pub fn open(path: &Path) -> Result<Self> {
        refuse_pickles(path)?;
        let file = File::open(path).map_err(DiffusionError::file(path))?;
        let state = file.metadata().map_err(DiffusionError::file(path))?;
        if !state.is_file() {
            return Err(unreadable(path, "it is no file"));
        }
        let length = state.len();
        let mut first = [0; 8];
        read_at(&file, &mut first, 0).map_err(|_| unreadable(path, "it is shorter than a header"))?;
        let (tensors, metadata) = if first[..4] == *b"GGUF" {
            gguf::header(path, &file, length)?
        } else {
            safetensors_header(path, &file, length, u64::from_le_bytes(first))?
        };
        Ok(Self {
            path: path.to_path_buf(),
            length,
            tensors,
            metadata,
            changed: state.modified().ok(),
            file,
        })
    }

    /// Reads one tensor in the shape that it has in the file; in f32 if `wide`, else f16 and bf16 stay as they are.
    pub fn read(&self, name: &str, stored: &Stored, selection: Selection, wide: bool) -> Result<Tensor> {
        let shape = selection.shape(&stored.shape);
        let tensor = match (&stored.kind, selection) {
            (Kind::Quantized(kind), _) => {
                let whole = self.dequantized(name, stored, *kind)?;
                match selection {
                    Selection::Third(index) => whole.narrow(0, index * shape[0], shape[0])?.contiguous()?,
                    _ => whole,
                }
            }
            (_, Selection::Third(index)) => {
                let count: usize = shape.iter().product();
                let size = stored.bytes / (stored.count().max(1) as u64);
                let start = stored.start + (index * count) as u64 * size;
                self.values(name, &stored.kind, start, shape, wide)?
            }
            _ => self.values(name, &stored.kind, stored.start, stored.shape.clone(), wide)?,
        };
        self.unchanged()?;
        match selection {
            Selection::Transposed => Ok(tensor.t()?.contiguous()?),
            _ => Ok(tensor),
        }
    }

    fn values(&self, name: &str, kind: &Kind, start: u64, shape: Vec<usize>, wide: bool) -> Result<Tensor> {
        let count = shape.iter().product();
        let tensor = match kind {
            Kind::F32 => Tensor::from_vec(self.floats(start, count)?, shape, &Device::Cpu),
            Kind::F16 if wide => Tensor::from_vec(self.widened::<f16>(start, count)?, shape, &Device::Cpu),
            Kind::Bf16 if wide => Tensor::from_vec(self.widened::<bf16>(start, count)?, shape, &Device::Cpu),
            Kind::F16 => Tensor::from_vec(self.halves::<f16>(start, count)?, shape, &Device::Cpu),
            Kind::Bf16 => Tensor::from_vec(self.halves::<bf16>(start, count)?, shape, &Device::Cpu),
            Kind::F64 => {
                let values = self.chunks(start, count, 8, 0.0_f32, |bytes, values| {
                    for (bytes, value) in bytes.as_chunks::<8>().0.iter().zip(values) {
                        *value = f64::from_le_bytes(*bytes) as f32;
                    }
                })?;
                Tensor::from_vec(values, shape, &Device::Cpu)
            }
            Kind::Quantized(_) | Kind::Other(_) => {
                return Err(DiffusionError::TensorType {
                    name: name.to_owned(),
                    found: kind.name(),
                    files: self.path.display().to_string(),
                });
            }
        };
        Ok(tensor?)
    }

    fn floats(&self, start: u64, count: usize) -> Result<Vec<f32>> {
        self.chunks(start, count, 4, 0.0, |bytes, values| {
            for (bytes, value) in bytes.as_chunks::<4>().0.iter().zip(values) {
                *value = f32::from_le_bytes(*bytes);
            }
        })
    }

    fn halves<T: Half>(&self, start: u64, count: usize) -> Result<Vec<T>> {
        self.chunks(start, count, 2, T::from_bytes([0, 0]), |bytes, values| {
            for (bytes, value) in bytes.as_chunks::<2>().0.iter().zip(values) {
                *value = T::from_bytes(*bytes);
            }
        })
    }

    fn widened<T: Half>(&self, start: u64, count: usize) -> Result<Vec<f32>> {
        self.chunks(start, count, 2, 0.0, |bytes, values| {
            let halves: Vec<T> = bytes
                .as_chunks::<2>()
                .0
                .iter()
                .map(|bytes| T::from_bytes(*bytes))
                .collect();
            T::widen(&halves, values);
        })
    }

    /// Reads `count` values of `size` bytes each, in parallel chunks.
    fn chunks<T: Copy + Send>(
        &self,
        start: u64,
        count: usize,
        size: usize,
        zero: T,
        decode: impl Fn(&[u8], &mut [T]) + Sync,
    ) -> Result<Vec<T>> {
        let mut values = vec![zero; count];
        values
            .par_chunks_mut(CHUNK)
            .enumerate()
            .try_for_each(|(index, values)| {
                let mut bytes = vec![0; values.len() * size];
                read_at(&self.file, &mut bytes, start + (index * CHUNK * size) as u64)?;
                decode(&bytes, values);
                Ok(())
            })
            .map_err(|fault| self.fault(fault))?;
        Ok(values)
    }

    fn dequantized(&self, name: &str, stored: &Stored, kind: GgmlDType) -> Result<Tensor> {
        let mut bytes = vec![0; usize::try_from(stored.bytes).unwrap_or(usize::MAX)];
        read_at(&self.file, &mut bytes, stored.start).map_err(|fault| self.fault(fault))?;
        let values = ggml_file::qtensor_from_ggml(kind, &bytes, stored.shape.clone(), &Device::Cpu)
            .and_then(|blocks| blocks.dequantize(&Device::Cpu));
        values.map_err(|fault| DiffusionError::TensorType {
            name: name.to_owned(),
            found: format!("{kind:?} ({fault})"),
            files: self.path.display().to_string(),
        })
    }

    fn fault(&self, fault: std::io::Error) -> DiffusionError {
        if fault.kind() == std::io::ErrorKind::UnexpectedEof {
            self.altered()
        } else {
            DiffusionError::file(&self.path)(fault)
        }
    }

    /// A file that is rewritten in place would give tensors of two files.
    fn unchanged(&self) -> Result<()> {
        let state = self.file.metadata().map_err(DiffusionError::file(&self.path))?;
        if state.len() == self.length && state.modified().ok() == self.changed {
            Ok(())
        } else {
            Err(self.altered())
        }
    }

    fn altered(&self) -> DiffusionError {
        DiffusionError::Model {
            path: self.path.clone(),
            reason: "was changed or cut off while it was read; wait until it is copied completely, then load the model again"
                .to_owned(),
        }
    }
}

/// The two types of half the width.
trait Half: Copy + Send + Sync + Sized {
    fn from_bytes(bytes: [u8; 2]) -> Self;
    fn widen(halves: &[Self], wide: &mut [f32]);
}

impl Half for f16 {
    fn from_bytes(bytes: [u8; 2]) -> Self {
        Self::from_le_bytes(bytes)
    }

    fn widen(halves: &[Self], wide: &mut [f32]) {
        halves.convert_to_f32_slice(wide);
    }
}

impl Half for bf16 {
    fn from_bytes(bytes: [u8; 2]) -> Self {
        Self::from_le_bytes(bytes)
    }

    fn widen(halves: &[Self], wide: &mut [f32]) {
        halves.convert_to_f32_slice(wide);
    }
}

#[cfg(unix)]
pub(super) fn read_at(file: &File, bytes: &mut [u8], position: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, position)
}

#[cfg(windows)]
pub(super) fn read_at(file: &File, bytes: &mut [u8], position: u64) -> std::io::Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        let read =
            std::os::windows::fs::FileExt::seek_read(file, &mut bytes[done..], position + done as u64)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        done += read;
    }
    Ok(())
}

type Header = (BTreeMap<String, Stored>, BTreeMap<String, String>);

fn safetensors_header(path: &Path, file: &File, length: u64, header: u64) -> Result<Header> {
    let pickled =
        header.to_le_bytes().starts_with(b"PK\x03\x04") || header.to_le_bytes().starts_with(b"\x80\x02");
    if header > LARGEST_HEADER && pickled {
        return Err(pickle(path));
    }
    if header > LARGEST_HEADER || length - 8 < header {
        return Err(unreadable(
            path,
            "its header is no safetensors header, or the file is cut off",
        ));
    }
    let mut bytes = vec![0; header as usize];
    read_at(file, &mut bytes, 8).map_err(DiffusionError::file(path))?;
    let parsed: Metadata =
        serde_json::from_slice(&bytes).map_err(|fault| unreadable(path, &format!("its header: {fault}")))?;
    let whole = 8 + header + parsed.data_len() as u64;
    if length != whole {
        let reason = format!("it has {length} bytes, but its header calls for {whole}");
        return Err(unreadable(path, &reason));
    }
    let tensors = parsed.tensors().into_iter().map(|(name, info)| {
        let kind = match info.dtype {
            Dtype::F16 => Kind::F16,
            Dtype::BF16 => Kind::Bf16,
            Dtype::F32 => Kind::F32,
            Dtype::F64 => Kind::F64,
            other => Kind::Other(format!("{other:?}")),
        };
        let (start, end) = info.data_offsets;
        let stored = Stored {
            kind,
            shape: info.shape.clone(),
            start: 8 + header + start as u64,
            bytes: (end - start) as u64,
        };
        (name, stored)
    });
    let metadata = parsed.metadata().clone().unwrap_or_default();
    Ok((tensors.collect(), metadata.into_iter().collect()))
}

pub(super) fn unreadable(path: &Path, reason: &str) -> DiffusionError {
    DiffusionError::WeightFile {
        path: path.to_path_buf(),
        reason: reason.to_owned(),
    }
}

/// Formats that can run code when they are opened are not opened at all.
fn refuse_pickles(path: &Path) -> Result<()> {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    if ["ckpt", "bin", "pt", "pth", "pkl"]
        .iter()
        .any(|pickle| ending == *pickle)
    {
        return Err(pickle(path));
    }
    Ok(())
}

/// Why pickles are refused, and what to do instead.
fn pickle(path: &Path) -> DiffusionError {
    DiffusionError::Model {
        path: path.to_path_buf(),
        reason: "is a pickle, which can run code when it is opened, so it is never opened; get the model as \
                 safetensors, or convert it where you trust it: load it with `torch.load(file, weights_only=True)` or \
                 diffusers, and save it with `safetensors.torch.save_file` or \
                 `save_pretrained(folder, safe_serialization=True)`"
            .to_owned(),
    }
}
