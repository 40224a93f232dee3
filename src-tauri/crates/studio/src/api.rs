//! The one list of commands and events. Hosts carry them; TypeScript is generated from them.

mod types;
mod typescript;

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use salon_domain::CandidateQuery;
use salon_domain::{CandidateId, Strength};
pub use salon_traits::schema::{Schema as TraitSchema, Target as TraitTarget};

pub use types::*;
pub use typescript::typescript;

use crate::Studio;

macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident($request:ty) -> $response:ty;)+) => {
        /// Every command: its name, request type and response type as TypeScript, in the order they are listed.
        fn command_types(config: &ts_rs::Config) -> Vec<(&'static str, String, String)> {
            vec![$((stringify!($name), <$request as TS>::name(config), <$response as TS>::name(config))),+]
        }

        /// Shows `visitor` every type a command takes or gives.
        fn visit_commands(visitor: &mut impl ts_rs::TypeVisitor) {
            $(visitor.visit::<$request>(); visitor.visit::<$response>();)+
        }

        /// Every command's name, in the order they are listed.
        pub const COMMANDS: &[&str] = &[$(stringify!($name)),+];

        fn carry_out(studio: &Studio, name: &str, payload: serde_json::Value) -> Result<serde_json::Value, ApiError> {
            match name {
                $(stringify!($name) => {
                    let request: $request = serde_json::from_value(payload)
                        .map_err(|fault| ApiError::invalid_request(format!("{name}: {fault}")))?;
                    let response: $response = studio.$name(request)?;
                    serde_json::to_value(response).map_err(|fault| ApiError::internal(format!("{name}: {fault}")))
                })+
                _ => Err(ApiError::invalid_request(format!("there is no command `{name}`"))),
            }
        }
    };
}

