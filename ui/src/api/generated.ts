// Generated from src-tauri/crates/studio/src/api.rs; never edited by hand.
// Regenerate: UPDATE_GENERATED=1 cargo test -p salon-studio --test generated

/** An error as every host shows it. The UI acts on `code`; people read `message` and `hints`. */
export type ApiError = {
  /** What a caller can act on. */
  code: ErrorCode,
  /** What happened, naming the thing. */
  message: string,
  /** What to do next. */
  hints: Array<string>,
};

/** An approved set's row in its project. */
export type ApprovalId = number;

/** A signed set, in short. */
export type ApprovalSummary = {
  /** Its row. */
  id: ApprovalId,
  /** Counting up from 1. */
  version: number,
  /** Who signed. */
  by: string,
  /** When. */
  at: Timestamp,
  /** How many pictures. */
  count: number,
  /** The set's hash. */
  hash: Digest,
  /** Its candidates in collection order. */
  candidates: Array<CandidateId>,
};

/** Signs the accepted candidates off. */
export type Approve = {
  /** Who signs. */
  by: string,
  /** The order to hang them in; arrival order of all accepted candidates when absent. */
  order?: Array<CandidateId>,
};

/** How far the batch in the generator is. */
export type BatchProgress = {
  /** The run it belongs to. */
  run: RunId,
  /** Its slots. */
  slots: Array<number>,
  /** Denoising steps made. */
  step: number,
  /** Denoising steps in all. */
  steps: number,
  /** Whole-batch steps per second, smoothed; 0 while unknown. */
  steps_per_second: number,
  /** Seconds per finished picture, smoothed; 0 while unknown. */
  seconds_per_picture: number,
  /** Seconds until the run is finished; absent while unknown. */
  seconds_left: number | null,
  /** Counts up whenever the previews of `/preview/<run>/<slot>?v=<preview>` change; 0 before the first. */
  preview: number,
};

/** An exported bundle's row in its project. */
export type BundleId = number;

/** A picture in a project, with what is known of it. */
export type Candidate = {
  /** Its row. */
  id: CandidateId,
  /** Where it came from. */
  origin: Origin,
  /** SHA-256 of the PNG file in the picture store. */
  sha256: Digest,
  /** Pixels across. */
  width: number,
  /** Pixels down. */
  height: number,
  /** When it was stored. */
  made_at: Timestamp,
  /** The verdict of the pick stage, derived from the decisions. */
  verdict: Verdict,
  /** Its traits, in schema order. */
  traits: Array<Trait>,
};

/** Everything known of one candidate. */
export type CandidateDetail = {
  /** The candidate. */
  candidate: Candidate,
  /** What it was made with. */
  recipe: Recipe,
  /** How long the slot took, in milliseconds (its share of the batch). */
  took_ms: number,
  /** Its decisions, oldest first. */
  decisions: Array<Decision>,
};

/** Which candidates, in arrival order. */
export type CandidateFilter = {
  /** Only this verdict. */
  verdict?: Verdict,
  /** Only this run. */
  run?: RunId,
};

/** A candidate's row in its project. */
export type CandidateId = number;

/** Ids of the candidates a filter lets through. */
export type CandidateIds = {
  /** In arrival order. */
  ids: Array<CandidateId>,
  /** Counts over the whole project, read in the same transaction. */
  counts: Counts,
};

/** Names a candidate. */
export type CandidateRequest = {
  /** The candidate. */
  id: CandidateId,
};

/** What a grid cell needs; pictures come from `/thumb/<id>` and `/picture/<id>`. */
export type CandidateRow = {
  /** The candidate. */
  id: CandidateId,
  /** Its verdict. */
  verdict: Verdict,
  /** Pixels across. */
  width: number,
  /** Pixels down. */
  height: number,
};

/** Asks for the rows of a visible range. */
export type CandidateRowsRequest = {
  /** At most 2000 ids. */
  ids: Array<CandidateId>,
};

/** Candidates by verdict of the pick stage. */
export type Counts = {
  /** All candidates. */
  all: number,
  /** Without a verdict that holds. */
  undecided: number,
  /** Accepted. */
  accepted: number,
  /** Rejected. */
  rejected: number,
};

/** Sets the verdict of one candidate. */
export type Decide = {
  /** The candidate whose picture was painted when the key went down. */
  candidate: CandidateId,
  /** The verdict. */
  verdict: Verdict,
  /** The curator's name. */
  by: string,
  /** Why, in the curator's words. */
  why?: string,
};

