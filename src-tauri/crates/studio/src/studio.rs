//! The open studio: what its verbs share, and its beginning and end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use salon_catalog::Project;
use salon_domain::{CancelToken, CandidateId, Digest, Frame, RunId, Timestamp, Trait};
use salon_layers::LayerSet;

use crate::api::{Access, ApiError, DescribeProgress, ErrorCode, LoreProgress, QueueStatus, RunSummary};
use crate::background::Background;
use crate::beat::Beat;
use crate::events::{Events, Subscription, lock};
use crate::frames::Frames;
use crate::import::{self, Folders, Imports};
use crate::judge::{self, Judge};
use crate::logs::{self, LogFile};
use crate::options::StudioOptions;
use crate::publications::Publishing;
use crate::queue::Queue;
use crate::settings::{LOG_LEVEL, QUEUE_PAUSED, read_or};
use crate::shelf::ModelShelf;
use crate::{access, follow, generator, model_watch, painter};

/// An open project with its generator. Clones share one studio; the last one closes it.
///
/// Every command of [`crate::api`] is a method of the command's name. They may be called from any thread and block while
/// they work; none waits for the generator.
#[derive(Clone)]
pub struct Studio {
    pub(crate) inner: Arc<Inner>,
    life: Arc<Life>,
    /// The guest in whose name alone this one acts.
    pub(crate) acts_for: Option<Arc<str>>,
}

/// What the verbs, the generator and the watchers share.
pub(crate) struct Inner {
    pub(crate) project: Project,
    pub(crate) options: StudioOptions,
    pub(crate) events: Events,
    pub(crate) queue: Queue,
    pub(crate) shelf: ModelShelf,
    pub(crate) frames: Frames,
    pub(crate) judge: Judge,
    /// How far what catches the eye of a picture is gathered, of those that were asked about.
    pub(crate) saliencies: Mutex<BTreeMap<Digest, f32>>,
    /// The words of the house, read when they are first needed.
    words: OnceLock<Option<LayerSet>>,
    /// What generation runs on, asked of the machine once.
    device: OnceLock<String>,
    /// Stops the export being made, if one is.
    pub(crate) export: Mutex<Option<CancelToken>>,
    /// The master that was tried last, under its digest.
    pub(crate) master_sample: Mutex<Option<(Digest, Vec<u8>)>>,
    /// What is being published or looked at through a gateway, and how to stop it.
    pub(crate) publishing: Mutex<Option<Publishing>>,
    /// Pictures that come in from files.
    pub(crate) imports: Imports,
    /// Lore that is being written.
    pub(crate) lore: Arc<Background<LoreProgress>>,
    /// Pictures that are being described.
    pub(crate) describing: Arc<Background<DescribeProgress>>,
    /// The folders whose pictures come in by themselves.
    pub(crate) folders: Folders,
    /// Stops the copy of a model being made, if one is.
    pub(crate) adding: Mutex<Option<CancelToken>>,
    /// Who gave their PIN here.
    pub(crate) signed_in: Mutex<BTreeSet<String>>,
    /// Wrong PINs in a row by name, and when the last was given.
    pub(crate) wrong_pins: Mutex<BTreeMap<String, (u32, Timestamp)>>,
    /// The curator whose name was stored last.
    pub(crate) curator: Mutex<Option<String>>,
    /// The address at which guests find this studio, while it is shared.
    pub(crate) shared_at: Mutex<Option<String>>,
    /// What everybody was told of whether anything can be written.
    pub(crate) told_access: Mutex<Access>,
    _log: Option<LogFile>,
}

/// Ends the threads when the last clone of a studio goes; the threads themselves hold only [`Inner`].
pub(crate) struct Life {
    pub(crate) inner: Arc<Inner>,
    generator: Mutex<Option<JoinHandle<()>>>,
    watch: Mutex<Option<model_watch::Watch>>,
    follow: Mutex<Option<Beat>>,
    access: Mutex<Option<Beat>>,
    folders: Mutex<Option<import::Watch>>,
    judge: Mutex<Option<JoinHandle<()>>>,
}

impl Studio {
    /// Makes a new project in `dir`, which must not exist yet or be empty.
    pub fn create_project(dir: &Path, now: Timestamp) -> Result<(), ApiError> {
        Ok(Project::create(dir, now).map(drop)?)
    }