commands! {
    project_status(Nothing) -> ProjectStatus;
    settings(Nothing) -> Settings;
    change_settings(Settings) -> Settings;
    models(Nothing) -> Vec<ModelSummary>;
    loras(Nothing) -> Vec<LoraSummary>;
    embeddings(Nothing) -> Vec<EmbeddingSummary>;
    wildcards(Nothing) -> Vec<WildcardSummary>;
    check_model(CheckModel) -> ModelSummary;
    add_model(AddModel) -> AddedModel;
    cancel_add(Nothing) -> Nothing;
    remove_model(RemoveModel) -> Nothing;
    resolve_template(ResolveTemplate) -> ResolvedPrompts;
    store_picture(StorePicture) -> StoredPicture;
    import_recipe(ImportRecipe) -> ImportedRecipe;
    import_pictures(ImportPictures) -> ImportStarted;
    import_status(Nothing) -> Option<ImportProgress>;
    cancel_import(Nothing) -> Nothing;
    check_layers(CheckLayers) -> LayersReport;
    import_layers(ImportLayers) -> ImportStarted;
    watched_folders(Nothing) -> Vec<WatchedFolder>;
    watch_folder(WatchFolder) -> Vec<WatchedFolder>;
    unwatch_folder(WatchFolder) -> Vec<WatchedFolder>;
    saved_recipes(Nothing) -> Vec<SavedRecipe>;
    save_recipe(SaveRecipe) -> SavedRecipe;
    remove_recipe(RemoveRecipe) -> Nothing;
    start_run(StartRun) -> RunSummary;
    paint_layers(PaintLayers) -> Vec<RunSummary>;
    rerun(Rerun) -> RunSummary;
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
    candidate_ids(CandidateQuery) -> CandidateIds;
    facets(CandidateQuery) -> Facets;
    saved_views(Nothing) -> Vec<SavedView>;
    save_view(SavedView) -> SavedView;
    remove_view(RemoveView) -> Nothing;
    candidate_rows(CandidateRowsRequest) -> Vec<CandidateRow>;
    candidate(CandidateRequest) -> CandidateDetail;
    list(CandidateQuery) -> Vec<ListedCandidate>;
    decide(Decide) -> Decided;
    decide_many(DecideMany) -> Decided;
    resolve_family(ResolveFamily) -> Decided;
    mark(Mark) -> Decided;
    undo(UndoRequest) -> Decided;
    redo(UndoRequest) -> Decided;
    empty_rejects(EmptyRejects) -> EmptiedRejects;
    set_board(SetBoardRequest) -> SetBoard;
    set_targets(SetTargets) -> SetBoard;
    next_duel(NextDuel) -> Option<Duel>;
    settle_duel(SettleDuel) -> SettledDuel;
    ranking(Nothing) -> Vec<Strength>;
    rarity(RarityRequest) -> RarityReport;
    trait_schema(TraitSchemaRequest) -> TraitSchemaState;
    trait_schemas(Nothing) -> Vec<TraitSchemaVersion>;
    check_trait_schema(CheckTraitSchema) -> TraitSchemaState;
    set_trait_schema(SetTraitSchema) -> TraitSchemaState;
    import_trait_schema(ImportTraitSchema) -> ImportedTraitSchema;
    trait_table(TraitTableRequest) -> TraitTable;
    candidate_traits(CandidateRequest) -> TraitRow;
    set_traits(SetTraits) -> Decided;
    lore(LoreRequest) -> Vec<CandidateLore>;
    write_lore(WriteLore) -> LoreProgress;
    lore_status(Nothing) -> Option<LoreProgress>;
    cancel_lore(Nothing) -> Nothing;
    edit_lore(EditLore) -> CandidateLore;
    mark_lore(MarkLore) -> Vec<CandidateLore>;
    lore_voice(Nothing) -> LoreVoice;
    set_lore_voice(LoreVoice) -> LoreVoice;
    lore_models(Nothing) -> Vec<LoreModel>;
    lore_endpoint(Nothing) -> LoreEndpointStatus;
    set_lore_endpoint(SetLoreEndpoint) -> LoreEndpointStatus;
    tag_traits(TagTraits) -> TagReport;
    captioners(Nothing) -> Vec<CaptionerSummary>;
    describe_pictures(DescribePictures) -> DescribeProgress;
    describe_status(Nothing) -> Option<DescribeProgress>;
    cancel_describing(Nothing) -> Nothing;
    visual_weight(VisualWeightRequest) -> VisualWeightReport;
    balance(BalanceRequest) -> BalanceReport;
    balance_apply(ApplyBalance) -> Decided;
    balance_order(OrderBalance) -> RunSummary;
    judge_status(Nothing) -> JudgeStatus;
    change_judge(JudgeSettings) -> JudgeStatus;
    encoders(Nothing) -> Vec<EncoderSummary>;
    heads(Nothing) -> Vec<HeadSummary>;
    judgement(CandidateRequest) -> Judgement;
    similar(SimilarRequest) -> Vec<SimilarCandidate>;
    families(Nothing) -> Vec<FamilySummary>;
    regret(Nothing) -> RegretMeter;
    coherence(Nothing) -> Vec<SetOutlier>;
    protected_folders(Nothing) -> Vec<ProtectedFolder>;
    protect_folder(ProtectFolder) -> Vec<ProtectedFolder>;
    copy_risks(CopyRiskRequest) -> Vec<CopyRisk>;
    steering(Nothing) -> SteeringReport;
    order_steered(OrderSteered) -> RunSummary;
    curators(Nothing) -> Vec<Curator>;
    add_curator(AddCurator) -> Curator;
    change_curator(ChangeCurator) -> Curator;
    remove_curator(RemoveCurator) -> Nothing;
    sign_in(SignIn) -> Curator;
    sign_out(SignOut) -> Nothing;
    invite(Invite) -> Invited;
    invitations(Nothing) -> Vec<Invitation>;
    revoke_invitation(RevokeInvitation) -> Invitation;
    open_round(OpenRound) -> Round;
    rounds(Nothing) -> Vec<Round>;
    ballot(BallotRequest) -> Ballot;
    vote(CastVote) -> Voted;
    close_round(CloseRound) -> RoundReport;
    round_report(RoundRequest) -> RoundReport;
    decide_tie(DecideTie) -> RoundReport;
    log(LogRequest) -> Vec<LogEntry>;
    log_verify(Nothing) -> LogVerification;
    log_replay(LogReplayRequest) -> LogReplay;
    approve(Approve) -> ApprovalSummary;
    approvals(Nothing) -> Vec<ApprovalSummary>;
    make_masters(MakeMasters) -> MasterSet;
    try_master(TryMaster) -> MasterSample;
    master_sets(Nothing) -> Vec<MasterSet>;
    export(Export) -> ExportReport;
    rebuild_bundle(RebuildBundle) -> ExportReport;
    cancel_export(Nothing) -> Nothing;
    bundles(Nothing) -> Vec<ExportReport>;
    verify(VerifyRequest) -> VerificationReport;
    cid_agreement(CidAgreementRequest) -> CidAgreement;
    bundle_materials(BundleRequest) -> BundleMaterials;
    withdraw_source(WithdrawSource) -> Withdrawal;
    diff_bundles(DiffBundles) -> BundleDiff;
    targets(Nothing) -> Vec<TargetSummary>;
    write_target(WriteTarget) -> TargetReport;
    check_target(CheckTarget) -> TargetReport;
    plan_contract(PlanContract) -> ContractPlan;
    prepare_transaction(PrepareTransaction) -> PreparedTransaction;
    send_transaction(SendTransaction) -> MinedTransaction;
    check_contract(CheckContract) -> ContractReport;
    plan_publication(PlanPublication) -> PublicationPlan;
    publish(Publish) -> Publication;
    resume_publication(ResumePublication) -> Publication;
    cancel_publication(Nothing) -> Nothing;
    publications(Nothing) -> Vec<Publication>;
    forget_publication(ForgetPublication) -> Vec<Publication>;
    set_publication_key(SetPublicationKey) -> PublicationKey;
    verify_gateway(VerifyGateway) -> GatewayReport;
    gateway_checks(Nothing) -> Vec<GatewayCheck>;
}

