//! Projects in temporary folders, with candidates that no model had to make.

use std::path::{Path, PathBuf};

use salon_catalog::{FinishedSlot, Project};
use salon_domain::{CandidateId, Run, RunId, Trait};
use tempfile::TempDir;

use crate::{FixedClock, pictures, recipe};

/// Side of planted pictures, in pixels.
const SIDE: u32 = 64;

/// A project in a folder that vanishes with this value.
#[derive(Debug)]
pub struct TempProject {
    // Closed before its folder goes.
    project: Option<Project>,
    folder: TempDir,
    /// The clock behind every planted time.
    pub clock: FixedClock,
}

impl TempProject {
    /// An empty project.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = FixedClock::new();
        let project = Project::create(folder.path().join("Foxes.salon"), clock.now()).expect("a new project");
        Self {
            project: Some(project),
            folder,
            clock,
        }
    }

    /// A project with `count` candidates of one finished run.
    pub fn with_candidates(count: u32) -> (Self, Vec<CandidateId>) {
        let planted = Self::new();
        let run = planted.order(count);
        let candidates = planted.make(run.id, count as usize);
        (planted, candidates)
    }

    /// The open project.
    pub fn project(&self) -> &Project {
        self.project.as_ref().expect("the project is open")
    }

    /// The project folder.
    pub fn dir(&self) -> PathBuf {
        self.folder.path().join("Foxes.salon")
    }

    /// A folder beside the project, for what a test writes.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Closes the project and keeps its folder, for tests that open it otherwise.
    pub fn close(&mut self) {
        self.project = None;
    }

    /// Closes the project and opens it again, as a restart does.
    pub fn reopen(&mut self) -> &Project {
        self.close();
        self.project
            .insert(Project::open(self.dir()).expect("the project opens again"))
    }

    /// Orders a run of `count` pictures.
    pub fn order(&self, count: u32) -> Run {
        self.project()
            .insert_run(&recipe::recipe(1000), count, false, self.clock.tick())
            .expect("a run is ordered")
    }

    /// Makes up to `most` pending slots of `run`, as the generator would: pictures first, then one transaction.
    pub fn make(&self, run: RunId, most: usize) -> Vec<CandidateId> {
        let slots = self.project().slots(run).expect("the run has slots");
        let pending = slots
            .into_iter()
            .filter(|slot| slot.state == salon_domain::SlotState::Pending);
        let finished: Vec<FinishedSlot> = pending
            .take(most)
            .map(|slot| self.finished(slot.index, slot.seed))
            .collect();
        self.project()
            .finish_slots(run, finished, self.clock.tick())
            .expect("slots are finished")
    }

    /// Stores the picture of a slot; the slot stays pending.
    pub fn finished(&self, index: u32, seed: u64) -> FinishedSlot {
        let picture = self
            .project()
            .store_picture(&pictures::png(seed, SIDE), &pictures::thumbnail(seed, SIDE))
            .expect("a picture is stored");
        FinishedSlot {
            index,
            picture,
            traits: vec![
                Trait::new("Background", if seed.is_multiple_of(2) { "teal" } else { "rust" }),
                Trait::new("Species", "fox"),
            ],
            layers: vec![],
            took_ms: 120,
        }
    }

    /// Copies every file of the project as it lies on disk, open or not, to `target`.
    pub fn copy_to(&self, target: &Path) {
        copy_folder(&self.dir(), target);
    }
}

impl Default for TempProject {
    fn default() -> Self {
        Self::new()
    }
}

fn copy_folder(source: &Path, target: &Path) {
    std::fs::create_dir_all(target).expect("a folder to copy to");
    for entry in std::fs::read_dir(source).expect("a folder to copy") {
        let path = entry.expect("a folder entry").path();
        let name = path.file_name().expect("an entry has a name");
        if path.is_dir() {
            copy_folder(&path, &target.join(name));
        } else {
            std::fs::copy(&path, target.join(name)).expect("a file is copied");
        }
    }
}
