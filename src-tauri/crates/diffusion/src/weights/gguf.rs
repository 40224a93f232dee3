//! The header of a GGUF file (`docs/gguf.md` of ggml), as stable-diffusion.cpp writes checkpoints: every count in it is
//! held against the length of the file before anything is allocated.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use candle_core::quantized::GgmlDType;

use super::file::{Kind, Stored, unreadable};
use crate::error::Result;

/// Where tensors begin unless the header says otherwise.
const ALIGNMENT: u64 = 32;
/// Dimensions of a tensor of GGML.
const DIMENSIONS: u32 = 4;
/// Nesting of arrays in the header.
const DEPTH: usize = 4;
/// Longest text of the header that is kept, in bytes; longer ones are skipped.
const LONGEST_TEXT: u64 = 1 << 20;

type Header = (BTreeMap<String, Stored>, BTreeMap<String, String>);

/// Tensors and metadata of a GGUF file of `length` bytes, versions 2 and 3.
pub(super) fn header(path: &Path, file: &File, length: u64) -> Result<Header> {
    let reader = Reader {
        input: BufReader::new(file),
        position: 0,
        length,
    };
    reader
        .header()
        .map_err(|reason| unreadable(path, &format!("its GGUF header: {reason}")))
}

struct Reader<'a> {
    input: BufReader<&'a File>,
    position: u64,
    length: u64,
}

impl Reader<'_> {
    fn header(mut self) -> std::result::Result<Header, String> {
        self.bytes::<4>()?;
        let version = self.u32()?;
        if !(2..=3).contains(&version) {
            return Err(format!("version {version} is not known; versions 2 and 3 are"));
        }
        let (tensor_count, entries) = (self.u64()?, self.u64()?);
        let mut metadata = BTreeMap::new();
        for _ in 0..entries {
            let key = self.text()?.unwrap_or_default();
            let kind = self.u32()?;
            if let Some(value) = self.value(kind, 0)? {
                metadata.insert(key, value);
            }
        }
        let mut tensors = BTreeMap::new();
        let mut found = Vec::new();
        for _ in 0..tensor_count {
            let name = self.text()?.unwrap_or_default();
            let dimensions = self.u32()?;
            if dimensions > DIMENSIONS {
                return Err(format!("tensor `{name}` has {dimensions} dimensions"));
            }
            let mut shape = Vec::new();
            for _ in 0..dimensions {
                shape.push(usize::try_from(self.u64()?).map_err(|_| "a side is too long".to_owned())?);
            }
            // GGML writes the fastest axis first.
            shape.reverse();
            let kind = self.u32()?;
            found.push((name, shape, kind, self.u64()?));
        }
        let alignment = metadata
            .get("general.alignment")
            .and_then(|value| value.parse().ok())
            .filter(|alignment: &u64| alignment.is_power_of_two())
            .unwrap_or(ALIGNMENT);
        let data = self.position.next_multiple_of(alignment);
        for (name, shape, kind, offset) in found {
            let stored = self.stored(shape, kind, data, offset);
            let stored = stored.ok_or_else(|| format!("tensor `{name}` does not fit into the file"))?;
            if tensors.insert(name.clone(), stored).is_some() {
                return Err(format!("tensor `{name}` is there twice"));
            }
        }
        Ok((tensors, metadata))
    }

    fn stored(&self, shape: Vec<usize>, number: u32, data: u64, offset: u64) -> Option<Stored> {
        let count = shape
            .iter()
            .try_fold(1_usize, |all, side| all.checked_mul(*side))?;
        let kind = kind(number);
        let bytes = match &kind {
            Kind::F16 | Kind::Bf16 => count.checked_mul(2)?,
            Kind::F32 => count.checked_mul(4)?,
            Kind::F64 => count.checked_mul(8)?,
            Kind::Quantized(kind) => {
                let rows_are_whole = shape.last()?.is_multiple_of(kind.block_size());
                (count / kind.block_size())
                    .checked_mul(kind.type_size())
                    .filter(|_| rows_are_whole)?
            }
            Kind::Other(_) => 0,
        };
        let start = data.checked_add(offset)?;
        (start.checked_add(bytes as u64)? <= self.length).then_some(Stored {
            kind,
            shape,
            start,
            bytes: bytes as u64,
        })
    }

    /// One value as text; `None` where it is an array or a long text, which nothing here asks for.
    fn value(&mut self, kind: u32, depth: usize) -> std::result::Result<Option<String>, String> {
        Ok(match kind {
            0 | 7 => Some(self.bytes::<1>()?[0].to_string()),
            1 => Some(i8::from_le_bytes(self.bytes()?).to_string()),
            2 => Some(u16::from_le_bytes(self.bytes()?).to_string()),
            3 => Some(i16::from_le_bytes(self.bytes()?).to_string()),
            4 => Some(self.u32()?.to_string()),
            5 => Some(i32::from_le_bytes(self.bytes()?).to_string()),
            6 => Some(f32::from_le_bytes(self.bytes()?).to_string()),
            8 => self.text()?,
            9 => {
                if depth == DEPTH {
                    return Err("arrays are nested too deeply".to_owned());
                }
                let (kind, count) = (self.u32()?, self.u64()?);
                // Every element takes a byte or more, so a wrong count ends at the end of the file.
                for _ in 0..count {
                    self.value(kind, depth + 1)?;
                }
                None
            }
            10 => Some(self.u64()?.to_string()),
            11 => Some(i64::from_le_bytes(self.bytes()?).to_string()),
            12 => Some(f64::from_le_bytes(self.bytes()?).to_string()),
            other => return Err(format!("value type {other} is not known")),
        })
    }

    fn text(&mut self) -> std::result::Result<Option<String>, String> {
        let length = self.u64()?;
        if length > self.length - self.position.min(self.length) {
            return Err("a text is longer than the file".to_owned());
        }
        self.position += length;
        if length > LONGEST_TEXT {
            let skipped = std::io::copy(&mut (&mut self.input).take(length), &mut std::io::sink());
            return skipped.map(|_| None).map_err(|fault| fault.to_string());
        }
        let mut bytes = vec![0; length as usize];
        self.input
            .read_exact(&mut bytes)
            .map_err(|fault| fault.to_string())?;
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn u32(&mut self) -> std::result::Result<u32, String> {
        Ok(u32::from_le_bytes(self.bytes()?))
    }

    fn u64(&mut self) -> std::result::Result<u64, String> {
        Ok(u64::from_le_bytes(self.bytes()?))
    }

    fn bytes<const N: usize>(&mut self) -> std::result::Result<[u8; N], String> {
        let mut bytes = [0; N];
        self.input
            .read_exact(&mut bytes)
            .map_err(|_| "it ends too early".to_owned())?;
        self.position += N as u64;
        Ok(bytes)
    }
}

/// GGML's numbers of types; the ones that candle can unpack.
fn kind(number: u32) -> Kind {
    Kind::Quantized(match number {
        0 => return Kind::F32,
        1 => return Kind::F16,
        28 => return Kind::F64,
        30 => return Kind::Bf16,
        2 => GgmlDType::Q4_0,
        3 => GgmlDType::Q4_1,
        6 => GgmlDType::Q5_0,
        7 => GgmlDType::Q5_1,
        8 => GgmlDType::Q8_0,
        10 => GgmlDType::Q2K,
        11 => GgmlDType::Q3K,
        12 => GgmlDType::Q4K,
        13 => GgmlDType::Q5K,
        14 => GgmlDType::Q6K,
        other => return Kind::Other(format!("GGML type {other}")),
    })
}
