//! kill -9 while a scripted curator decides: verdicts, stars, labels, notes, families, undo and redo. Whenever the process
//! dies, the project holds exactly what it acknowledged, or that and the whole of the one gesture it was at; the log
//! verifies, and both piles of undo go on from there.
//!
//! The curator is this very test program, started again; it says on its standard output what it is about to do and what
//! was acknowledged. `SALON_KILLS` sets how often it is killed, `SALON_SEED` what it does and when.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a failed check is a panic"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use salon_catalog::{CatalogError, Project};
use salon_domain::{CandidateId, Draws, Label, Seen, Verdict};
use salon_studio::api::{CandidateQuery, DecideMany, ErrorCode, Mark, ResolveFamily, UndoRequest};
use salon_studio::{Studio, StudioOptions};
use salon_testkit::TempProject;
use serde::{Deserialize, Serialize};

/// How often the curator is killed unless `SALON_KILLS` says otherwise.
const KILLS: u64 = 200;
/// How often in one project, one after the other.
const KILLS_PER_PROJECT: u64 = 10;
/// Most gestures acknowledged before a kill.
const MOST_GESTURES: u64 = 12;
/// Longest time between the last of them and the kill: a gesture takes a few milliseconds.
const LONGEST_DELAY: Duration = Duration::from_millis(5);
/// One kill in so many hits the opening, which has the kill before it to mend.
const IN_OPENING: u64 = 8;
/// Longest time after which such a one comes.
const OPENING: Duration = Duration::from_millis(40);

const PROJECT: &str = "SALON_TEST_PROJECT";
const SEED: &str = "SALON_TEST_SEED";
const CURATOR: &str = "Ada";

/// Held to start a process, and shared by whoever has a project open here: what is open at that moment the new process
/// inherits until it has become another program, and with it a project's lock, however long that takes on a busy machine.
static STARTING: RwLock<()> = RwLock::new(());

/// Draws, so that a failing run can be read.
struct Chance(Draws);

impl Chance {
    /// Below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.0.draw() % end
    }

    fn duration(&mut self, longest: Duration) -> Duration {
        Duration::from_micros(self.below(longest.as_micros() as u64))
    }
}

/// What the curator is about to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Wish {
    Verdict(Vec<CandidateId>, Verdict),
    Stars(Vec<CandidateId>, u8),
    Label(Vec<CandidateId>, Label),
    Note(Vec<CandidateId>, String),
    Family(CandidateId),
    Undo,
    Redo,
}

/// What the curator says.
#[derive(Debug, Serialize, Deserialize)]
enum Line {
    About(Wish),
    /// It was acknowledged; these verdicts and so many marks changed.
    Done(Vec<(CandidateId, Verdict)>, usize),
}

fn draw(chance: &mut Chance, ids: &[CandidateId]) -> Wish {
    let one = ids[chance.below(ids.len() as u64) as usize];
    let some: Vec<CandidateId> = match chance.below(3) {
        0 => (0..=chance.below(4))
            .map(|_| ids[chance.below(ids.len() as u64) as usize])
            .collect(),
        _ => vec![one],
    };
    match chance.below(20) {
        0..=2 => Wish::Verdict(some, Verdict::Accepted),
        3..=5 => Wish::Verdict(some, Verdict::Rejected),
        6..=7 => Wish::Verdict(some, Verdict::Undecided),
        8..=9 => Wish::Stars(some, chance.below(6) as u8),
        10 => Wish::Label(some, Label::ALL[chance.below(Label::ALL.len() as u64) as usize]),
        11 => Wish::Note(some, format!("note {}", chance.below(3))),
        12..=13 => Wish::Family(one),
        14..=17 => Wish::Undo,
        _ => Wish::Redo,
    }
}

/// The curator who is killed: decides without end.
#[test]
#[ignore = "the other test starts it"]
fn curator() {
    let (Some(project), Ok(seed)) = (std::env::var_os(PROJECT), std::env::var(SEED)) else {
        return;
    };
    let studio = Studio::open(StudioOptions::to_curate(project)).expect("the project opens");
    let ids = studio
        .candidate_ids(CandidateQuery::default())
        .expect("they are listed")
        .ids;
    let mut chance = Chance(Draws::new(seed.parse().unwrap()));
    loop {
        let wish = draw(&mut chance, &ids);
        say(&Line::About(wish.clone()));
        say(&act(&studio, wish));
    }
}

