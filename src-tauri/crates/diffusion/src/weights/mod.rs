//! Weights by name: one type for reading a model, starting one from scratch and going on training one.
//!
//! Networks ask for tensors by the names that diffusers and transformers give them and say which shape they expect.
//! Where the tensors come from (safetensors or GGUF files, a map in memory, a seeded start) is decided by whoever
//! makes the store, and so is which LoRAs are merged into them on the way ([`Weights::adapted`]).
//!
//! On the processor everything is computed in f32. f16 and bf16 tensors of small models are widened when they are read.
//! Where the files hold more than [`KEPT_ABOVE`] bytes, large tensors stay as they are stored and are widened when used
//! ([`widened`]): half the memory, and the same bits, because every f16 and bf16 number is an f32 number. A network that
//! is computed in f16 ([`Weights::computed_in`]), as accelerators do it fastest, is handed all its tensors so.
//!
//! A tensor that was read from a file and is asked for again, by a network that is built anew with other LoRAs, is the
//! one that the first network holds: only what LoRAs change is in memory twice for a moment.

mod family;
mod file;
mod gguf;
mod init;
mod sniff;
mod widen;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use candle_core::{DType, Device, Tensor, Var};

use crate::error::{DiffusionError, Result};
use crate::lora::Adapters;
pub use family::Family;
pub(crate) use file::{Kind, Selection, Stored, WeightFile};
pub use init::Init;
use init::start;
pub use sniff::{Contents, Sniffed, sniff};
pub use widen::{fitted, widened};
pub use write::save_tensors;
pub(crate) use write::write_whole;

/// Bytes of weight files above which f16 and bf16 tensors are kept as they are stored.
pub const KEPT_ABOVE: u64 = 512 << 20;

/// One network of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The denoiser.
    UNet,
    /// Pictures to latents and back.
    Vae,
    /// The only text encoder, or the first of two.
    TextEncoder,
    /// The second text encoder of SDXL; the only one of its refiner.
    TextEncoder2,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::UNet, Self::Vae, Self::TextEncoder, Self::TextEncoder2];

    /// The folder of this part in the layout of diffusers.
    pub fn folder(self) -> &'static str {
        match self {
            Self::UNet => "unet",
            Self::Vae => "vae",
            Self::TextEncoder => "text_encoder",
            Self::TextEncoder2 => "text_encoder_2",
        }
    }
}

/// Where a tensor that can be asked for lies.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Index into [`Files::open`].
    pub file: usize,
    /// Its name in the file.
    pub stored: String,
    /// What of it.
    pub selection: Selection,
}

/// Open files and the tensors that can be asked for from them.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub open: Vec<Arc<WeightFile>>,
    pub entries: BTreeMap<String, Entry>,
}

impl Files {
    /// Every tensor under its own name; the first file that holds a name wins.
    fn plain<P: AsRef<Path>>(paths: &[P]) -> Result<Self> {
        let mut files = Self::default();
        for path in paths {
            let file = WeightFile::open(path.as_ref())?;
            for name in file.tensors.keys() {
                files.entries.entry(name.clone()).or_insert_with(|| Entry {
                    file: files.open.len(),
                    stored: name.clone(),
                    selection: Selection::Whole,
                });
            }
            files.open.push(Arc::new(file));
        }
        Ok(files)
    }

    fn find(&self, name: &str) -> Option<(&WeightFile, &Stored, &Entry)> {
        let entry = self.entries.get(name)?;
        let file = &self.open[entry.file];
        Some((file, file.tensors.get(&entry.stored)?, entry))
    }

    fn bytes(&self) -> u64 {
        self.open.iter().map(|file| file.length).sum()
    }
}

enum Source {
    Files(Files),
    /// The same, of which only names, shapes and types are looked at.
    Headers(Files),
    Memory(BTreeMap<String, Tensor>),
    Seed(u64),
}

#[derive(Default)]
struct Taken {
    names: BTreeSet<String>,
    parameters: u64,
    variables: BTreeMap<String, Var>,
    /// Tensors as the files hold them, by name, whether they were widened and whether f32 is computed in; those that a
    /// LoRA changes are not kept.
    shared: BTreeMap<(String, bool, bool), Tensor>,
}

