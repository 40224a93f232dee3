//! Events on their way to hosts: one mailbox per subscriber that holds the latest state, never a growing queue.
//!
//! Posting never waits for a reader. What a reader has not fetched is merged: of states the newest stays, arrivals add
//! up, decisions keep the newest per candidate. A kind is handed out at most 30 times a second; decisions at once,
//! since a hand makes them.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use salon_domain::CandidateId;

use crate::api::{
    Access, AddProgress, ApprovalSummary, Counts, Decided, DescribeProgress, Event, ExportProgress,
    ImportProgress, JudgeStatus, LoreProgress, ModelSummary, PublicationProgress, QueueStatus, WatchedFolder,
};

/// Least time between two events of one kind.
const PACE: Duration = Duration::from_millis(33);

/// Most arrivals and decisions held for a reader that does not come; beyond it the oldest go, and the counts tell.
const MOST_HELD: usize = 8192;

/// Locks, also after a panic elsewhere: every value behind our locks is whole between statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Held {
    added: VecDeque<CandidateId>,
    counts: Counts,
    decided: VecDeque<Decided>,
    queue: Option<QueueStatus>,
    models: Option<Vec<ModelSummary>>,
    access: Option<Access>,
    approved: VecDeque<ApprovalSummary>,
    export: Option<ExportProgress>,
    add: Option<AddProgress>,
    publication: Option<PublicationProgress>,
    import: Option<ImportProgress>,
    /// Imports that have ended: the end of each is told.
    imported: VecDeque<ImportProgress>,
    folders: Option<Vec<WatchedFolder>>,
    judge: Option<JudgeStatus>,
    lore: Option<LoreProgress>,
    describing: Option<DescribeProgress>,
    /// Whether something of a round changed.
    rounds: bool,
    /// Whether the schema or something of traits changed.
    traits: bool,
    /// When arrivals, queue, the six kinds of progress, rounds and traits were handed out last.
    handed: [Option<Instant>; 10],
    closed: bool,
}

/// How many verdicts and marks a gesture changed.
fn touched(decided: &Decided) -> usize {
    decided.changes.len() + decided.marks.len()
}

/// Whether two gestures changed the same of the same candidate.
fn same(one: &Decided, other: &Decided) -> bool {
    one.candidate == other.candidate && one.marks.len() == other.marks.len()
}

struct Mailbox {
    held: Mutex<Held>,
    filled: Condvar,
}

/// Hands events to every subscriber.
#[derive(Default)]
pub(crate) struct Events {
    mailboxes: Mutex<Vec<std::sync::Weak<Mailbox>>>,
}

/// Receives the studio's events. Dropping it ends the subscription.
pub struct Subscription {
    mailbox: Arc<Mailbox>,
}

impl Events {
    /// A new reader, who starts with `queue`.
    pub(crate) fn subscribe(&self, queue: QueueStatus) -> Subscription {
        let held = Held {
            queue: Some(queue),
            ..Held::default()
        };
        let mailbox = Arc::new(Mailbox {
            held: Mutex::new(held),
            filled: Condvar::new(),
        });
        lock(&self.mailboxes).push(Arc::downgrade(&mailbox));
        Subscription { mailbox }
    }

    fn each(&self, change: impl Fn(&mut Held)) {
        lock(&self.mailboxes).retain(|mailbox| {
            let Some(mailbox) = mailbox.upgrade() else {
                return false;
            };
            change(&mut lock(&mailbox.held));
            mailbox.filled.notify_all();
            true
        });
    }

    pub(crate) fn candidates_added(&self, ids: &[CandidateId], counts: Counts) {
        self.each(|held| {
            held.added.extend(ids);
            let surplus = held.added.len().saturating_sub(MOST_HELD);
            held.added.drain(..surplus);
            held.counts = counts;
        });
    }

    pub(crate) fn decided(&self, decided: &Decided) {
        self.each(|held| {
            // A candidate that was decided alone, and is decided alone again: the newer says all.
            if touched(decided) == 1 {
                held.decided
                    .retain(|other| touched(other) > 1 || !same(other, decided));
            }
            held.decided.push_back(decided.clone());
            let mut surplus = held.decided.iter().map(touched).sum::<usize>();
            while surplus > MOST_HELD && held.decided.len() > 1 {
                surplus -= held.decided.pop_front().as_ref().map_or(0, touched);
            }
        });
    }

    pub(crate) fn queue(&self, status: &QueueStatus) {
        self.each(|held| held.queue = Some(status.clone()));
    }