fn say(line: &Line) {
    let mut out = std::io::stdout().lock();
    // The harness that runs this test may have begun a line.
    writeln!(out, "\n{}", serde_json::to_string(line).unwrap()).expect("whoever started it listens");
    out.flush().unwrap();
}

fn act(studio: &Studio, wish: Wish) -> Line {
    let by = CURATOR.to_owned();
    let seen = |ids: Vec<CandidateId>| -> Vec<Seen> {
        ids.into_iter()
            .map(|candidate| Seen {
                candidate,
                frame: None,
            })
            .collect()
    };
    let mark = |ids, stars, label, note| Mark {
        seen: seen(ids),
        stars,
        label,
        note,
        by: by.clone(),
    };
    let decided = match wish {
        Wish::Verdict(ids, verdict) => studio.decide_many(DecideMany {
            seen: seen(ids),
            verdict,
            by,
            why: String::new(),
        }),
        Wish::Stars(ids, stars) => studio.mark(mark(ids, Some(stars), None, None)),
        Wish::Label(ids, label) => studio.mark(mark(ids, None, Some(label), None)),
        Wish::Note(ids, note) => studio.mark(mark(ids, None, None, Some(note))),
        Wish::Family(candidate) => studio.resolve_family(ResolveFamily {
            candidate,
            frame: None,
            by,
        }),
        Wish::Undo => studio.undo(UndoRequest { by }),
        Wish::Redo => studio.redo(UndoRequest { by }),
    };
    match decided {
        Ok(decided) => {
            let changes = decided.changes.iter();
            Line::Done(
                changes.map(|change| (change.candidate, change.verdict)).collect(),
                decided.marks.len(),
            )
        }
        Err(fault) if fault.code == ErrorCode::NothingToUndo => Line::Done(vec![], 0),
        Err(fault) => panic!("nothing here is to be refused: {fault}"),
    }
}

/// What a candidate wears.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wears {
    verdict: Verdict,
    stars: u8,
    label: Label,
    note: String,
}

/// As every candidate arrives.
const NOTHING: Wears = Wears {
    verdict: Verdict::Undecided,
    stars: 0,
    label: Label::None,
    note: String::new(),
};

/// What one gesture changed: before and after.
type Gesture = Vec<(CandidateId, Wears, Wears)>;

/// What a project should hold, worked out without it.
#[derive(Debug, Clone)]
struct Model {
    wears: BTreeMap<CandidateId, Wears>,
    families: Vec<Vec<CandidateId>>,
    /// Rows of the log.
    log: Vec<(CandidateId, Verdict)>,
    done: Vec<Gesture>,
    undone: Vec<Gesture>,
}

impl Model {
    fn new(ids: &[CandidateId], families: &[Vec<CandidateId>]) -> Self {
        Self {
            wears: ids.iter().map(|&id| (id, NOTHING)).collect(),
            families: families.to_vec(),
            log: vec![],
            done: vec![],
            undone: vec![],
        }
    }

    fn make(&mut self, ids: &[CandidateId], change: impl Fn(CandidateId, &mut Wears)) {
        let mut gesture = Gesture::new();
        let mut named = BTreeSet::new();
        for &id in ids.iter().filter(|id| named.insert(**id)) {
            let before = self.wears[&id].clone();
            let mut after = before.clone();
            change(id, &mut after);
            if after != before {
                gesture.push((id, before, after));
            }
        }
        if !gesture.is_empty() {
            for (id, before, after) in &gesture {
                self.put(*id, before, after);
            }
            self.done.push(gesture);
            self.undone.clear();
        }
    }

    fn put(&mut self, id: CandidateId, from: &Wears, to: &Wears) {
        if from.verdict != to.verdict {
            self.log.push((id, to.verdict));
        }
        self.wears.insert(id, to.clone());
    }