struct Store {
    source: Source,
    trainable: bool,
    /// Whether f16 and bf16 tensors may stay as they are stored.
    keeps_half: bool,
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
    adapters: Option<(Arc<Adapters>, Part)>,
    computed_in: DType,
}

impl Weights {
    fn new(source: Source, trainable: bool, device: &Device) -> Self {
        let large = matches!(&source, Source::Files(files) if files.bytes() > KEPT_ABOVE);
        let store = Store {
            source,
            trainable,
            keeps_half: large && !trainable,
            device: device.clone(),
            taken: Mutex::default(),
        };
        Self {
            store: Arc::new(store),
            prefix: String::new(),
            adapters: None,
            computed_in: DType::F32,
        }
    }

    /// Opens one or several weight files (shards of one model) for inference.
    pub fn load<P: AsRef<Path>>(files: &[P], device: &Device) -> Result<Self> {
        Ok(Self::new(Source::Files(Files::plain(files)?), false, device))
    }

    /// Opens weight files to go on training: every tensor taken becomes a variable.
    pub fn load_trainable<P: AsRef<Path>>(files: &[P], device: &Device) -> Result<Self> {
        Ok(Self::new(Source::Files(Files::plain(files)?), true, device))
    }

    /// Opens weight files to hold them against a configuration: names, shapes and types are checked, no value is
    /// read, and every tensor taken is a zero that needs no memory.
    pub fn inspect<P: AsRef<Path>>(files: &[P]) -> Result<Self> {
        Ok(Self::new(
            Source::Headers(Files::plain(files)?),
            false,
            &Device::Cpu,
        ))
    }

