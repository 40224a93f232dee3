//! Weights by name: one type for reading a model, starting one from scratch and going on training one.
//!
//! Networks ask for tensors by the names that diffusers and transformers give them and say which shape they expect.
//! Where the tensors come from (memory-mapped safetensors, a map in memory, a seeded start) is decided by whoever
//! makes the store. Everything is computed in f32: f16 and bf16 files are widened when they are read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use candle_core::safetensors::{Load, MmapedSafetensors};
use candle_core::{DType, Device, Tensor, Var};

use crate::error::{DiffusionError, Result};

/// How a parameter begins when a network is made from scratch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    /// All zero.
    Zeros,
    /// All one.
    Ones,
    /// Normal with mean zero and this standard deviation.
    Normal(f32),
    /// Uniform between minus and plus this bound.
    Uniform(f32),
}

impl Init {
    /// PyTorch's start of linear and convolution layers: uniform within 1/√fan-in (He et al. 2015, with a = √5).
    pub fn kaiming(fan_in: usize) -> Self {
        Self::Uniform(1.0 / (fan_in.max(1) as f32).sqrt())
    }
}

enum Source {
    /// Safetensors shards, in the order given; the first that holds a name wins.
    Files(Vec<(PathBuf, MmapedSafetensors)>),
    /// The same, of which only names, shapes and types are looked at.
    Headers(Vec<(PathBuf, MmapedSafetensors)>),
    Memory(BTreeMap<String, Tensor>),
    Seed(u64),
}

#[derive(Default)]
struct Taken {
    names: BTreeSet<String>,
    parameters: u64,
    variables: BTreeMap<String, Var>,
}

struct Store {
    source: Source,
    trainable: bool,
    device: Device,
    taken: Mutex<Taken>,
}

impl Store {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store of named tensors, seen from one point of the name tree. Cloning and [`Weights::at`] are cheap.
#[derive(Clone)]
pub struct Weights {
    store: Arc<Store>,
    prefix: String,
}

impl Weights {
    fn new(source: Source, trainable: bool, device: &Device) -> Self {
        let store = Store {
            source,
            trainable,
            device: device.clone(),
            taken: Mutex::default(),
        };
        Self {
            store: Arc::new(store),
            prefix: String::new(),
        }
    }

    /// Opens one or several safetensors files (shards of one model) for inference.
    pub fn load<P: AsRef<Path>>(files: &[P], device: &Device) -> Result<Self> {
        Ok(Self::new(Source::Files(open(files)?), false, device))
    }

    /// Opens safetensors files to go on training: every tensor taken becomes a variable.
    pub fn load_trainable<P: AsRef<Path>>(files: &[P], device: &Device) -> Result<Self> {
        Ok(Self::new(Source::Files(open(files)?), true, device))
    }

    /// Opens safetensors files to hold them against a configuration: names, shapes and types are checked, no value is
    /// read, and every tensor taken is a zero that needs no memory.
    pub fn inspect<P: AsRef<Path>>(files: &[P]) -> Result<Self> {
        Ok(Self::new(Source::Headers(open(files)?), false, &Device::Cpu))
    }

    /// Weights that are already in memory, for inference.
    pub fn from_tensors(tensors: BTreeMap<String, Tensor>, device: &Device) -> Self {
        Self::new(Source::Memory(tensors), false, device)
    }

    /// Variables for training from scratch. Each parameter's start depends on the seed, its own name and its
    /// [`Init`] alone, so neither the order of construction nor the device changes it.
    pub fn fresh(seed: u64, device: &Device) -> Self {
        Self::new(Source::Seed(seed), true, device)
    }

    /// The store seen from one level further down: `weights.at("down_blocks").at(0)`.
    pub fn at(&self, level: impl Display) -> Self {
        Self {
            store: self.store.clone(),
            prefix: self.full_name(&level.to_string()),
        }
    }

    /// The device on which tensors are made.
    pub fn device(&self) -> &Device {
        &self.store.device
    }

    /// Where in the name tree this view stands, for messages.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether the source holds this name. Always false for a start from scratch.
    pub fn contains(&self, name: &str) -> bool {
        let name = self.full_name(name);
        match &self.store.source {
            Source::Files(shards) | Source::Headers(shards) => {
                shards.iter().any(|(_, shard)| shard.get(&name).is_ok())
            }
            Source::Memory(tensors) => tensors.contains_key(&name),
            Source::Seed(_) => false,
        }
    }

    /// Takes the tensor with this name, in f32. `init` only matters for a start from scratch.
    pub fn get(&self, name: &str, shape: impl Into<Vec<usize>>, init: Init) -> Result<Tensor> {
        let (name, shape) = (self.full_name(name), shape.into());
        if let Some(variable) = self.store.taken().variables.get(&name) {
            return self.checked(&name, &shape, variable.as_tensor().clone());
        }
        let tensor = match &self.store.source {
            Source::Files(shards) | Source::Headers(shards) => self.read(shards, &name, &shape)?,
            Source::Memory(tensors) => {
                let tensor = tensors.get(&name).ok_or_else(|| self.missing(&name, &shape))?;
                tensor.to_dtype(DType::F32)?.to_device(&self.store.device)?
            }
            Source::Seed(seed) => start(*seed, &name, &shape, init, &self.store.device)?,
        };
        let tensor = self.checked(&name, &shape, tensor)?;
        let mut taken = self.store.taken();
        if taken.names.insert(name.clone()) {
            taken.parameters += tensor.elem_count() as u64;
        }
        if !self.store.trainable {
            return Ok(tensor);
        }
        let variable = Var::from_tensor(&tensor)?;
        let tensor = variable.as_tensor().clone();
        taken.variables.insert(name, variable);
        Ok(tensor)
    }