/** What a decision, undo or redo did. It is on disk when this is answered. */
export type Decided = {
  /** The row that was appended; absent when the candidate already had that verdict. */
  decision: DecisionId | null,
  /** The candidate to return to. */
  candidate: CandidateId,
  /** Its verdict now. */
  verdict: Verdict,
  /** Counts after it. */
  counts: Counts,
};

/** One row of the decision log. Rows are appended, never changed. */
export type Decision = {
  /** Its row; ascending. */
  id: DecisionId,
  /** The candidate it is about. */
  candidate: CandidateId,
  /** The stage it belongs to. */
  stage: Stage,
  /** The verdict from then on. */
  verdict: Verdict,
  /** The verdict until then. */
  previous: Verdict,
  /** The curator's name. */
  by: string,
  /** When it was made. */
  at: Timestamp,
  /** Why, in the curator's words; may be empty. */
  why: string,
  /** The decision this one takes back. */
  undoes: DecisionId | null,
  /** [`Decision::hash`] of the row before; [`Digest::ZERO`] for the first. */
  previous_hash: Digest,
  /** SHA-256 over every field above, in this order. */
  hash: Digest,
};

/** A decision's row in its project; ascending in the order the decisions were made. */
export type DecisionId = number;

/** A SHA-256 digest; written as 64 lower-case hexadecimal digits everywhere people or files meet it. */
export type Digest = string;

/** What a caller can act on. */
export type ErrorCode = "invalid_request" | "not_found" | "read_only" | "model" | "nothing_to_undo" | "cancelled" | "storage" | "internal";

/** What the studio tells its hosts without being asked. Coalesced to at most 30 a second of each kind. */
export type Event = { "event": "candidates_added",
/** The new ones. */
ids: Array<CandidateId>,
/** Counts with them. */
counts: Counts, } | { "event": "decided" } & Decided | { "event": "queue" } & QueueStatus | { "event": "models",
/** What is there now. */
models: Array<ModelSummary>, } | { "event": "approved" } & ApprovalSummary | { "event": "export_progress" } & ExportProgress;

/** Exports an approved set. */
export type Export = {
  /** The set; the newest when absent. */
  approval?: ApprovalId,
  /** A folder that does not exist yet or is empty. */
  out: string,
  /** The collection's name; the project's when absent. */
  name?: string,
  /** The collection's description. */
  description?: string,
};

/** How far an export is. */
export type ExportProgress = {
  /** What is being done ("hashing pictures"). */
  stage: string,
  /** Things done in this stage. */
  done: number,
  /** Things in this stage. */
  total: number,
};

/** What an export wrote: keys are stable. */
export type ExportReport = {
  /** Its row. */
  bundle: BundleId,
  /** The folder. */
  out: string,
  /** CID of the whole bundle. */
  root_cid: string,
  /** CID of `images/`. */
  images_cid: string,
  /** CID of `metadata/`. */
  metadata_cid: string,
  /** The CAR file. */
  car: string,
  /** How many tokens. */
  tokens: number,
  /** The bundle, read back and checked. */
  verification: VerificationReport,
};

/** One row of `salon list`: keys are stable. */
export type ListedCandidate = {
  /** The candidate. */
  id: CandidateId,
  /** The run that made it. */
  run: RunId,
  /** Slot within the run, from 0. */
  slot: number,
  /** The slot's seed. */
  seed: number,
  /** Verdict of the pick stage. */
  verdict: Verdict,
  /** SHA-256 of the PNG. */
  sha256: Digest,
  /** Pixels across. */
  width: number,
  /** Pixels down. */
  height: number,
  /** Known traits. */
  traits: Array<Trait>,
};

/** A low-rank adaptation and how strongly it is applied. */
export type LoraRef = {
  /** File name. */
  name: string,
  /** SHA-256 of the file. */
  sha256: Digest,
  /** Multiplier; 1 applies it as trained. */
  weight: number,
};

/** A model by name and by what its files hash to. */
export type ModelRef = {
  /** The folder's name under a models folder ("house"). */
  name: string,
  /** SHA-256 over the model's files. */
  sha256: Digest,
};

