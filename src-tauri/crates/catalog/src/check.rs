//! The check that everything repeated for speed says the same as what it was derived from.

use rusqlite::Transaction;

use crate::{Project, Result, decisions, gestures, trait_claims};

/// Each query gives the disagreements it finds, as sentences.
const CHECKS: [&str; 10] = [
    "SELECT 'candidate ' || candidates.id || ' has verdict ' || candidates.verdict || ', its decisions give ' ||
         coalesce(last.verdict, 'undecided')
     FROM candidates LEFT JOIN (
         SELECT candidate, verdict, max(id) FROM decisions WHERE stage = 'pick' GROUP BY candidate
     ) AS last ON last.candidate = candidates.id
     WHERE candidates.verdict <> coalesce(last.verdict, 'undecided') ORDER BY candidates.id",
    "SELECT 'candidate ' || candidates.id || ' has jury verdict ' || candidates.jury_verdict ||
         ', its decisions give ' || coalesce(last.verdict, 'undecided')
     FROM candidates LEFT JOIN (
         SELECT candidate, verdict, max(id) FROM decisions WHERE stage = 'approve' GROUP BY candidate
     ) AS last ON last.candidate = candidates.id
     WHERE candidates.jury_verdict <> coalesce(last.verdict, 'undecided') ORDER BY candidates.id",
    "SELECT candidate_counts.verdict || ' candidates are counted as ' || candidate_counts.count || ', there are ' ||
         (SELECT count(*) FROM candidates WHERE candidates.verdict = candidate_counts.verdict)
     FROM candidate_counts
     WHERE count <> (SELECT count(*) FROM candidates WHERE candidates.verdict = candidate_counts.verdict)",
    "SELECT 'run ' || id || ' tallies ' || done || ' done, ' || failed || ' failed, ' || pending || ' pending; its ' ||
         'slots say otherwise'
     FROM runs LEFT JOIN (
         SELECT run, count(*) AS slots, sum(state = 'done') AS is_done, sum(state = 'failed') AS is_failed,
             sum(state = 'pending') AS is_pending
         FROM slots GROUP BY run
     ) AS found ON found.run = runs.id
     WHERE (slots, is_done, is_failed, is_pending) IS NOT (runs.count, done, failed, pending)",
    "SELECT 'slot ' || slots.slot || ' of run ' || slots.run || ' and its candidate do not name each other'
     FROM slots LEFT JOIN candidates ON candidates.id = slots.candidate
     WHERE slots.state = 'done' AND (candidates.run, candidates.slot, candidates.seed)
         IS NOT (slots.run, slots.slot, slots.seed)",
    "SELECT 'candidate ' || candidates.id || ' came from a slot that does not name it'
     FROM candidates LEFT JOIN slots ON slots.run = candidates.run AND slots.slot = candidates.slot
     WHERE candidates.origin = 'slot' AND slots.candidate IS NOT candidates.id",
    "SELECT 'candidate ' || candidate || ' is marked ' || field || ' ' || now || ', its marks give ' || value
     FROM (
         SELECT candidate, field, marks.value, max(marks.id),
             CASE field WHEN 'stars' THEN stars WHEN 'label' THEN label ELSE note END AS now
         FROM marks JOIN candidates ON candidates.id = marks.candidate GROUP BY candidate, field
     ) WHERE value IS NOT now",
    "SELECT 'decision ' || decisions.id || ' leaves candidate ' || decisions.candidate || ' ' || decisions.verdict ||
         ', but the decision that holds says ' || coalesce(holding.verdict, 'undecided')
     FROM decisions LEFT JOIN decisions AS holding ON holding.id = decisions.holds
     WHERE decisions.gesture IS NOT NULL AND decisions.verdict <> coalesce(holding.verdict, 'undecided')",
    "SELECT 'decision ' || later.id || ' is kept as ' || later.kind || ', which cannot take back a ' || undone.kind
     FROM decisions AS later JOIN decisions AS undone ON undone.id = later.undoes
     WHERE (later.kind = 'undo') = (undone.kind = 'undo')",
    "SELECT trait_type || ' ' || value || ' is counted as ' || count || ', and is had by ' ||
         (SELECT count(*) FROM candidate_traits WHERE trait = trait_values.id)
     FROM trait_values WHERE count <> (SELECT count(*) FROM candidate_traits WHERE trait = trait_values.id)",
];

fn run(transaction: &Transaction<'_>, query: &str) -> rusqlite::Result<Vec<String>> {
    transaction
        .prepare(query)?
        .query_map([], |row| row.get(0))?
        .collect()
}

impl Project {
    /// Rebuilds every derived value (verdicts from decisions, marks, traits, hands, counts, tallies, the two directions between slots and
    /// candidates, the hash chain) and gives the disagreements as sentences; none when all is well.
    pub fn check_derived(&self) -> Result<Vec<String>> {
        self.read(|transaction| {
            let mut found = Vec::new();
            for query in CHECKS {
                found.extend(run(transaction, query)?);
            }
            found.extend(gestures::check_hands(transaction)?);
            found.extend(trait_claims::check(transaction)?);
            if let Err(fault) = decisions::verify(transaction)? {
                found.push(fault.to_string());
            }
            Ok(found)
        })
    }
}
