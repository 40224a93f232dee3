//! Opening the studio as a command needs it.

use std::path::{Path, PathBuf};

use salon_domain::Timestamp;
use salon_studio::{DevicePreference, Studio, StudioOptions};

use crate::arguments::{Device, Machine, ModelFolders};
use crate::output::Failure;

/// This machine's clock.
pub fn now() -> Timestamp {
    salon_studio::system_time()
}

/// The folders named, else the usual ones.
pub fn model_folders(arguments: &ModelFolders) -> Vec<PathBuf> {
    if arguments.folders.is_empty() {
        salon_studio::default_model_folders()
    } else {
        arguments.folders.clone()
    }
}

/// The folder of layers named, else the house's own.
pub fn art(named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    named
        .or_else(|| StudioOptions::to_curate(PathBuf::new()).layers)
        .ok_or_else(|| {
            Failure::new(
                "not_found",
                "the house's art is not beside this program",
                "Name a folder of layers with --art DIR.",
            )
        })
}

/// A studio that only looks: it keeps nobody from writing.
pub fn to_look(project: &Path) -> Result<Studio, Failure> {
    Ok(Studio::open(StudioOptions::to_look(project))?)
}

/// A studio that looks and decides, and makes nothing.
pub fn to_curate(project: &Path) -> Result<Studio, Failure> {
    Ok(Studio::open(StudioOptions::to_curate(project))?)
}

/// Options of a studio that makes pictures on `machine`.
pub fn options(project: PathBuf, machine: &Machine) -> StudioOptions {
    let mut options = StudioOptions::new(project);
    options.models = model_folders(&machine.models);
    options.device = match machine.device {
        Device::Auto => DevicePreference::Best,
        Device::Cpu => DevicePreference::Cpu,
    };
    if let Some(batch) = machine.batch {
        options.batch = usize::from(batch);
    }
    options
}