    pub(crate) fn access(&self, access: &Access) {
        self.each(|held| held.access = Some(access.clone()));
    }

    pub(crate) fn models(&self, models: &[ModelSummary]) {
        self.each(|held| held.models = Some(models.to_vec()));
    }

    pub(crate) fn approved(&self, approval: &ApprovalSummary) {
        self.each(|held| held.approved.push_back(approval.clone()));
    }

    pub(crate) fn export_progress(&self, progress: &ExportProgress) {
        self.each(|held| held.export = Some(progress.clone()));
    }

    pub(crate) fn publication_progress(&self, progress: &PublicationProgress) {
        self.each(|held| held.publication = Some(progress.clone()));
    }

    pub(crate) fn add_progress(&self, progress: &AddProgress) {
        self.each(|held| held.add = Some(progress.clone()));
    }

    pub(crate) fn import_progress(&self, progress: &ImportProgress) {
        self.each(|held| {
            if progress.done {
                held.import = None;
                if held.imported.len() == MOST_HELD {
                    held.imported.pop_front();
                }
                held.imported.push_back(progress.clone());
            } else {
                held.import = Some(progress.clone());
            }
        });
    }

    pub(crate) fn watched_folders(&self, folders: &[WatchedFolder]) {
        self.each(|held| held.folders = Some(folders.to_vec()));
    }

    pub(crate) fn rounds(&self) {
        self.each(|held| held.rounds = true);
    }

    pub(crate) fn traits(&self) {
        self.each(|held| held.traits = true);
    }

    pub(crate) fn judge(&self, status: &JudgeStatus) {
        self.each(|held| held.judge = Some(status.clone()));
    }

    pub(crate) fn lore(&self, progress: &LoreProgress) {
        self.each(|held| held.lore = Some(progress.clone()));
    }

    pub(crate) fn describing(&self, progress: &DescribeProgress) {
        self.each(|held| held.describing = Some(progress.clone()));
    }

    /// Tells every reader that nothing will follow.
    pub(crate) fn close(&self) {
        self.each(|held| held.closed = true);
    }
}