    /// What becomes of the project when the wish is carried out.
    fn follow(&mut self, wish: &Wish) {
        match wish {
            Wish::Verdict(ids, verdict) => self.make(ids, |_, wears| wears.verdict = *verdict),
            Wish::Stars(ids, stars) => self.make(ids, |_, wears| wears.stars = *stars),
            Wish::Label(ids, label) => self.make(ids, |_, wears| wears.label = *label),
            Wish::Note(ids, note) => self.make(ids, |_, wears| wears.note.clone_from(note)),
            Wish::Family(kept) => {
                let mut members = vec![*kept];
                let family = self.families.iter().find(|family| family.contains(kept));
                members.extend(family.into_iter().flatten().filter(|member| *member != kept));
                self.make(&members, |id, wears| {
                    wears.verdict = if id == *kept {
                        Verdict::Accepted
                    } else {
                        Verdict::Rejected
                    };
                });
            }
            Wish::Undo => {
                if let Some(gesture) = self.done.pop() {
                    for (id, before, after) in &gesture {
                        self.put(*id, after, before);
                    }
                    self.undone.push(gesture);
                }
            }
            Wish::Redo => {
                if let Some(gesture) = self.undone.pop() {
                    for (id, before, after) in &gesture {
                        self.put(*id, before, after);
                    }
                    self.done.push(gesture);
                }
            }
        }
    }

    /// Whether the project wears and logs what it should; what differs else.
    fn differs(&self, project: &Project) -> Result<Option<String>, CatalogError> {
        for (&id, should) in &self.wears {
            let found = project.candidate(id)?.candidate;
            let wears = Wears {
                verdict: found.verdict,
                stars: found.stars,
                label: found.label,
                note: found.note,
            };
            if wears != *should {
                return Ok(Some(format!(
                    "candidate {id} wears {wears:?} and should wear {should:?}"
                )));
            }
        }
        let log: Vec<_> = project
            .decisions()?
            .into_iter()
            .map(|row| (row.candidate, row.verdict))
            .collect();
        if log != self.log {
            return Ok(Some(format!(
                "the log has {} rows and should have {}, the last of them {:?}",
                log.len(),
                self.log.len(),
                self.log.last()
            )));
        }
        Ok(None)
    }
}

