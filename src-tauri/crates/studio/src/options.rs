//! How a studio is opened: where things are, and the clock and chance it lives by.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use salon_domain::{Timestamp, limits};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Draws a run's seed when the artist names none.
pub type SeedSource = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Pictures denoised together on a CPU: more gain little there and make pausing coarser.
pub const CPU_BATCH: usize = 4;

/// What to generate on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DevicePreference {
    /// The accelerator this build knows if the machine has one, else the processor.
    #[default]
    Best,
    /// The processor.
    Cpu,
}

/// How a studio is opened.
#[allow(clippy::struct_excessive_bools)] // Each is one thing to do or leave; no two of them exclude each other.
#[derive(Clone)]
pub struct StudioOptions {
    /// The project folder.
    pub project: PathBuf,
    /// Folders whose sub-folders are models; the first that has a name wins.
    pub models: Vec<PathBuf>,
    /// Trait layers whose words are recognised in prompts.
    pub layers: Option<PathBuf>,
    /// What to generate on.
    pub device: DevicePreference,
    /// Whether only to look: nothing can be written, and nobody else is kept from writing.
    pub look: bool,
    /// Whether to work off the queue; without it a studio only curates.
    pub generator: bool,
    /// Most slots denoised together.
    pub batch: usize,
    /// Whether to watch the models folders, and a project that somebody else writes.
    pub watch: bool,
    /// Whether the judge looks at pictures and learns by itself: for hosts that people sit before.
    pub judge: bool,
    /// Whether to write the project's log file. The first studio of a process that asks for it gets it.
    pub logs: bool,
    /// Tells the time.
    pub clock: Clock,
    /// Draws seeds.
    pub seeds: SeedSource,
}

impl StudioOptions {
    /// Options of a host that lives long: generator, watching and logs on, this machine's clock and chance.
    pub fn new(project: impl Into<PathBuf>) -> Self {
        Self {
            project: project.into(),
            models: default_model_folders(),
            layers: beside_the_program("assets/house"),
            device: DevicePreference::default(),
            look: false,
            generator: true,
            batch: CPU_BATCH,
            watch: true,
            judge: false,
            logs: true,
            clock: Arc::new(system_time),
            seeds: Arc::new(random_seed),
        }
    }

    /// Options of a command that looks and is gone.
    pub fn to_look(project: impl Into<PathBuf>) -> Self {
        Self {
            look: true,
            ..Self::to_curate(project)
        }
    }

    /// Options of a command that decides and is gone: no generator, no watching, no log.
    pub fn to_curate(project: impl Into<PathBuf>) -> Self {
        Self {
            generator: false,
            watch: false,
            logs: false,
            ..Self::new(project)
        }
    }
}

impl fmt::Debug for StudioOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StudioOptions")
            .field("project", &self.project)
            .field("models", &self.models)
            .field("layers", &self.layers)
            .field("device", &self.device)
            .field("look", &self.look)
            .field("generator", &self.generator)
            .field("batch", &self.batch)
            .finish_non_exhaustive()
    }
}

/// This machine's clock.
pub fn system_time() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(since.as_millis() as i64)
}

/// A seed from the operating system, small enough to read aloud (32 bits) and to leave room for any count of slots.
fn random_seed() -> u64 {
    let drawn = getrandom::u32().unwrap_or_else(|_| system_time().0 as u32);
    u64::from(drawn).min(limits::MAX_SEED)
}

/// `models` beside the program (or in a folder above it, as in a checkout), then the user's own.
pub fn default_model_folders() -> Vec<PathBuf> {
    beside_the_program("models")
        .into_iter()
        .chain(user_data_folder().map(|folder| folder.join("models")))
        .collect()
}

/// `relative` in the program's folder or the nearest folder above it that has it, else in the current folder.
fn beside_the_program(relative: &str) -> Option<PathBuf> {
    let program = std::env::current_exe().ok();
    let here = std::env::current_dir().ok();
    let above = |start: &Path| {
        start
            .ancestors()
            .map(|folder| folder.join(relative))
            .find(|path| path.is_dir())
    };
    program
        .as_deref()
        .and_then(Path::parent)
        .and_then(above)
        .or_else(|| here.as_deref().and_then(above))
}

/// Where this system keeps a user's data for programs.
pub(crate) fn user_data_folder() -> Option<PathBuf> {
    let from = |variable: &str| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if cfg!(windows) {
        from("APPDATA").map(|folder| folder.join("Salon"))
    } else if cfg!(target_os = "macos") {
        from("HOME").map(|home| home.join("Library/Application Support/Salon"))
    } else {
        from("XDG_DATA_HOME")
            .or_else(|| from("HOME").map(|home| home.join(".local/share")))
            .map(|data| data.join("salon"))
    }
}