    /// Every variable taken so far from the whole store (not only below this view), by full name.
    pub fn named_vars(&self) -> BTreeMap<String, Var> {
        self.store.taken().variables.clone()
    }

    /// Values in all tensors taken so far from the whole store.
    pub fn parameters(&self) -> u64 {
        self.store.taken().parameters
    }

    /// Names that the source holds and no network has asked for, sorted. Worth a notice: a model that carries more
    /// than its configuration names is seldom the model one thinks it is.
    pub fn unused(&self) -> Vec<String> {
        let taken = self.store.taken();
        let held: BTreeSet<String> = match &self.store.source {
            Source::Files(shards) | Source::Headers(shards) => shards
                .iter()
                .flat_map(|(_, shard)| shard.tensors())
                .map(|(name, _)| name)
                .collect(),
            Source::Memory(tensors) => tensors.keys().cloned().collect(),
            Source::Seed(_) => BTreeSet::new(),
        };
        held.difference(&taken.names).cloned().collect()
    }

    /// Writes the variables as safetensors (see [`save_tensors`]).
    pub fn save(&self, path: &Path, precision: DType) -> Result<()> {
        let tensors = self
            .named_vars()
            .into_iter()
            .map(|(name, variable)| (name, variable.as_detached_tensor()));
        save_tensors(&tensors.collect(), path, precision)
    }

    fn full_name(&self, name: &str) -> String {
        if self.prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.prefix)
        }
    }

    fn origin(&self) -> String {
        match &self.store.source {
            Source::Files(shards) | Source::Headers(shards) => shards
                .iter()
                .map(|(path, _)| path.display().to_string())
                .collect::<Vec<_>>()
                .join(", "),
            Source::Memory(_) => "the weights in memory".to_owned(),
            Source::Seed(seed) => format!("the start from seed {seed}"),
        }
    }

    fn missing(&self, name: &str, shape: &[usize]) -> DiffusionError {
        DiffusionError::MissingTensor {
            name: name.to_owned(),
            expected: shape.to_vec(),
            files: self.origin(),
        }
    }

    fn checked(&self, name: &str, expected: &[usize], tensor: Tensor) -> Result<Tensor> {
        if tensor.dims() == expected {
            return Ok(tensor);
        }
        Err(DiffusionError::TensorShape {
            name: name.to_owned(),
            expected: expected.to_vec(),
            found: tensor.dims().to_vec(),
            files: self.origin(),
        })
    }

    /// Reads one tensor; shape and type are checked before any byte is copied.
    fn read(
        &self,
        shards: &[(PathBuf, MmapedSafetensors)],
        name: &str,
        expected: &[usize],
    ) -> Result<Tensor> {
        use safetensors::Dtype;
        let found = shards
            .iter()
            .find_map(|(path, shard)| Some((path, shard.get(name).ok()?)));
        let Some((path, view)) = found else {
            return Err(self.missing(name, expected));
        };
        let files = path.display().to_string();
        // Old checkpoints store 1×1 convolutions of attention as linear weights and the other way round; that is a
        // matter of trailing ones, not of other weights.
        let found = view.shape();
        let same =
            found == expected || (squeezed(found) == squeezed(expected) && found.len() != expected.len());
        if !same {
            let (name, expected, found) = (name.to_owned(), expected.to_vec(), found.to_vec());
            return Err(DiffusionError::TensorShape {
                name,
                expected,
                found,
                files,
            });
        }
        if !matches!(view.dtype(), Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64) {
            let (name, found) = (name.to_owned(), format!("{:?}", view.dtype()));
            return Err(DiffusionError::TensorType { name, found, files });
        }
        if matches!(self.store.source, Source::Headers(_)) {
            return Ok(Tensor::zeros(1, DType::F32, &self.store.device)?.broadcast_as(expected)?);
        }
        Ok(view
            .load(&self.store.device)?
            .to_dtype(DType::F32)?
            .reshape(expected)?)
    }
}

/// The shape without the trailing ones of a 1×1 kernel.
fn squeezed(shape: &[usize]) -> &[usize] {
    match shape {
        [rest @ .., 1, 1] if rest.len() == 2 => rest,
        whole => whole,
    }
}

