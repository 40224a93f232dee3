//! What the tests share: a folder with a tiny model of random weights, and projects beside it.
#![allow(dead_code)] // Each test binary uses its own part of this.

use std::path::{Path, PathBuf};

use salon_domain::{CancelToken, CandidateId};
use salon_studio::api::StartRun;
use salon_studio::{DevicePreference, Studio, StudioOptions};
use salon_testkit::TempProject;
use tempfile::TempDir;

/// A folder with a tiny model, and projects beside it.
pub struct Bench {
    folder: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("models/tiny");
        std::fs::create_dir_all(&model).unwrap();
        salon_diffusion::testing::write_tiny_model(&model, 7).unwrap();
        Self { folder }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file below the bench's folder.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let file = self.folder().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }

    pub fn options(&self, project: &str, batch: usize) -> StudioOptions {
        let project: PathBuf = self.folder.path().join(project);
        if !project.exists() {
            Studio::create_project(&project, salon_testkit::FixedClock::START).unwrap();
        }
        let mut options = StudioOptions::new(project);
        options.models = vec![self.folder.path().join("models")];
        options.layers = None;
        options.device = DevicePreference::Cpu;
        options.batch = batch;
        options.logs = false;
        options
    }

    pub fn open(&self, project: &str, batch: usize) -> Studio {
        Studio::open(self.options(project, batch)).unwrap()
    }
}

/// An order of `count` tiny pictures.
pub fn order(count: u32, seed: u64) -> StartRun {
    StartRun {
        model: "tiny".into(),
        prompt: "a fox with a gold crown".into(),
        negative_prompt: "an owl".into(),
        steps: Some(3),
        guidance: Some(2.0),
        width: Some(64),
        height: Some(64),
        count,
        seed: Some(seed),
        ..StartRun::default()
    }
}

/// Waits until nothing is left to make.
pub fn rest(studio: &Studio) {
    studio.run_until_idle(&CancelToken::new(), |_| ()).unwrap();
}

/// A project of `count` candidates that nothing generated, and a studio that curates it by the project's clock.
pub fn planted(count: u32) -> (TempProject, Vec<CandidateId>, Studio) {
    let (mut planted, ids) = TempProject::with_candidates(count);
    planted.close();
    let studio = open(&planted);
    (planted, ids, studio)
}

/// A studio that curates a planted project by its clock.
pub fn open(planted: &TempProject) -> Studio {
    let mut options = StudioOptions::to_curate(planted.dir());
    options.models = vec![planted.beside("models")];
    options.layers = None;
    let clock = planted.clock.clone();
    options.clock = std::sync::Arc::new(move || clock.tick());
    options.seeds = std::sync::Arc::new(|| 7);
    Studio::open(options).unwrap()
}