    /// Opens a project. The queue goes on where it was left, unless the project can only be read. A studio that follows
    /// another begins to write when that one has left.
    pub fn open(options: StudioOptions) -> Result<Self, ApiError> {
        let project = if options.look {
            Project::open_to_look(&options.project)?
        } else {
            Project::open(&options.project)?
        };
        let writable = project.read_only().is_none();
        let level = read_or(&project, LOG_LEVEL, logs::DEFAULT_LEVEL)?;
        let log = (options.logs && writable)
            .then(|| logs::start(project.dir(), &level))
            .flatten();
        tracing::info!(project = %project.dir().display(), writable, "opened");
        let inner = Arc::new(Inner {
            shelf: ModelShelf::new(options.models.clone()).with_wildcards_in(project.dir().to_path_buf()),
            project,
            frames: Frames::draw()?,
            judge: Judge::default(),
            events: Events::default(),
            queue: Queue::default(),
            saliencies: Mutex::default(),
            words: OnceLock::new(),
            device: OnceLock::new(),
            export: Mutex::new(None),
            master_sample: Mutex::new(None),
            publishing: Mutex::new(None),
            imports: Imports::default(),
            lore: Arc::default(),
            describing: Arc::default(),
            folders: Folders::default(),
            adding: Mutex::new(None),
            signed_in: Mutex::default(),
            wrong_pins: Mutex::default(),
            curator: Mutex::new(None),
            shared_at: Mutex::new(None),
            told_access: Mutex::default(),
            _log: log,
            options,
        });
        inner.shelf.hashes().remember(inner.project.file_hashes()?);
        if read_or(&inner.project, QUEUE_PAUSED, "")? == "yes" {
            inner.queue.pause();
        }
        inner.queue.set_runs(inner.waiting_runs()?);
        *lock(&inner.told_access) = inner.access();
        let life = Arc::new(Life {
            inner: Arc::clone(&inner),
            generator: Mutex::new(None),
            watch: Mutex::new(None),
            follow: Mutex::new(None),
            access: Mutex::new(None),
            folders: Mutex::new(None),
            judge: Mutex::new(None),
        });
        if writable {
            life.begin_to_write()?;
        }
        if inner.options.watch {
            *lock(&life.watch) = model_watch::start(&inner);
            *lock(&life.access) = Some(access::watch(&inner).map_err(no_thread)?);
            if !writable {
                *lock(&life.follow) = Some(follow::start(&life).map_err(no_thread)?);
            }
        }
        if inner.options.judge {
            *lock(&life.judge) = Some(judge::start(&inner).map_err(no_thread)?);
        }
        Ok(Self {
            inner,
            life,
            acts_for: None,
        })
    }

    /// Receives events from now on, beginning with the state of the queue.
    pub fn subscribe(&self) -> Subscription {
        self.inner.events.subscribe(self.inner.queue.status())
    }

    /// A candidate's thumbnail: WebP or JPEG. Refused when it was asked for under another picture's frame.
    pub fn read_thumb(&self, id: CandidateId, frame: Option<Frame>) -> Result<Vec<u8>, ApiError> {
        self.inner.judge.hear();
        let picture = self.inner.picture_seen(id, frame)?;
        Ok(self.inner.project.read_stored_thumb(&picture)?)
    }

    /// The thumbnail of a stored picture, a candidate's or one that recipes start from: WebP or JPEG.
    pub fn read_stored_thumb(&self, sha256: &Digest) -> Result<Vec<u8>, ApiError> {
        let project = &self.inner.project;
        if !project.picture_path(sha256).is_file() {
            let message = format!("the picture {sha256} is not in the picture store");
            return Err(ApiError::new(ErrorCode::NotFound, message, &[]));
        }
        Ok(project.read_stored_thumb(sha256)?)
    }

    /// A candidate's picture, as its file is. Refused when it was asked for under another picture's frame.
    pub fn read_picture(&self, id: CandidateId, frame: Option<Frame>) -> Result<Vec<u8>, ApiError> {
        let picture = self.inner.picture_seen(id, frame)?;
        Ok(self.inner.project.read_stored_picture(&picture)?)
    }

    /// The latest preview of a slot being made: a tiny PNG. Not found when it is not being made (any more).
    pub fn read_preview(&self, run: RunId, slot: u32) -> Result<Vec<u8>, ApiError> {
        let preview = self.inner.queue.preview(run, slot).map(|png| png.to_vec());
        preview.ok_or_else(|| {
            ApiError::new(
                ErrorCode::NotFound,
                format!("slot {slot} of run {run} is not being made now"),
                &[],
            )
        })
    }

