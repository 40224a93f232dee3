//! `log`, `log_verify`, `log_replay`: the hash-chained log of decisions.

use salon_catalog::LogRow;
use salon_domain::DecisionId;

use crate::Studio;
use crate::api::{
    ApiError, LogEntry, LogFault, LogReplay, LogReplayRequest, LogRequest, LogVerification, Nothing,
};

/// Rows given when no limit is named, and the most given at once.
const FEW_ROWS: u32 = 100;
const MOST_ROWS: u32 = 1000;

impl Studio {
    /// Rows of the log, oldest first. What a vote says is left out while its round is open.
    pub fn log(&self, request: LogRequest) -> Result<Vec<LogEntry>, ApiError> {
        let limit = request.limit.unwrap_or(FEW_ROWS);
        if limit > MOST_ROWS {
            return Err(ApiError::invalid_request(format!(
                "{limit} rows at once: ask for at most {MOST_ROWS}"
            )));
        }
        let from = match request.from {
            Some(from) => from,
            None => {
                let count = self.inner.project.decision_count()?;
                DecisionId(i64::from(count.saturating_sub(limit)) + 1)
            }
        };
        let rows = self.inner.project.log(from, limit)?;
        Ok(rows.into_iter().map(entry).collect())
    }

    /// Checks the hash chain from the first row to the last; the first bad row is named.
    pub fn log_verify(&self, _: Nothing) -> Result<LogVerification, ApiError> {
        let check = self.inner.project.check_log()?;
        Ok(LogVerification {
            rows: check.rows,
            head: check.head,
            fault: check.fault.map(|fault| LogFault {
                row: fault.row(),
                why: fault.to_string(),
            }),
        })
    }

    /// Rebuilds the state from the log alone, as it was at a moment or is now.
    pub fn log_replay(&self, request: LogReplayRequest) -> Result<LogReplay, ApiError> {
        let replay = self.inner.project.replay_log(request.at)?;
        Ok(LogReplay {
            rows: replay.rows,
            verdicts: replay.counts.into(),
            digest: replay.digest,
            matches_live: replay.matches_live,
        })
    }
}

/// A row as hosts see it: what a vote says is left out while its round is open.
pub(crate) fn entry(row: LogRow) -> LogEntry {
    let decision = row.decision;
    LogEntry {
        row: decision.id,
        candidate: decision.candidate,
        stage: decision.stage,
        verdict: (!row.secret).then_some(decision.verdict),
        previous: (!row.secret).then_some(decision.previous),
        by: decision.by,
        at: decision.at,
        why: decision.why,
        undoes: decision.undoes,
        gesture: decision.gesture,
        round: decision.round,
        hash: decision.hash,
    }
}
