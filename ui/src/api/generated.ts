// Generated from src-tauri/crates/studio/src/api.rs; never edited by hand.
// Regenerate: UPDATE_GENERATED=1 cargo test -p salon-studio --test generated

/** Whether anything can be written. */
export type Access = {
  /** Set when another process has the project open, or the folder cannot be written: says which and what to do. */
  read_only: string | null,
  /**
   * Why the last attempt to write failed (a full disk, a locked database, a folder that is gone) and what to do; null
   * when something could be written since. It is tried again about twice a second.
   */
  trouble: ApiError | null,
};

/** Adds a curator. The first must be a lead; from then on only a lead adds others. */
export type AddCurator = {
  /** The name that stands on decisions. */
  name: string,
  /** What they may do. */
  role: Role,
  /** A PIN of 4 to 64 characters; without one the name alone is believed. */
  pin?: string,
  /** The lead who adds them; not needed for the first. */
  by?: string,
};

/** Copies a model into the first models folder that can be written. */
export type AddModel = {
  /** A diffusers folder, a checkpoint file, a LoRA, an embedding. */
  path: string,
  /** Its name there; the file's or folder's own when absent. */
  name?: string,
};

/** How far the copy of a model is. */
export type AddProgress = {
  /** Its name. */
  name: string,
  /** Bytes copied. */
  done: number,
  /** Bytes in all. */
  total: number,
};

/** What was added, and where. */
export type AddedModel = {
  /** What it turned out to be ("model", "LoRA", "embedding"). */
  kind: string,
  /** Its name. */
  name: string,
  /** Where it lies now. */
  path: string,
};

/** A part and what each tool calls it. */
export type AgreementPart = {
  /** Its name; empty for the whole. */
  name: string,
  /** Entries of the folder; 0 for a file. */
  entries: number,
  /** What each tool says, Salon first. */
  answers: Array<ToolAnswer>,
};

/** An error as every host shows it. The UI acts on `code`; people read `message` and `hints`. */
export type ApiError = {
  /** What a caller can act on. */
  code: ErrorCode,
  /** What happened, naming the thing. */
  message: string,
  /** What to do next. */
  hints: Array<string>,
};