impl Subscription {
    /// The next event; none when `timeout` has passed or the studio was closed (see [`Subscription::is_closed`]).
    pub fn next(&self, timeout: Duration) -> Option<Event> {
        let deadline = Instant::now() + timeout;
        let mut held = lock(&self.mailbox.held);
        loop {
            let now = Instant::now();
            let due = match held.take(now) {
                Ok(event) => return Some(event),
                Err(due) => due,
            };
            if held.closed || now >= deadline {
                return None;
            }
            let until = due.map_or(deadline, |due| due.min(deadline));
            let waited = self
                .mailbox
                .filled
                .wait_timeout(held, until.saturating_duration_since(now));
            held = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether the studio was closed: no event will follow those still held.
    pub fn is_closed(&self) -> bool {
        lock(&self.mailbox.held).closed
    }
}

impl IntoIterator for Subscription {
    type Item = Event;
    type IntoIter = Box<dyn Iterator<Item = Event> + Send>;

    /// Every event until the studio is closed; waits for each.
    fn into_iter(self) -> Self::IntoIter {
        Box::new(std::iter::from_fn(move || {
            loop {
                match self.next(Duration::from_mins(1)) {
                    None if self.is_closed() => return None,
                    None => {}
                    some => return some,
                }
            }
        }))
    }
}

impl Held {
    /// The next event that is due, or when one will be.
    fn take(&mut self, now: Instant) -> Result<Event, Option<Instant>> {
        if let Some(access) = self.access.take() {
            return Ok(Event::Access(access));
        }
        if let Some(decided) = self.decided.pop_front() {
            return Ok(Event::Decided(decided));
        }
        if let Some(approval) = self.approved.pop_front() {
            return Ok(Event::Approved(approval));
        }
        if let Some(models) = self.models.take() {
            return Ok(Event::Models { models });
        }
        if let Some(folders) = self.folders.take() {
            return Ok(Event::WatchedFolders { folders });
        }
        if let Some(judge) = self.judge.take() {
            return Ok(Event::Judge(Box::new(judge)));
        }
        // What it brought is told before its end is.
        if self.added.is_empty()
            && let Some(progress) = self.imported.pop_front()
        {
            return Ok(Event::ImportProgress(progress));
        }
        let waiting = [
            !self.added.is_empty(),
            self.queue.is_some(),
            self.export.is_some(),
            self.add.is_some(),
            self.import.is_some(),
            self.rounds,
            self.traits,
            self.lore.is_some(),
            self.describing.is_some(),
            self.publication.is_some(),
        ];
        let mut next: Option<Instant> = None;
        for (kind, waits) in waiting.into_iter().enumerate() {
            if !waits {
                continue;
            }
            let due = self.handed[kind].map_or(now, |last| last + PACE);
            if due > now {
                next = Some(next.map_or(due, |other| other.min(due)));
                continue;
            }
            self.handed[kind] = Some(now);
            let event = match kind {
                0 => Some(Event::CandidatesAdded {
                    ids: self.added.drain(..).collect(),
                    counts: self.counts,
                }),
                1 => self.queue.take().map(Event::Queue),
                2 => self.export.take().map(Event::ExportProgress),
                3 => self.add.take().map(Event::AddProgress),
                4 => self.import.take().map(Event::ImportProgress),
                5 => std::mem::take(&mut self.rounds).then_some(Event::Rounds),
                6 => std::mem::take(&mut self.traits).then_some(Event::Traits),
                7 => self.lore.take().map(|progress| Event::Lore(Box::new(progress))),
                8 => self
                    .describing
                    .take()
                    .map(|progress| Event::Describing(Box::new(progress))),
                _ => self.publication.take().map(Event::PublicationProgress),
            };
            if let Some(event) = event {
                return Ok(event);
            }
        }
        Err(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::VerdictChange;
    use salon_domain::{DecisionId, Verdict};

    fn idle() -> QueueStatus {
        QueueStatus {
            paused: false,
            runs: vec![],
            current: None,
            fault: None,
        }
    }

    #[test]
    fn a_reader_that_comes_late_gets_the_latest_state_and_every_arrival_once() {
        let events = Events::default();
        let reader = events.subscribe(idle());
        for round in 0..100 {
            events.queue(&QueueStatus {
                paused: round % 2 == 1,
                ..idle()
            });
            events.candidates_added(
                &[CandidateId(round)],
                Counts {
                    all: round as u32 + 1,
                    ..Counts::default()
                },
            );
        }
        let expected: Vec<_> = (0..100).map(CandidateId).collect();
        match reader.next(Duration::ZERO) {
            Some(Event::CandidatesAdded { ids, counts }) => {
                assert_eq!(
                    (ids, counts.all),
                    (expected, 100),
                    "arrivals are merged into one event, in order"
                );
            }
            other => panic!("arrivals should come first, not {other:?}"),
        }
        assert_eq!(
            reader.next(Duration::ZERO),
            Some(Event::Queue(QueueStatus {
                paused: true,
                ..idle()
            })),
            "of queue states only the newest is handed out"
        );
        assert_eq!(reader.next(Duration::ZERO), None, "nothing is told twice");
    }

    #[test]
    fn decisions_keep_the_newest_of_each_candidate() {
        let events = Events::default();
        let reader = events.subscribe(idle());
        let decided = |candidate, row, verdict| Decided {
            decision: Some(DecisionId(row)),
            candidate: CandidateId(candidate),
            verdict,
            changes: vec![VerdictChange {
                candidate: CandidateId(candidate),
                verdict,
                decision: DecisionId(row),
            }],
            marks: vec![],
            traits: vec![],
            kept: vec![],
            counts: Counts::default(),
        };
        events.decided(&decided(1, 1, Verdict::Accepted));
        events.decided(&decided(2, 2, Verdict::Accepted));
        events.decided(&decided(1, 3, Verdict::Rejected));
        let heard: Vec<_> = std::iter::from_fn(|| reader.next(Duration::ZERO))
            .filter_map(|event| {
                if let Event::Decided(decided) = event {
                    decided.decision
                } else {
                    None
                }
            })
            .collect();
        assert_eq!(
            heard,
            [DecisionId(2), DecisionId(3)],
            "candidate 1's first verdict no longer holds"
        );
    }

    #[test]
    fn closing_ends_the_wait() {
        let events = Events::default();
        let reader = events.subscribe(idle());
        events.close();
        assert!(
            matches!(reader.next(Duration::from_mins(1)), Some(Event::Queue(_))),
            "what is held still comes"
        );
        assert_eq!(
            reader.next(Duration::from_mins(1)),
            None,
            "a closed studio keeps nobody waiting"
        );
        assert!(reader.is_closed(), "and says so");
    }
}