fn open<P: AsRef<Path>>(files: &[P]) -> Result<Vec<(PathBuf, MmapedSafetensors)>> {
    let mut shards = Vec::with_capacity(files.len());
    for file in files {
        let path = file.as_ref();
        // An unreadable path is told apart from an unreadable content.
        std::fs::File::open(path).map_err(DiffusionError::file(path))?;
        // SAFETY: the map is read-only and lives as long as the store. A model file must not be rewritten in place
        // while it is open; the trainer and every downloader that we know of replace files by renaming.
        let shard = unsafe { MmapedSafetensors::new(path) }.map_err(|error| DiffusionError::WeightFile {
            path: path.to_path_buf(),
            reason: error.to_string().lines().next().unwrap_or_default().to_owned(),
        })?;
        shards.push((path.to_path_buf(), shard));
    }
    Ok(shards)
}

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

/// The starting values of one parameter.
fn start(seed: u64, name: &str, shape: &[usize], init: Init, device: &Device) -> Result<Tensor> {
    let count = shape.iter().product();
    let mut stream = Stream::new(seed, name);
    let values: Vec<f32> = match init {
        Init::Zeros => vec![0.0; count],
        Init::Ones => vec![1.0; count],
        Init::Uniform(bound) => (0..count)
            .map(|_| (2.0 * stream.unit() as f32 - 1.0) * bound)
            .collect(),
        Init::Normal(deviation) => (0..count).map(|_| stream.normal() as f32 * deviation).collect(),
    };
    Ok(Tensor::from_vec(values, shape, device)?)
}

/// `SplitMix64` (Steele, Lea and Flood 2014), started from the seed and the FNV-1a hash of the parameter's name.
struct Stream(u64);

impl Stream {
    fn new(seed: u64, name: &str) -> Self {
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ hash)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in (0, 1).
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Standard normal (Box and Muller 1958; the sine half is not used).
    fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.unit(), self.unit());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_depends_on_seed_and_name_only() {
        let first = Weights::fresh(7, &Device::Cpu);
        let second = Weights::fresh(7, &Device::Cpu);
        let a = first.at("a").get("weight", [3, 5], Init::Normal(1.0)).unwrap();
        second.at("b").get("weight", [4], Init::Normal(1.0)).unwrap();
        let again = second.at("a").get("weight", [3, 5], Init::Normal(1.0)).unwrap();
        assert_eq!(
            a.to_vec2::<f32>().unwrap(),
            again.to_vec2::<f32>().unwrap(),
            "order must not matter"
        );
        let other = Weights::fresh(8, &Device::Cpu)
            .at("a")
            .get("weight", [3, 5], Init::Normal(1.0))
            .unwrap();
        assert_ne!(
            a.to_vec2::<f32>().unwrap(),
            other.to_vec2::<f32>().unwrap(),
            "the seed must matter"
        );
    }

    #[test]
    fn what_is_saved_is_read_back_and_the_rest_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        let fresh = Weights::fresh(1, &Device::Cpu);
        let weight = fresh.at("layer").get("weight", [2, 3], Init::kaiming(3)).unwrap();
        fresh.get("spare", [1], Init::Ones).unwrap();
        fresh.save(&path, DType::F32).unwrap();

        let read = Weights::load(&[&path], &Device::Cpu).unwrap();
        let again = read.at("layer").get("weight", [2, 3], Init::Zeros).unwrap();
        assert_eq!(weight.to_vec2::<f32>().unwrap(), again.to_vec2::<f32>().unwrap());
        assert_eq!(read.unused(), ["spare"], "tensors nobody asked for are listed");
        assert!(read.named_vars().is_empty(), "inference makes no variables");

        let shape = read
            .at("layer")
            .get("weight", [3, 2], Init::Zeros)
            .unwrap_err()
            .to_string();
        assert!(
            shape.contains("layer.weight") && shape.contains("[3, 2]") && shape.contains("[2, 3]"),
            "{shape}"
        );
        assert!(shape.contains("weights.safetensors"), "{shape}");
        let missing = read.get("other", [4], Init::Zeros).unwrap_err().to_string();
        assert!(
            missing.contains("`other`") && missing.contains("[4]"),
            "{missing}"
        );
    }

    #[test]
    fn half_precision_is_widened_and_variables_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("half.safetensors");
        let fresh = Weights::fresh(1, &Device::Cpu);
        fresh.get("weight", [64], Init::Normal(1.0)).unwrap();
        fresh.save(&path, DType::F16).unwrap();
        let read = Weights::load_trainable(&[&path], &Device::Cpu).unwrap();
        assert_eq!(read.get("weight", [64], Init::Zeros).unwrap().dtype(), DType::F32);
        assert_eq!(read.named_vars().keys().collect::<Vec<_>>(), ["weight"]);
    }

    #[test]
    fn a_file_that_is_no_safetensors_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.bin");
        std::fs::write(&path, b"PK\x03\x04 a pickle in a zip archive").unwrap();
        let error = Weights::load(&[&path], &Device::Cpu).err().unwrap().to_string();
        assert!(
            error.contains("model.bin") && error.contains("safetensors"),
            "{error}"
        );
        let absent = Weights::load(&[folder.path().join("none.safetensors")], &Device::Cpu)
            .err()
            .unwrap();
        assert!(absent.to_string().contains("none.safetensors"), "{absent}");
    }
}