/// Carries out the command `name`; `payload` is its request as JSON. Blocks while it works. A panic becomes an error.
pub fn dispatch(
    studio: &Studio,
    name: &str,
    payload: serde_json::Value,
) -> Result<serde_json::Value, ApiError> {
    studio.inner.judge.hear();
    let outcome = catch_unwind(AssertUnwindSafe(|| carry_out(studio, name, payload)));
    let outcome = outcome.unwrap_or_else(|panic| Err(ApiError::from_panic(name, panic.as_ref())));
    outcome.inspect_err(|fault| {
        tracing::debug!(command = name, code = ?fault.code, "{fault}");
        if fault.code == ErrorCode::Storage {
            studio.inner.tell_access();
        }
    })
}

/// What the studio tells its hosts without being asked. Coalesced to at most 30 a second of each kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Candidates arrived, in this order.
    CandidatesAdded {
        /// The new ones.
        ids: Vec<CandidateId>,
        /// Counts with them.
        counts: Counts,
    },
    /// A verdict changed (also one's own).
    Decided(Decided),
    /// Whether anything can be written changed: another process came or left, or a disk is full, locked, gone, or well again.
    Access(Access),
    /// Runs, their order or their state changed, or a batch moved on.
    Queue(QueueStatus),
    /// The models folders changed: models, LoRAs, embeddings or wildcards.
    Models {
        /// The models that are there now.
        models: Vec<ModelSummary>,
    },
    /// The judge looked at pictures, learnt, or was set otherwise.
    Judge(Box<JudgeStatus>),
    /// Lore is being written, or that has ended.
    Lore(Box<LoreProgress>),
    /// Pictures are being described, or that has ended.
    Describing(Box<DescribeProgress>),
    /// The copy of a model moved on.
    AddProgress(AddProgress),
    /// A round was opened or closed, a juror is further on, or a tie was decided. What was voted is not told: the
    /// command `rounds` says how things stand.
    Rounds,
    /// The schema was changed, or what is said of traits. What it is now, the commands `trait_schema` and `trait_table` say.
    Traits,
    /// A set was signed.
    Approved(ApprovalSummary),
    /// An export moved on.
    ExportProgress(ExportProgress),
    /// A publication, or a look through a gateway, moved on.
    PublicationProgress(PublicationProgress),
    /// Pictures came in, or an import ended.
    ImportProgress(ImportProgress),
    /// A watched folder was added, taken out, went or came back.
    WatchedFolders {
        /// All of them, as they are now.
        folders: Vec<WatchedFolder>,
    },
}