/** Accepts a proposal and lays back what else is accepted, as one gesture that one undo takes back. */
export type ApplyBalance = {
  /** The proposal. */
  chosen: Array<CandidateId>,
  /** The rows of the log that it was made after. */
  log_rows: number,
  /** The lead's name. */
  by: string,
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

/** One target. */
export type BalanceGoal = {
  /** The trait type. */
  trait_type: string,
  /** The value. */
  value: string,
  /** How many pictures should have it. */
  goal: number,
  /** How many of the proposal have it. */
  count: number,
  /** How many accepted candidates have it now. */
  accepted: number,
  /** How many of the pool have it. */
  pool: number,
};

/** Pictures to make, so that a target can be met. */
export type BalanceOrderLine = {
  /** How many are missing. */
  count: number,
  /** The trait type. */
  trait_type: string,
  /** The value. */
  value: string,
  /** How many of the pool have it. */
  pool: number,
  /** How many the set should have. */
  goal: number,
};

/** From among whom a set is chosen. */
export type BalancePool = "not_rejected" | "accepted";

/** A set that is proposed, and what is known about it. */
export type BalanceReport = {
  /** How many pictures were asked for. */
  size: number,
  /** How many candidates it was chosen from. */
  pool: number,
  /** How many of those break a rule by themselves, so that they were not chosen. */
  ruled_out: number,
  /** The proposal, in arrival order. */
  chosen: Array<CandidateId>,
  /** Those of it that are not accepted yet. */
  added: Array<CandidateId>,
  /** What is accepted and not in it: it would be undecided again. */
  laid_back: Array<CandidateId>,
  /** Every target beside what the proposal has and what is accepted now. */
  goals: Array<BalanceGoal>,
  /** The sum of what is too many or too few. */
  deviation: number,
  /** The same of what is accepted now, against the targets of this size. */
  deviation_now: number,
  /** The mean quality of the proposal, in the judge's chances (0 to 1) where the judge speaks. */
  quality: number,
  /** What quality is measured by, in words. */
  quality_by: string,
  /** Spearman's ρ between rarity and visual weight in the proposal; absent unless `rarity_weight` was given. */
  rho?: number,
  /** How much is missing or over where nothing may be; 0 when it can be used. */
  broken: number,
  /** No set deviates by less than this: that is proven. */
  deviation_at_least: number,
  /** No set of this deviation has a better mean quality than this: that is proven. */
  quality_at_most: number,
  /** Whether the proposal is proven to be the best in deviation. */
  proven: boolean,
  /** Conditions that are in each other's way, in words: there is no such set. Empty when there is one. */
  conflict: Array<string>,
  /** What would have to be made, most first. */
  orders: Array<BalanceOrderLine>,
  /** How long the search took, in milliseconds. */
  took_ms: number,
  /** Rows of the log when it was made: applying it is refused once somebody has decided since. */
  log_rows: number,
};

/** Asks for a balanced set. Nothing is decided by asking. */
export type BalanceRequest = {
  /** How many pictures; the target of the set board when absent. */
  size?: number,
  /** From among whom. */
  pool?: BalancePool,
  /** Searches for the proof, too, instead of a good set at once. */
  exact?: boolean,
  /** For how many seconds at most the proof is searched; 10 when absent. */
  seconds?: number,
  /** No target may be missed by more than so many pictures; as near as possible when absent. */
  within?: number,
  /** Candidates that must be in the set. */
  keep?: Array<CandidateId>,
  /** Candidates that must not. */
  drop?: Array<CandidateId>,
  /** Lets several of one family in. Otherwise at most one of each is chosen. */
  whole_families?: boolean,
  /** How much it counts that what is rare also catches the eye, 0 (not at all) to 1 (alone, and quality not). */
  rarity_weight?: number,
};

/** A juror's ballot, in an order of its own. */
export type Ballot = {
  /** Place by place. Hidden repeats look like any other entry. */
  entries: Array<BallotEntry>,
  /** Places voted on. */
  done: number,
  /** Places there are. */
  total: number,
};

/** One place of a ballot. */
export type BallotEntry = {
  /** The place, from 0. */
  place: number,
  /** What the address of its picture and a vote on it carry. It tells neither the candidate nor a repeat. */
  frame: Frame,
  /** Pixels across. */
  width: number,
  /** Pixels down. */
  height: number,
  /** The juror's own vote; undecided when there is none. */
  verdict: Verdict,
};

/** Asks for a juror's own ballot. */
export type BallotRequest = {
  /** The round. */
  round: RoundId,
  /** The juror. */
  by: string,
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

/** A CAR of the blocks that one bundle adds to another. */
export type BundleDelta = {
  /** The file. */
  car: string,
  /** Blocks in it. */
  blocks: number,
  /** Its length in bytes. */
  bytes: number,
  /** Blocks that the earlier bundle has already. */
  known_blocks: number,
  /** Length of the later bundle's whole CAR in bytes. */
  whole_bytes: number,
};

/** The way from one bundle to another. */
export type BundleDiff = {
  /** The earlier one. */
  before: BundleSide,
  /** The later one. */
  after: BundleSide,
  /** What is said otherwise of the collection. */
  collection: Array<string>,
  /** Pictures that both have alike, under the same number. */
  unchanged: number,
  /** The others, by what became of them and by number. */
  tokens: Array<ChangedToken>,
  /** Whether both were signed over this project's log, so that decisions explain what changed. */
  explained: boolean,
  /** The CAR of what is new, where one was asked for. */
  delta: BundleDelta | null,
};

/** An exported bundle's row in its project. */
export type BundleId = number;

/** The bill of a bundle's materials. */
export type BundleMaterials = {
  /** Hash of the approved set. */
  approval_hash: Digest,
  /** Head of the decision log when it was signed. */
  decision_head: Digest,
  /** SHA-256 of the hexadecimal SHA-256 of every picture, one after the other in the order that was signed. */
  provenance_hash: Digest,
  /** Everything that pictures were made with, by kind, name and hash. */
  materials: Array<MaterialSummary>,
  /** Which tokens were made with what. */
  uses: Array<MaterialUse>,
};

/** Names a bundle. */
export type BundleRequest = {
  /** The bundle's folder. */
  path: string,
};

/** One of two bundles. */
export type BundleSide = {
  /** Version of the approved set. */
  version: number,
  /** Who signed it. */
  by: string,
  /** When. */
  at: Timestamp,
  /** Head of the decision log then. */
  decision_head: Digest,
  /** How many tokens. */
  tokens: number,
};

/** A picture in a project, with what is known of it. */
export type Candidate = {
  /** Its row. */
  id: CandidateId,
  /** Where it came from. */
  origin: Origin,
  /** SHA-256 of the file in the picture store. */
  sha256: Digest,
  /** What kind of file that is. */
  media: Media,
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
  /** 0 (none) to 5. */
  stars: number,
  /** Its colour label. */
  label: Label,
  /** What curators noted; may be empty. */
  note: string,
  /** What a judge made of it, when one looked: higher is better. */
  score: number | null,
  /** The first member of its family, when it has one. */
  family: CandidateId | null,
};

/** Everything known of one candidate. */
export type CandidateDetail = {
  /** The candidate. */
  candidate: Candidate,
  /** What ties a decision to its picture. */
  frame: Frame,
  /** What it was made with; absent for a picture that was brought in without. */
  recipe: Recipe | null,
  /** The prompt it was painted from: the recipe's own, or what its template became; empty when none is known. */
  prompt: string,
  /** The negative prompt it was painted from. */
  negative_prompt: string,
  /** The candidates whose pictures it was made from. */
  parents: Array<CandidateId>,
  /** The candidates that were made from its picture. */
  children: Array<CandidateId>,
  /** How long the slot took, in milliseconds (its share of the batch). */
  took_ms: number,
  /** What its file told, when it was brought in. */
  foreign: ForeignFacts | null,
  /** Its decisions, oldest first. */
  decisions: Array<Decision>,
};

/** A candidate's row in its project. */
export type CandidateId = number;

/** The candidates that a query lets through. */
export type CandidateIds = {
  /** In the query's order. */
  ids: Array<CandidateId>,
  /** The groups along that list; empty when nothing was to be gathered. */
  groups: Array<GroupHead>,
  /** Counts over the whole project, read in the same transaction. */
  counts: Counts,
};

/** All that is written about one candidate. */
export type CandidateLore = {
  /** The candidate. */
  candidate: CandidateId,
  /** Its texts: name, description, lore, as far as there are any. */
  texts: Array<LoreText>,
};

/** Which candidates, and in what order. Every condition that is set must hold. */
export type CandidateQuery = {
  /** Only this verdict of the pick stage. */
  verdict?: Verdict,
  /** Only this run. */
  run?: RunId,
  /** Only pictures of the model with this hash. */
  model?: Digest,
  /** At least so many stars. */
  stars?: number,
  /** Any of these labels. */
  labels?: Array<Label>,
  /** All of these words, in the prompt or the note; the last may be the beginning of one. */
  words?: string,
  /** These traits: of one type any, of different types all. */
  traits?: Array<Trait>,
  /** A score of at least this. */
  score_from?: number,
  /** A score of at most this. */
  score_to?: number,
  /** Only the family of this first member. */
  family?: CandidateId,
  /** Made at this time or later. */
  made_from?: Timestamp,
  /** Made before this time. */
  made_to?: Timestamp,
  /** Only where the verdict that holds is this curator's. */
  curator?: string,
  /** Only pictures that were brought in, or only those that were not. */
  imported?: boolean,
  /** Only what the judge's threshold sets aside now, or only what it does not. */
  set_aside?: boolean,
  /** Only pictures with this technical flag, in snake case; with any flag when it is "any". */
  flagged?: string,
  /** Only the pictures most like this one; ordered by score they come most alike first. */
  like?: CandidateId,
  /** By what they are ordered. */
  sort?: Sort,
  /** The other way round. */
  descending?: boolean,
  /** What they are gathered by. Groups come in the order of their first arrival; the order holds within each. */
  group?: Group,
};

/** Names a candidate. */
export type CandidateRequest = {
  /** The candidate. */
  id: CandidateId,
};

/**
 * What a grid cell needs; pictures come from `/thumb/<id>?frame=<frame>` and `/picture/<id>?frame=<frame>`.
 *
 * It travels as an array without names, at most 64 bytes for everyday numbers: id, verdict (0 undecided, 1 accepted,
 * 2 rejected), stars, label (0 none, red, yellow, green, blue), flags (1 noted, 2 imported, 4 technically flagged, 8 set aside), family (its first member;
 * 0 none), kin (how many the family has; 0 none), width, height, score (or null), frame.
 */
export type CandidateRow = [id: number, verdict: number, stars: number, label: number, flags: number, family: number, kin: number, width: number, height: number, score: number | null, frame: string];

/** Asks for the rows of a visible range. */
export type CandidateRowsRequest = {
  /** At most 2000 ids. */
  ids: Array<CandidateId>,
};

/** Casts a vote, or changes it while the round is open. */
export type CastVote = {
  /** The round. */
  round: RoundId,
  /** The place on the ballot, from 0. */
  place: number,
  /** The frame of the picture that was painted there. Programs that name places themselves leave it out. */
  frame?: Frame,
  /** The vote; undecided takes it back. */
  verdict: Verdict,
  /** The juror. */
  by: string,
};

/** Changes a curator; what is absent stays. A lead changes anybody, everybody their own PIN. */
export type ChangeCurator = {
  /** Whom. */
  name: string,
  /** Another role. */
  role?: Role,
  /** Another PIN; empty takes it away. */
  pin?: string,
  /** Who changes it. */
  by: string,
};

};

/** Reads a contract, and holds it against a bundle. */
export type CheckContract = {
  /** Address of a node of the chain. */
  node: string,
  /** The contract's address. */
  contract: string,
  /** The bundle's folder; without one the contract is only read. */
  bundle?: string,