    /// Tensors of open files under other names, to be read, or with no device to be inspected.
    pub(crate) fn renamed(files: Files, device: Option<&Device>) -> Self {
        match device {
            Some(device) => Self::new(Source::Files(files), false, device),
            None => Self::new(Source::Headers(files), false, &Device::Cpu),
        }
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
            adapters: self.adapters.clone(),
            computed_in: self.computed_in,
        }
    }

    /// The same store with the LoRAs of one part merged into every tensor that is asked for. The store itself stays
    /// as it is, so building the network from it again gives the stored bits. Variables of a training are not adapted.
    #[must_use]
    pub fn adapted(&self, adapters: &Arc<Adapters>, part: Part) -> Self {
        Self {
            adapters: Some((adapters.clone(), part)),
            ..self.clone()
        }
    }

    /// The same store for a network that is computed in this type. Everything but f32 is for inference only: LoRAs are
    /// merged in f32 first, and variables of a training stay f32.
    #[must_use]
    pub fn computed_in(&self, precision: DType) -> Self {
        Self {
            computed_in: precision,
            ..self.clone()
        }
    }

    /// The type that a network built from this view computes in.
    pub fn precision(&self) -> DType {
        if self.store.trainable {
            DType::F32
        } else {
            self.computed_in
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
        self.shape(name).is_some()
    }

    /// The shape of a tensor in the source; `None` where it holds none of this name, and for a start from scratch.
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        let name = self.full_name(name);
        match &self.store.source {
            Source::Files(files) | Source::Headers(files) => {
                let (_, stored, entry) = files.find(&name)?;
                Some(entry.selection.shape(&stored.shape))
            }
            Source::Memory(tensors) => Some(tensors.get(&name)?.dims().to_vec()),
            Source::Seed(_) => None,
        }
    }

    /// Full names of everything that the whole source holds (not only below this view), sorted.
    pub fn names(&self) -> BTreeSet<String> {
        match &self.store.source {
            Source::Files(files) | Source::Headers(files) => files.entries.keys().cloned().collect(),
            Source::Memory(tensors) => tensors.keys().cloned().collect(),
            Source::Seed(_) => BTreeSet::new(),
        }
    }

    /// Takes the tensor with this name, in the type that is computed in. `init` only matters for a start from scratch.
    pub fn get(&self, name: &str, shape: impl Into<Vec<usize>>, init: Init) -> Result<Tensor> {
        self.take(name, &shape.into(), init, true)
    }

    /// The same, but in f16 or bf16 where the tensor is stored so and the files are large: to be [`fitted`] on use.
    pub fn get_stored(&self, name: &str, shape: impl Into<Vec<usize>>, init: Init) -> Result<Tensor> {
        self.take(name, &shape.into(), init, !self.store.keeps_half)
    }

    fn take(&self, name: &str, shape: &[usize], init: Init, wide: bool) -> Result<Tensor> {
        let name = self.full_name(name);
        if let Some(variable) = self.store.taken().variables.get(&name) {
            return self.checked(&name, shape, variable.as_tensor().clone());
        }
        let tensor = match &self.store.source {
            Source::Files(files) | Source::Headers(files) => self.read(files, &name, shape, wide)?,
            Source::Memory(tensors) => {
                let tensor = tensors.get(&name).ok_or_else(|| self.missing(&name, shape))?;
                let tensor = tensor.to_dtype(DType::F32)?;
                self.placed(&self.merged(&name, self.checked(&name, shape, tensor)?)?)?
            }
            Source::Seed(seed) => start(*seed, &name, shape, init, &self.store.device)?,
        };
        let tensor = self.checked(&name, shape, tensor)?;
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
        self.names()
            .difference(&self.store.taken().names)
            .cloned()
            .collect()
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
            Source::Files(files) | Source::Headers(files) => files
                .open
                .iter()
                .map(|file| file.path.display().to_string())
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

    /// Reads one tensor; shape and type are checked before any byte is read.
    fn read(&self, files: &Files, name: &str, expected: &[usize], wide: bool) -> Result<Tensor> {
        let Some((file, stored, entry)) = files.find(name) else {
            return Err(self.missing(name, expected));
        };
        let files = || file.path.display().to_string();
        // Old checkpoints store 1×1 convolutions of attention as linear weights and the other way round; that is a
        // matter of trailing ones, not of other weights.
        let found = entry.selection.shape(&stored.shape);
        let same =
            found == expected || (squeezed(&found) == squeezed(expected) && found.len() != expected.len());
        if !same {
            return Err(DiffusionError::TensorShape {
                name: name.to_owned(),
                expected: expected.to_vec(),
                found,
                files: files(),
            });
        }
        if let Kind::Other(found) = &stored.kind {
            let (name, found) = (name.to_owned(), found.clone());
            return Err(DiffusionError::TensorType {
                name,
                found,
                files: files(),
            });
        }
        if matches!(self.store.source, Source::Headers(_)) {
            return Ok(Tensor::zeros(1, DType::F32, &self.store.device)?.broadcast_as(expected)?);
        }
        let key = (name.to_owned(), wide, self.precision() == DType::F32);
        let shared = self.store.taken().shared.get(&key).cloned();
        if let Some(tensor) = shared.filter(|_| !self.changes(name)) {
            return Ok(tensor);
        }
        let tensor = file.read(&entry.stored, stored, entry.selection, wide)?;
        let tensor = self.placed(&self.merged(name, tensor.reshape(expected)?)?)?;
        let mut taken = self.store.taken();
        if self.changes(name) {
            taken.shared.remove(&key);
        } else if !self.store.trainable {
            taken.shared.insert(key, tensor.clone());
        }
        Ok(tensor)
    }

    /// Whether the LoRAs of this view change a tensor.
    fn changes(&self, name: &str) -> bool {
        let changes = |(adapters, part): &(Arc<Adapters>, Part)| adapters.changes(*part, name);
        self.adapters.as_ref().is_some_and(changes)
    }

    /// The tensor where and as what it is computed with.
    fn placed(&self, tensor: &Tensor) -> Result<Tensor> {
        let tensor = match self.precision() {
            // As it is stored, if it is kept so: widened when it is used.
            DType::F32 => tensor.clone(),
            half => tensor.to_dtype(half)?,
        };
        Ok(tensor.to_device(&self.store.device)?)
    }

    /// The tensor with the LoRAs of this view in it. Only what a LoRA changes is widened for it: the sum is an f32
    /// number, and rounding it to f16 would be another picture.
    fn merged(&self, name: &str, tensor: Tensor) -> Result<Tensor> {
        match &self.adapters {
            Some((adapters, part)) if !self.store.trainable => adapters.merge(*part, name, tensor),
            _ => Ok(tensor),
        }
    }
}

/// The shape without the trailing ones of a 1×1 kernel.
fn squeezed(shape: &[usize]) -> &[usize] {
    match shape {
        [rest @ .., 1, 1] if rest.len() == 2 => rest,
        whole => whole,
    }
}

#[cfg(test)]
mod tests;