/** A model found in a models folder. */
export type ModelSummary = {
  /** The folder's name. */
  name: string,
  /** The folder. */
  path: string,
  /** SHA-256 over its files; absent when it cannot be used. */
  sha256: Digest | null,
  /** Architecture family ("Stable Diffusion, custom"). */
  family: string,
  /** Parameters in all components. */
  parameters: number,
  /** Bytes on disk. */
  bytes: number,
  /** Pixels a side that it was trained at. */
  native_side: number,
  /** Sampler, steps and guidance that its makers recommend. */
  defaults: SamplingDefaults,
  /** Licence as its model card names it. */
  licence: string,
  /** Why it cannot be used, naming file and tensor; absent when it can. */
  fault: string | null,
};

/** A request without fields. */
export type Nothing = Record<symbol, never>;

/** Where a candidate came from. Curation never asks; provenance always does. */
export type Origin = { "kind": "slot",
/** The run. */
run: RunId,
/** The slot's index within the run, from 0. */
slot: number,
/** The slot's own seed. */
seed: number,
};

/** The open project and what this machine offers. */
export type ProjectStatus = {
  /** The folder's name without `.salon`. */
  name: string,
  /** The project folder. */
  path: string,
  /** Set when another process has the project open, or the folder cannot be written: says which and what to do. */
  read_only: string | null,
  /** What generation runs on ("CPU, 2 threads"). */
  device: string,
  /** Salon's version. */
  version: string,
  /** The curator's name as last used here; empty at first. */
  curator: string,
  /** Candidates by verdict. */
  counts: Counts,
  /** Decisions in the log. */
  decisions: number,
};

/** Whether the generator takes new work. */
export type QueueStatus = {
  /** The generator waits although runs are queued. */
  paused: boolean,
  /** Runs that have not ended, in the order they will be made. */
  runs: Array<RunSummary>,
  /** The batch being made. */
  current: BatchProgress | null,
  /** The fault that stopped the generator, if one did. */
  fault: ApiError | null,
};

/** Everything that determines a picture. Slot `n` of a run is made with seed `seed + n`. */
export type Recipe = {
  /** The model. */
  model: ModelRef,
  /** Adaptations, in the order they are applied. */
  loras: Array<LoraRef>,
  /** The prompt template. */
  prompt: string,
  /** What the picture should not show; may be empty. */
  negative_prompt: string,
  /** The sampler. */
  sampler: SamplerKind,
  /** Denoising steps. */
  steps: number,
  /** Classifier-free guidance scale; 1 switches guidance off. Ho and Salimans 2022, arXiv:2207.12598. */
  guidance: number,
  /** Pixels across. */
  width: number,
  /** Pixels down. */
  height: number,
  /** The run's seed. */
  seed: number,
  /** The picture it starts from, if any. */
  source: SourcePicture | null,
};

/** One order: a recipe × a count. */
export type Run = {
  /** Its row. */
  id: RunId,
  /** What is made. */
  recipe: Recipe,
  /** How many slots it has. */
  count: number,
  /** Where it stands. */
  state: RunState,
  /** When it was ordered. */
  ordered_at: Timestamp,
};

/** A run's slots that failed, with reasons. */
export type RunDetail = {
  /** The run. */
  summary: RunSummary,
  /** Its failed slots. */
  failures: Array<Slot>,
};

/** A run's row in its project. */
export type RunId = number;

/** Names a run. */
export type RunRequest = {
  /** The run. */
  run: RunId,
};

/** Where a run stands. A run is finished when every slot is done, failed or cancelled. */
export type RunState = "queued" | "paused" | "cancelled" | "finished";

/** A run and how far it is. */
export type RunSummary = {
  /** The run. */
  run: Run,
  /** Slots that became candidates. */
  done: number,
  /** Slots that failed. */
  failed: number,
  /** Slots still to be made. */
  pending: number,
  /** Place in the queue, from 0; absent when it has ended. */
  place: number | null,
};

/** How a picture is denoised. */
export type SamplerKind = "ddim" | "euler";

/** Where a recipe starts when a model is chosen. */
export type SamplingDefaults = {
  /** Sampler. */
  sampler: SamplerKind,
  /** Denoising steps. */
  steps: number,
  /** Classifier-free guidance scale. */
  guidance: number,
  /** A prompt that shows what the model can do. */
  example_prompt: string,
};

/** What the user can set, kept in the project. */
export type Settings = {
  /** The curator's name. */
  curator: string,
  /** Log level: error, warn, info, debug or trace. */
  log_level: string,
};

/** One picture to be made. */
export type Slot = {
  /** The run it belongs to. */
  run: RunId,
  /** Its index within the run, from 0. */
  index: number,
  /** Its own seed. */
  seed: number,
  /** What became of it. */
  state: SlotState,
};