/// Starts the curator; what it says comes through the pipe.
fn start(project: &Path, seed: u64) -> (Child, BufReader<ChildStdout>) {
    let alone = STARTING.write().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["curator", "--exact", "--ignored", "--nocapture"])
        .env(PROJECT, project)
        .env(SEED, seed.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this program starts again");
    drop(alone);
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

/// The next thing that the curator said; none when it is dead, or when it died in the middle of the line.
fn hear(out: &mut BufReader<ChildStdout>) -> Option<Line> {
    loop {
        let mut text = String::new();
        out.read_line(&mut text).expect("its pipe can be read");
        if !text.ends_with('\n') {
            return None;
        }
        if text.starts_with('{') {
            return Some(serde_json::from_str(&text).expect("it speaks in lines of ours"));
        }
    }
}

/// Follows what the curator says up to the `gestures`-th acknowledgement, or to its end. Gives what it was about to do.
fn listen(
    out: &mut BufReader<ChildStdout>,
    model: &mut Model,
    gestures: Option<u64>,
    about: &mut Option<Wish>,
) -> u64 {
    let mut heard = 0;
    while gestures != Some(heard) {
        match hear(out) {
            None => return heard,
            Some(Line::About(wish)) => *about = Some(wish),
            Some(Line::Done(changes, _)) => {
                let rows = model.log.len();
                model.follow(&about.take().expect("it says what it is about to do"));
                assert_eq!(
                    changes,
                    model.log[rows..],
                    "it acknowledges what was asked, no more and no less"
                );
                heard += 1;
            }
        }
    }
    heard
}

/// A project with families of three and two, and pictures that are alone.
fn planted() -> (TempProject, Vec<CandidateId>, Vec<Vec<CandidateId>>) {
    const PICTURES: [u64; 8] = [1, 1, 1, 2, 2, 3, 4, 5];
    let _open = STARTING.read().unwrap();
    let mut planted = TempProject::new();
    let run = planted.order(PICTURES.len() as u32);
    let finished: Vec<_> = (0..)
        .zip(PICTURES)
        .map(|(index, picture)| planted.finished(index, picture))
        .collect();
    let now = planted.clock.tick();
    let ids = planted.project().finish_slots(run.id, finished, now).unwrap();
    let families = vec![ids[..3].to_vec(), ids[3..5].to_vec()];
    for family in &families {
        let others = planted.project().family_of(family[0]).unwrap();
        assert_eq!(others, family[1..], "the same picture again is family");
    }
    planted.close();
    (planted, ids, families)
}

/// Kills the curator of one project again and again; gives how many gestures were acknowledged.
fn kill_in_one_project(seed: u64, kills: u64) -> u64 {
    let mut chance = Chance(Draws::new(seed));
    let (planted, ids, families) = planted();
    let dir = planted.dir();
    let mut model = Model::new(&ids, &families);
    let mut acknowledged = 0;
    for kill in 0..kills {
        let (mut child, mut out) = start(&dir, chance.0.draw());
        let mut about = None;
        if chance.below(IN_OPENING) == 0 {
            std::thread::sleep(chance.duration(OPENING));
        } else {
            acknowledged += listen(
                &mut out,
                &mut model,
                Some(chance.below(MOST_GESTURES)),
                &mut about,
            );
            std::thread::sleep(chance.duration(LONGEST_DELAY));
        }
        child.kill().expect("it runs until it is killed");
        child.wait().unwrap();
        acknowledged += listen(&mut out, &mut model, None, &mut about);

        let _open = STARTING.read().unwrap();
        let project = Project::open(&dir).expect("the project opens after a kill");
        assert_eq!(project.read_only(), None, "a dead process holds no lock");
        let found = project.check_derived().unwrap();
        assert_eq!(
            found,
            Vec::<String>::new(),
            "seed {seed}, kill {kill}: log, verdicts, marks and piles agree"
        );
        if let Some(differs) = model.differs(&project).unwrap() {
            // The gesture that nobody acknowledged may be there; then all of it is.
            let Some(about) = &about else {
                panic!("seed {seed}, kill {kill}: {differs}, and nothing was under way");
            };
            model.follow(about);
            if let Some(still) = model.differs(&project).unwrap() {
                panic!("seed {seed}, kill {kill}: {differs}; with {about:?} {still}");
            }
        }
    }
    // Everything that was ever done can still be taken back and put back, one gesture at a time.
    let _open = STARTING.read().unwrap();
    let studio = Studio::open(StudioOptions::to_curate(&dir)).unwrap();
    for wish in [Wish::Undo, Wish::Redo] {
        loop {
            let (rows, before) = (model.log.len(), model.done.len());
            model.follow(&wish);
            let Line::Done(changes, _) = act(&studio, wish.clone()) else {
                unreachable!("acting is answered with what was done")
            };
            assert_eq!(
                changes,
                model.log[rows..],
                "seed {seed}: the piles are as high as they should be"
            );
            if model.done.len() == before {
                break;
            }
        }
        let project = Project::open(&dir).unwrap();
        assert_eq!(
            model.differs(&project).unwrap(),
            None,
            "seed {seed}: after all of {wish:?}"
        );
    }
    acknowledged
}

#[test]
fn a_curator_who_is_killed_anywhere_loses_nothing_that_was_acknowledged() {
    let number = |name: &str, usual: u64| {
        std::env::var(name).map_or(usual, |text| {
            text.parse().unwrap_or_else(|_| panic!("{name} is a number"))
        })
    };
    let (kills, seed) = (number("SALON_KILLS", KILLS), number("SALON_SEED", 20_261_123));
    let next = AtomicU64::new(0);
    let acknowledged = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let project = next.fetch_add(1, Ordering::Relaxed);
                    let left = kills.saturating_sub(project * KILLS_PER_PROJECT);
                    if left == 0 {
                        return;
                    }
                    let made = kill_in_one_project(seed + project, left.min(KILLS_PER_PROJECT));
                    acknowledged.fetch_add(made, Ordering::Relaxed);
                }
            });
        }
    });
    let acknowledged = acknowledged.into_inner();
    assert!(
        acknowledged >= kills,
        "the curator did too little to prove anything: {acknowledged} gestures in {kills} kills"
    );
}
