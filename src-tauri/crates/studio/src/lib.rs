//! stub
pub mod api;
pub struct Studio;
use api::*;
macro_rules! stub { ($($name:ident($r:ty)->$s:ty;)+) => { impl Studio { $(pub fn $name(&self, _: $r) -> Result<$s, ApiError> { todo!() })+ } } }
stub! {
    project_status(Nothing) -> ProjectStatus;
    settings(Nothing) -> Settings;
    change_settings(Settings) -> Settings;
    models(Nothing) -> Vec<ModelSummary>;
    start_run(StartRun) -> RunSummary;
    runs(Nothing) -> Vec<RunSummary>;
    run_detail(RunRequest) -> RunDetail;
    pause_run(RunRequest) -> RunSummary;
    resume_run(RunRequest) -> RunSummary;
    cancel_run(RunRequest) -> RunSummary;
    retry_run(RunRequest) -> RunSummary;
    put_run_first(RunRequest) -> RunSummary;
    queue_status(Nothing) -> QueueStatus;
    pause_queue(Nothing) -> QueueStatus;
    resume_queue(Nothing) -> QueueStatus;
    candidate_ids(CandidateFilter) -> CandidateIds;
    candidate_rows(CandidateRowsRequest) -> Vec<CandidateRow>;
    candidate(CandidateRequest) -> CandidateDetail;
    list(CandidateFilter) -> Vec<ListedCandidate>;
    decide(Decide) -> Decided;
    undo(UndoRequest) -> Decided;
    redo(UndoRequest) -> Decided;
    approve(Approve) -> ApprovalSummary;
    approvals(Nothing) -> Vec<ApprovalSummary>;
    export(Export) -> ExportReport;
    cancel_export(Nothing) -> Nothing;
    bundles(Nothing) -> Vec<ExportReport>;
    verify(VerifyRequest) -> VerificationReport;
}