/** What became of a slot. */
export type SlotState = { "state": "pending" } | { "state": "done",
/** The candidate it became. */
candidate: CandidateId, } | { "state": "failed",
/** What went wrong and what to do, for people. */
reason: string, } | { "state": "cancelled" };

/** The picture that a generation starts from. */
export type SourcePicture = {
  /** Its PNG in the picture store. */
  sha256: Digest,
  /** 0 keeps the picture, 1 forgets it. */
  strength: number,
};

/** Who is deciding: the artist culls, then the lead approves. */
export type Stage = "pick" | "approve";

/** Orders a run. The model is named; its hash is looked up. */
export type StartRun = {
  /** Folder name of the model. */
  model: string,
  /** The prompt. */
  prompt: string,
  /** What the picture should not show. */
  negative_prompt?: string,
  /** Sampler; the model's own when absent. */
  sampler?: SamplerKind,
  /** Denoising steps; the model's own when absent. */
  steps?: number,
  /** Guidance scale; the model's own when absent. */
  guidance?: number,
  /** Pixels across; the model's own when absent. */
  width?: number,
  /** Pixels down; the model's own when absent. */
  height?: number,
  /** How many pictures. */
  count: number,
  /** The run's seed; drawn when absent. */
  seed?: number,
  /** Put it before every waiting run. */
  first?: boolean,
};

/** An instant: milliseconds since the Unix epoch, UTC. Always passed in, never read here. */
export type Timestamp = number;

/** One `trait_type: value` of a picture, as marketplaces write it. */
export type Trait = {
  /** What the trait describes ("Background"). */
  trait_type: string,
  /** What it is ("teal"). */
  value: string,
};

/** Who asks to undo or redo. */
export type UndoRequest = {
  /** The curator's name, written on the undoing row. */
  by: string,
};

/** What a curator says of a candidate. */
export type Verdict = "undecided" | "accepted" | "rejected";

/** One kind of check. */
export type VerificationCheck = {
  /** What was checked ("blocks hash to their CIDs"). */
  name: string,
  /** Over how many things. */
  count: number,
  /** How many of them failed. */
  failed: number,
};

/** The result of reading a bundle back. */
export type VerificationReport = {
  /** Whether every check passed. */
  ok: boolean,
  /** What was checked, and over how many things. */
  checks: Array<VerificationCheck>,
  /** What is wrong, first things first. */
  failures: Array<string>,
};

/** Names a bundle or CAR to verify. */
export type VerifyRequest = {
  /** The bundle folder. */
  path: string,
};

/** Every command with what it takes and gives. */
export interface Commands {
  project_status: { request: Nothing; response: ProjectStatus };
  settings: { request: Nothing; response: Settings };
  change_settings: { request: Settings; response: Settings };
  models: { request: Nothing; response: Array<ModelSummary> };
  start_run: { request: StartRun; response: RunSummary };
  runs: { request: Nothing; response: Array<RunSummary> };
  run_detail: { request: RunRequest; response: RunDetail };
  pause_run: { request: RunRequest; response: RunSummary };
  resume_run: { request: RunRequest; response: RunSummary };
  cancel_run: { request: RunRequest; response: RunSummary };
  retry_run: { request: RunRequest; response: RunSummary };
  put_run_first: { request: RunRequest; response: RunSummary };
  queue_status: { request: Nothing; response: QueueStatus };
  pause_queue: { request: Nothing; response: QueueStatus };
  resume_queue: { request: Nothing; response: QueueStatus };
  candidate_ids: { request: CandidateFilter; response: CandidateIds };
  candidate_rows: { request: CandidateRowsRequest; response: Array<CandidateRow> };
  candidate: { request: CandidateRequest; response: CandidateDetail };
  list: { request: CandidateFilter; response: Array<ListedCandidate> };
  decide: { request: Decide; response: Decided };
  undo: { request: UndoRequest; response: Decided };
  redo: { request: UndoRequest; response: Decided };
  approve: { request: Approve; response: ApprovalSummary };
  approvals: { request: Nothing; response: Array<ApprovalSummary> };
  export: { request: Export; response: ExportReport };
  cancel_export: { request: Nothing; response: Nothing };
  bundles: { request: Nothing; response: Array<ExportReport> };
  verify: { request: VerifyRequest; response: VerificationReport };
}