    /// Waits until nothing is left to make, the queue is paused or `cancel` is set; `report` hears of it about ten
    /// times a second. Gives the fault that stopped the queue, if one did.
    pub fn run_until_idle(
        &self,
        cancel: &CancelToken,
        mut report: impl FnMut(&QueueStatus),
    ) -> Result<(), ApiError> {
        if lock(&self.life.generator).is_none() {
            let message = "this studio makes nothing: it was opened to look or to curate";
            return Err(ApiError::new(
                ErrorCode::ReadOnly,
                message,
                &["Close the other studio, or resume there."],
            ));
        }
        loop {
            let rests = self.inner.queue.wait_for_rest(Duration::from_millis(100));
            let status = self.inner.queue.status();
            report(&status);
            if let Some(fault) = status.fault {
                return Err(fault);
            }
            if rests || cancel.is_cancelled() {
                return Ok(());
            }
        }
    }

    /// Ends the generator and the watchers, waits for them, and tells every subscriber. The batch being made is given
    /// up; the next start makes it again.
    pub fn close(&self) {
        self.life.end();
    }
}

fn no_thread(fault: std::io::Error) -> ApiError {
    ApiError::internal(format!("no thread could be started: {fault}"))
}

impl Life {
    /// Starts what only the studio that writes does.
    fn begin_to_write(&self) -> Result<(), ApiError> {
        let inner = &self.inner;
        if inner.options.generator {
            *lock(&self.generator) = Some(generator::start(Arc::clone(inner)).map_err(no_thread)?);
        }
        if inner.options.watch {
            inner.resume_imports()?;
            *lock(&self.folders) = Some(import::start_watching(inner).map_err(no_thread)?);
        }
        Ok(())
    }

    /// Begins to write where whoever wrote has left; whether it does. Who else writes now is told too.
    pub(crate) fn take_over(&self) -> bool {
        let taken = self.inner.project.take_over();
        let begun = taken.map_err(ApiError::from).and_then(|()| {
            tracing::info!("the other studio has left: this one writes now");
            if read_or(&self.inner.project, QUEUE_PAUSED, "")? == "yes" {
                self.inner.queue.pause();
            }
            self.begin_to_write()?;
            self.inner.runs_changed()
        });
        self.inner.tell_access();
        match begun {
            Ok(_) => true,
            Err(fault) => {
                if fault.code != ErrorCode::ReadOnly {
                    tracing::warn!("this studio does not write: {fault}");
                }
                self.inner.project.read_only().is_none()
            }
        }
    }

    fn end(&self) {
        // First of all: nobody begins anything any more.
        drop(lock(&self.follow).take());
        self.inner.queue.close();
        let generator = lock(&self.generator).take();
        if let Some(generator) = generator {
            let _ = generator.join();
        }
        drop(lock(&self.watch).take());
        drop(lock(&self.access).take());
        drop(lock(&self.folders).take());
        if let Some(publishing) = &*lock(&self.inner.publishing) {
            publishing.cancel.cancel();
        }
        self.inner.imports.close();
        self.inner.lore.close();
        self.inner.describing.close();
        self.inner.events.close();
        self.inner.judge.end();
        let judge = lock(&self.judge).take();
        if let Some(judge) = judge {
            let _ = judge.join();
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.end();
    }
}

impl Inner {
    pub(crate) fn now(&self) -> Timestamp {
        (self.options.clock)()
    }

    pub(crate) fn device_name(&self) -> String {
        self.device
            .get_or_init(|| painter::device_name(self.options.device))
            .clone()
    }

    /// The runs that have not ended, in the order they will be made.
    pub(crate) fn waiting_runs(&self) -> Result<Vec<RunSummary>, ApiError> {
        let mut runs: Vec<RunSummary> = self
            .project
            .runs()?
            .into_iter()
            .filter(|record| record.place.is_some())
            .map(RunSummary::from)
            .collect();
        runs.sort_by_key(|run| run.place);
        Ok(runs)
    }

    /// Reads the runs again after a command changed them, tells everybody, and lets the generator look.
    pub(crate) fn runs_changed(&self) -> Result<QueueStatus, ApiError> {
        self.queue.set_runs(self.waiting_runs()?);
        Ok(self.tell_queue())
    }

    pub(crate) fn tell_queue(&self) -> QueueStatus {
        let status = self.queue.status();
        self.events.queue(&status);
        status
    }

    /// The traits that a prompt names in the words of the house; none where there is no house.
    pub(crate) fn traits_named_by(&self, prompt: &str) -> Vec<Trait> {
        let words = self.words.get_or_init(|| {
            let folder = self.options.layers.as_deref()?;
            LayerSet::load(folder)
                .inspect_err(|fault| tracing::warn!("prompts name no traits: {fault}"))
                .ok()
        });
        words
            .as_ref()
            .map_or_else(Vec::new, |words| words.parse_caption(prompt))
    }
}
