// Generated from src-tauri/crates/studio/src/api.rs; never edited by hand.
// Regenerate: UPDATE_GENERATED=1 cargo test -p salon-studio --test studio generated

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
  /** What a model that describes pictures wrote of it last. */
  caption: PictureCaption | null,
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

/** A model of the models folders that writes captions. */
export type CaptionerSummary = {
  /** The name it is chosen by: its folder's. */
  name: string,
  /** Its folder. */
  path: string,
  /** What kind of network ("blip"). */
  architecture: string,
  /** SHA-256 over everything that decides what it writes; absent when it cannot be used. */
  sha256?: Digest,
  /** Numbers that were learnt. */
  parameters: number,
  /** Bytes of its files. */
  bytes: number,
  /** Pixels a side of the pictures that it sees. */
  side: number,
  /** Why it cannot be used; absent when it can. */
  fault?: string,
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

/** A picture that is not in both bundles alike. */
export type ChangedToken = {
  /** What became of it. */
  fate: TokenFate,
  /** The candidate it was. */
  candidate: CandidateId,
  /** Its number in the earlier bundle. */
  before: number | null,
  /** Its number in the later bundle. */
  after: number | null,
  /** What is said otherwise ("Background: teal, was ochre"). */
  said: Array<string>,
  /** The decisions about it between the two signatures, oldest first. */
  decisions: Array<LogEntry>,
};

/** Reads a contract, and holds it against a bundle. */
export type CheckContract = {
  /** Address of a node of the chain. */
  node: string,
  /** The contract's address. */
  contract: string,
  /** The bundle's folder; without one the contract is only read. */
  bundle?: string,
};

/** Reads a layer project and says what is wrong with it and what it can come to. Nothing is written. */
export type CheckLayers = {
  /** The project's folder: `HashLips`, nftchef, house layers, or folders of pictures. */
  path: string,
  /** Editions that are meant; as many as its configuration says where absent. */
  count: number | null,
};

/** Checks a model. */
export type CheckModel = {
  /** Its name, or a path to a folder or file that need not be in a models folder. */
  model: string,
};

/** Holds a folder against the rules of a target, whoever wrote it. */
export type CheckTarget = {
  /** The folder. */
  folder: string,
  /** The form's word. */
  target: string,
};

/** Looks what is wrong with a schema, and keeps nothing. */
export type CheckTraitSchema = {
  /** The schema. */
  schema: TraitSchema,
};

/** Which CID each tool gives the same files. */
export type CidAgreement = {
  /** The whole, then each of its folders. */
  parts: Array<AgreementPart>,
  /** Whether all tools give all of them the same CIDs. Where not, only importing the CAR keeps what Salon says. */
  agree: boolean,
};

/** Asks what tools will say of a file or folder. */
export type CidAgreementRequest = {
  /** A bundle, a folder that was written for a marketplace, or any file or folder. */
  path: string,
};

/** Closes a round. */
export type CloseRound = {
  /** The round. */
  round: RoundId,
  /** The lead. */
  by: string,
};

/** What an owner wants done. */
export type ContractAction = { "action": "deploy" } & PlanContract | { "action": "mint",
/** To whom. */
to: string,
/** How many. */
count: number, } | { "action": "set_base_uri",
/** The bundle's folder. */
bundle: string, } | { "action": "reveal",
/** The bundle's folder. */
bundle: string, } | { "action": "freeze" };

/** Something about a contract that is not as its bundle has it. */
export type ContractFault = {
  /** The token; null when it is about the whole. */
  token: number | null,
  /** What is wrong, and what to do. */
  fault: string,
};

/** What will be deployed: keys are stable. */
export type ContractPlan = {
  /** The collection's name. */
  name: string,
  /** Its ticker. */
  symbol: string,
  /** Who may mint, reveal and freeze. */
  owner: string,
  /** The most tokens that there can be: as many as the bundle has. */
  max_supply: number,
  /** Hash of the approved pictures' hashes, in order. */
  provenance_hash: string,
  /** Hash of the approved set. */
  approval_hash: string,
  /** CID of the bundle. */
  root_cid: string,
  /** What the contract is given for its tokens when it is revealed. */
  base_uri: string,
  /** Where the collection's own metadata is. */
  contract_uri: string,
  /** What tokens show before the reveal; may be empty. */
  placeholder_uri: string,
  /** Royalties; null for none. */
  royalty: ContractRoyalty | null,
  /** The compiler that built the contract, and its version. */
  compiler: string,
  /** The version of `OpenZeppelin`'s contracts in it. */
  openzeppelin: string,
  /** SHA-256 of its bytecode. */
  bytecode_sha256: string,
  /** What a deployment sends: bytecode and arguments, in hexadecimal. */
  data: string,
};

/** What a contract says of itself, and what of it is not as its bundle has it: keys are stable. */
export type ContractReport = {
  /** Whether nothing is wrong. */
  ok: boolean,
  /** The contract's address. */
  contract: string,
  /** The chain's number. */
  chain_id: number,
  /** The block at which everything was read. */
  block: number,
  /** The collection's name. */
  name: string,
  /** Its ticker. */
  symbol: string,
  /** Who may mint, reveal and freeze. */
  owner: string,
  /** The most tokens that there can be. */
  max_supply: number,
  /** Tokens minted so far. */
  total_supply: number,
  /** Hash of the approved pictures' hashes. */
  provenance_hash: string,
  /** Where the metadata folder is; empty before the reveal. */
  base_uri: string,
  /** What tokens show before the reveal. */
  placeholder_uri: string,
  /** Where the collection's own metadata is. */
  contract_uri: string,
  /** Whether the base URI is final. */
  frozen: boolean,
  /** The block whose hash draws the starting index; 0 when no draw was scheduled. */
  reveal_block: number,
  /** How far the contract turns the order; null when nothing was drawn. */
  starting_index: number | null,
  /**
   * How far the bundle's own tokens are shifted against the order that was signed; null without a bundle. One of both
   * may turn the order, not both.
   */
  bundle_starting_index: number | null,
  /** Royalties; null for none. */
  royalty: ContractRoyalty | null,
  /** Tokens followed from their URI to their picture's bytes. */
  walked: number,
  /** Hash of the bundle's approved set; null without a bundle. */
  approval_hash: string | null,
  /** What is wrong; at most a hundred. */
  faults: Array<ContractFault>,
  /** How many more there are. */
  more_faults: number,
};

/** Who gets royalties, and how much. */
export type ContractRoyalty = {
  /** Their address. */
  receiver: string,
  /** Hundredths of a per cent. */
  basis_points: number,
};

/** A candidate that comes close to a protected picture. */
export type CopyRisk = {
  /** The candidate. */
  candidate: CandidateId,
  /** The protected picture's file. */
  path: string,
  /** Its content; its thumbnail can be asked for by it while the file is there. */
  sha256: Digest,
  /** "same", "copy", "near" or "distant". */
  verdict: string,
  /** Bits by which their perceptual hashes differ, where both can be trusted. */
  bits?: number,
  /** Cosine of their vectors. */
  similarity?: number,
};

/** Asks which candidates come close to protected pictures. */
export type CopyRiskRequest = {
  /** Only the accepted ones. */
  accepted?: boolean,
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

/** A curator. */
export type Curator = {
  /** The name that stands on decisions. */
  name: string,
  /** What they may do. */
  role: Role,
  /** Whether they sign in with a PIN. */
  has_pin: boolean,
  /** Whether they are signed in here; who has no PIN always is. */
  signed_in: boolean,
};

/** Sets the verdict of one candidate. */
export type Decide = {
  /** The candidate whose picture was painted when the key went down. */
  candidate: CandidateId,
  /** The frame of that picture; refused when it is not the candidate's. Programs that name it themselves leave it out. */
  frame?: Frame,
  /** The verdict. */
  verdict: Verdict,
  /** The curator's name. */
  by: string,
  /** Why, in the curator's words. */
  why?: string,
};

/** Sets the verdict of many candidates as one gesture: all of them or none, and one undo takes all back. */
export type DecideMany = {
  /** The candidates as they were seen; the first is the one to return to. */
  seen: Array<Seen>,
  /** The verdict. */
  verdict: Verdict,
  /** The curator's name. */
  by: string,
  /** Why, in the curator's words. */
  why?: string,
};

/** The lead's word on a tie. */
export type DecideTie = {
  /** The closed round. */
  round: RoundId,
  /** The candidate that it left undecided. */
  candidate: CandidateId,
  /** The verdict. */
  verdict: Verdict,
  /** The lead. */
  by: string,
};

/** What a gesture, undo or redo did. It is on disk when this is answered. */
export type Decided = {
  /** The first row that was appended to the log; absent when no verdict changed. */
  decision: DecisionId | null,
  /** The candidate to return to. */
  candidate: CandidateId,
  /** Its verdict now. */
  verdict: Verdict,
  /** Every verdict that changed. */
  changes: Array<VerdictChange>,
  /** Every candidate whose marks changed, as it is marked now. */
  marks: Array<MarkedCandidate>,
  /** The candidates of whose traits something else is said now. */
  traits?: Array<CandidateId>,
  /** The candidates that an undo or redo left alone, because somebody else has decided since. */
  kept: Array<CandidateId>,
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
  /**
   * The gesture it belongs to; none in logs from before there were gestures, for votes, and for what closing a
   * round decided.
   */
  gesture?: GestureId,
  /** The round of a vote or of an outcome. */
  round?: RoundId,
  /** Which showing a vote is about: 0 the first, 1 the hidden repeat. */
  showing?: number,
  /** Random, for votes alone: without it a vote could be guessed from its hash while it is secret. */
  salt?: Digest,
  /** [`Decision::hash`] of the row before; [`Digest::ZERO`] for the first. */
  previous_hash: Digest,
  /** SHA-256 over every field above, in this order. */
  hash: Digest,
};

/** A decision's row in its project; ascending in the order the decisions were made. */
export type DecisionId = number;

/**
 * Has a model describe pictures and read their traits: of every value of the schema, how much likelier the picture makes what would
 * be said of it. It runs in the background; what was read by the time it is stopped is kept.
 */
export type DescribePictures = {
  /** The captioner's name; the first that can be used when absent. */
  model?: string,
  /** Whose pictures; everybody's that is not rejected when absent. */
  candidates?: Array<CandidateId>,
  /** Whether only captions are written and no traits read. A picture that the model described before costs nothing then. */
  captions_only: boolean,
  /** Only these trait types; all of the schema when absent. */
  trait_types?: Array<string>,
  /** Whose word calibrates what is read; hands and layers when absent. */
  learn_from?: Array<TraitSource>,
  /** The curator's name. */
  by: string,
};

/** How far describing is. */
export type DescribeProgress = {
  /** The captioner's name. */
  model: string,
  /** Pictures that were gone through. */
  done: number,
  /** Different pictures in all. */
  total: number,
  /** Captions that are new. */
  written: number,
  /** The candidate whose picture was described last. */
  candidate: CandidateId | null,
  /** What was written of it. */
  caption: string,
  /** Seconds until the end, as it goes now; absent before the first picture. */
  seconds_left: number | null,
  /** The first pictures that could not be described. */
  failed: Array<UndescribedPicture>,
  /** Whether it has ended. */
  ended: boolean,
  /** Whether it was stopped before it was through. */
  stopped: boolean,
  /** Why it ended before it was through, if something went wrong. */
  fault: string | null,
  /** What came of reading traits, once it has ended. */
  report: TagReport | null,
};

/** Compares two bundles. */
export type DiffBundles = {
  /** The folder of the earlier one. */
  before: string,
  /** The folder of the later one. */
  after: string,
  /** Where to write a CAR of the blocks that the later one adds, if anywhere. */
  delta?: string,
};

/** A SHA-256 digest; written as 64 lower-case hexadecimal digits everywhere people or files meet it. */
export type Digest = string;

/** The kinds of source of IPTC's vocabulary (cv.iptc.org/newscodes/digitalsourcetype) that a collection can have. */
export type DigitalSource = "trained_algorithmic_media" | "composite_with_trained_algorithmic_media" | "composite_synthetic" | "composite" | "algorithmic_media" | "digital_creation" | "digital_capture";

/** Two accepted candidates side by side, and nothing said of either. Asking again before it is settled shows it again. */
export type Duel = {
  /** Its row. */
  duel: DuelId,
  /** On the left. */
  left: DuelPicture,
  /** On the right. */
  right: DuelPicture,
};

/** A duel's row in its project. */
export type DuelId = number;

/** How a duel ended. */
export type DuelOutcome = "left" | "right" | "both" | "neither" | "skip";

/** One side of a duel. */
export type DuelPicture = {
  /** The candidate. */
  candidate: CandidateId,
  /** What its picture's address must carry. */
  frame: Frame,
  /** Pixels across. */
  width: number,
  /** Pixels down. */
  height: number,
};

/** Writes a text by hand; it is accepted and locked by that. */
export type EditLore = {
  /** About whom. */
  candidate: CandidateId,
  /** Which text. */
  field: LoreField,
  /** The text. */
  text: string,
  /** Who writes. */
  by: string,
};

/** A textual inversion: vectors that a word of the prompt stands for. */
export type EmbeddingRef = {
  /** The file's name without its ending: the word that prompts use. */
  name: string,
  /** SHA-256 of the file. */
  sha256: Digest,
};

/** A textual inversion found in a models folder. A prompt that names it uses it. */
export type EmbeddingSummary = {
  /** The file's name without its ending: the word that prompts use. */
  name: string,
  /** The file. */
  path: string,
  /** SHA-256 of the file; absent when it cannot be used. */
  sha256: Digest | null,
  /** Tokens that it takes up in a prompt. */
  tokens: number,
  /** Values in each of its vectors: it fits text encoders of this width. The first when it has two (SDXL). */
  width: number,
  /** Why it cannot be used; absent when it can. */
  fault: string | null,
};

/** A rejected picture's file. */
export type EmptiedReject = {
  /** The candidate. */
  candidate: CandidateId,
  /** The file. */
  file: string,
  /** Its bytes. */
  bytes: number,
  /** Why it stays; absent when it goes. */
  refused?: string,
};

/** The rejected pictures whose files were there, and what became of them. */
export type EmptiedRejects = {
  /** One by one, in arrival order. */
  items: Array<EmptiedReject>,
  /** Bytes of those that go. */
  bytes: number,
  /** Whether they are gone. */
  done: boolean,
};

/** Lists the files of rejected pictures, and removes them when told so. */
export type EmptyRejects = {
  /** Remove them; without it they are only listed. */
  confirm: boolean,
  /** The curator's name; needed to remove. */
  by?: string,
};

/** An encoder that can be chosen. */
export type EncoderSummary = {
  /** Its name: its folder's. */
  name: string,
  /** What kind of network ("clip", "siglip", "dinov2"). */
  architecture: string,
  /** Whether it ships with the studio. */
  house: boolean,
  /** Whether it is the one in use. */
  active: boolean,
  /** Candidates of this project that it has seen. */
  seen: number,
};

/** What a caller can act on. */
export type ErrorCode = "invalid_request" | "not_found" | "read_only" | "model" | "not_what_was_seen" | "not_allowed" | "sign_in_needed" | "nothing_to_undo" | "cancelled" | "storage" | "remote" | "parts_left" | "internal";

/** A figure with its interval of 95 %. */
export type Estimated = {
  /** The figure. */
  value: number,
  /** Lower end. */
  low: number,
  /** Upper end. */
  high: number,
};

/** What the studio tells its hosts without being asked. Coalesced to at most 30 a second of each kind. */
export type Event = { "event": "candidates_added",
/** The new ones. */
ids: Array<CandidateId>,
/** Counts with them. */
counts: Counts, } | { "event": "decided" } & Decided | { "event": "access" } & Access | { "event": "queue" } & QueueStatus | { "event": "models",
/** The models that are there now. */
models: Array<ModelSummary>, } | { "event": "judge" } & JudgeStatus | { "event": "lore" } & LoreProgress | { "event": "describing" } & DescribeProgress | { "event": "add_progress" } & AddProgress | { "event": "rounds" } | { "event": "traits" } | { "event": "approved" } & ApprovalSummary | { "event": "export_progress" } & ExportProgress | { "event": "publication_progress" } & PublicationProgress | { "event": "import_progress" } & ImportProgress | { "event": "watched_folders",
/** All of them, as they are now. */
folders: Array<WatchedFolder>,
};

/** How often a trait is to be expected. */
export type ExpectedTrait = {
  /** The trait type. */
  trait_type: string,
  /** The value. */
  value: string,
  /** Its weight, as written. */
  weight: number,
  /** Editions, by weights and rules. */
  expected: number,
  /** Exactly so many, where a quota says so. */
  quota: number | null,
};

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
  /** By how much tokens are shifted against the order that was signed: drawn when the collection is revealed, 0 before. */
  starting_index?: number,
  /**
   * Whether its pictures are the set's masters instead of those that were approved; they are when absent, where the set
   * has masters.
   */
  masters?: boolean,
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

/** How many candidates each further condition would let through: each facet counts with all *other* conditions applied. */
export type Facets = {
  /** By verdict. */
  verdicts: Counts,
  /** By stars, 0 to 5. */
  stars: [number, number, number, number, number, number],
  /** By label: none, red, yellow, green, blue. */
  labels: [number, number, number, number, number],
  /** By run, newest first. */
  runs: Array<RunFacet>,
  /** By model, in the order of their first run. */
  models: Array<ModelFacet>,
  /** By trait, in alphabetical order. */
  traits: Array<TraitFacet>,
  /** By whose verdict holds. */
  curators: Array<NamedCount>,
  /** Pictures that were brought in. */
  imported: number,
  /** By technical flag, "any" first; empty until the judge has looked, and without those that no picture has. */
  flagged: Array<NamedCount>,
};

/** A member of a family. */
export type FamilyMember = {
  /** The candidate. */
  candidate: CandidateId,
  /** What ties it, if it is likeness; made from one another otherwise. */
  tie?: FamilyTie,
};

/** A family and why its members belong to it. */
export type FamilySummary = {
  /** Its first member. */
  family: CandidateId,
  /** All of them with what ties each to another, in arrival order. Nothing ties the one that the others were put with. */
  members: Array<FamilyMember>,
};

/** What ties a candidate to its family. */
export type FamilyTie = {
  /** The member it is tied to. */
  to: CandidateId,
  /** How: "same" bytes, a "copy", "near" or a "variation". */
  likeness: string,
  /** How far apart: bits of the perceptual hash for a copy, one less the cosine otherwise. */
  distance: number,
};

/** What another program's file told of a candidate. */
export type ForeignFacts = {
  /** The program; absent when it did not say, or is not known. */
  tool: RecipeWriter | null,
  /** LoRAs, steps, sampler and the like, as it wrote them. */
  fields: Array<ForeignField>,
  /** Every text of the file, to the letter. */
  texts: Array<ForeignField>,
  /** Where the file was brought in from. */
  paths: Array<string>,
};

/** A name and what stands under it. */
export type ForeignField = {
  /** The name. */
  name: string,
  /** What stands there. */
  value: string,
};

/** Forgets a publication. */
export type ForgetPublication = {
  /** Which one. */
  publication: PublicationId,
  /** Whether it is forgotten without the store being told to drop the parts of an unfinished upload. */
  leave_parts?: boolean,
};

/**
 * What ties a decision to the picture that was seen: whoever has it was shown this candidate's picture in this studio.
 *
 * Written as eight hexadecimal digits. Not a secret, a seal against mistakes.
 */
export type Frame = string;

/** How a look through a gateway ended, as it is kept with the bundle. */
export type GatewayCheck = {
  /** The bundle. */
  bundle: BundleId,
  /** The gateway, with its port. */
  host: string,
  /** The root that was asked for. */
  root_cid: string,
  /** When it ended. */
  looked_at: Timestamp,
  /** Whether everything was there, and as it should be. */
  ok: boolean,
  /** In words why it came to no end, as where the gateway could not be reached; null where it did. */
  fault: string | null,
  /** `blocks` or `files`: what was asked for; empty where nothing came. */
  by: string,
  /** Of these, how many came and hash rightly. */
  held: number,
  /** Places that were missing. */
  missing: number,
  /** Places that were changed. */
  changed: number,
  /** Places beside the bundle's. */
  extra: number,
  /** Faults of which nobody counted the kind. */
  more: number,
  /** Tokens of the bundle. */
  tokens: number,
  /** Of these, tokens that came whole. */
  whole: number,
};

/** One thing that a gateway lacks, or has otherwise. */
export type GatewayFault = {
  /** The token it belongs to; null where it belongs to none, or to all. */
  token: number | null,
  /** The path under the root. */
  path: string,
  /** What is wrong, in words. */
  fault: string,
};

/** What a gateway has of a root. */
export type GatewayReport = {
  /** Whether everything is there, and as it should be. */
  ok: boolean,
  /** The gateway. */
  host: string,
  /** The root that was asked for. */
  root_cid: string,
  /** `blocks` where it gave single blocks, `files` where only files by their paths. */
  by: string,
  /** Blocks or files that came and hash rightly. */
  checked: number,
  /** Tokens that the bundle has, or that could be seen. */
  tokens: number,
  /** Of these, tokens whose picture and metadata came whole. */
  whole: number,
  /** Places that it lacks; of faults beyond the first hundreds of blocks nobody knows the kind. */
  missing: number,
  /** Places that it has otherwise. */
  changed: number,
  /** Places that it has beside the bundle's. */
  extra: number,
  /** What is missing, extra or changed, by token; at most 100 are spelt out. */
  faults: Array<GatewayFault>,
  /** Faults beyond those. */
  more_faults: number,
};

/** An act of a hand: one row for all that it touched. */
export type GestureId = number;

/** What candidates are gathered by. */
export type Group = "run" | "prompt" | "family";

/** Candidates that stand together in a list. */
export type GroupHead = {
  /** Where it begins in the list. */
  first: number,
  /** How many candidates it holds. */
  count: number,
  /** The prompt that they share, or their run's; empty where there is none. */
  title: string,
  /** The run, when they are gathered by run. */
  run?: RunId,
  /** The family's first member, when they are gathered by family. */
  family?: CandidateId,
};

/** An aesthetic head that can be chosen. */
export type HeadSummary = {
  /** Its name: its file's. */
  name: string,
  /** Numbers in the embeddings that it reads: it fits the encoders that give as many. */
  width: number,
  /** The licence that it states; empty when it states none. */
  licence: string,
  /** Whether it is the one in use. */
  active: boolean,
  /** Why it cannot be used. */
  fault?: string,
};

/** A file that could not be brought in. */
export type ImportFailure = {
  /** The file. */
  path: string,
  /** Why. */
  why: string,
};

/** Brings the editions of a layer project in as candidates, with their traits. What is a candidate already stays one. */
export type ImportLayers = {
  /** The project's folder. */
  path: string,
  /** How many editions; as many as its configuration says where absent. */
  count: number | null,
  /** Which of the many possible collections: the same seed brings the same pictures. */
  seed: number | null,
  /** Width of the pictures in pixels; the project's own where absent. */
  width: number | null,
};

/** Brings pictures in: PNG, JPEG and WebP files, and folders with everything in them. */
export type ImportPictures = {
  /** Files and folders. */
  paths: string[],
};

/** How far an import is. The last event of an import has `done`. */
export type ImportProgress = {
  /** The import. */
  import: number,
  /** The files and folders it was asked for, in words. */
  title: string,
  /** Whether its folders are still being gone through, so that `found` may grow. */
  counting: boolean,
  /** Files found. */
  found: number,
  /** Pictures that became candidates. */
  added: number,
  /** Pictures that were candidates already and keep their verdicts. */
  known: number,
  /** Files that could not be brought in. */
  refused: number,
  /** The first hundred of them. */
  failed: Array<ImportFailure>,
  /** Whether it has ended. */
  done: boolean,
  /** Whether it ended because it was cancelled. */
  cancelled: boolean,
  /**
   * What stopped it, if something did: files that were not reached come in when it is asked for again, or at the next
   * start.
   */
  fault: ApiError | null,
  /** Seconds until it ends, once that can be told. */
  seconds_left: number | null,
};

/** Reads a recipe back from a picture (PNG, JPEG or WebP): one of the two. */
export type ImportRecipe = {
  /** A picture file. */
  path?: string,
  /** A picture file's bytes in base64. */
  png?: string,
};

/** An import that goes on in the background. */
export type ImportStarted = {
  /** Its number, as events carry it. */
  import: number,
};

/** Reads a schema from a file or a folder of layers, or from a text. */
export type ImportTraitSchema = {
  /** A JSON file (a schema that Salon wrote, or JSON Schema), or a folder of layers. */
  path?: string,
  /** The text of such a file instead. */
  text?: string,
  /** Keeps it as the version after this one; only shows it when absent. */
  keep_after?: number,
  /** The curator's name. */
  by: string,
};

/** A recipe read from a picture. */
export type ImportedRecipe = {
  /** Which program wrote it. */
  from: RecipeWriter,
  /** The order that would make the picture again. */
  request: StartRun,
  /** What could not be taken over, or is not here. */
  notes: Array<string>,
};

/** What an import gave. */
export type ImportedTraitSchema = {
  /** The schema: kept, or as it would be. */
  state: TraitSchemaState,
  /** What stood in the file and has no place in a schema, each with where it stood. */
  left_out: Array<string>,
};

/** An invitation. */
export type Invitation = {
  /** Its row. */
  id: InvitationId,
  /** Whom it invites. */
  name: string,
  /** In which role. */
  role: Role,
  /** Who invites. */
  created_by: string,
  /** When it was made. */
  created_at: Timestamp,
  /** From when on it is void. */
  expires_at: Timestamp,
  /** When it was revoked; null while it was not. */
  revoked_at: Timestamp | null,
  /** When somebody came in with it last; null before the first time. */
  last_used_at: Timestamp | null,
  /** Whether it opens the door now. */
  holds: boolean,
};

/** An invitation's row in its project. */
export type InvitationId = number;

/** Invites a curator to review from another machine; who is not registered yet is added. */
export type Invite = {
  /** Whom. */
  name: string,
  /** What they may do; must be the role they are registered with. */
  role: Role,
  /** For how many hours, 1 to 2160; three days when absent. */
  hours?: number,
  /** The lead who invites. */
  by: string,
};

/** An invitation that was just made: its token is shown now and never again. */
export type Invited = {
  /** The invitation. */
  invitation: Invitation,
  /** What opens the door. Only its hash is kept. */
  token: string,
  /**
   * The address to hand to the guest: whole while the studio is shared, else what to put behind the address that it
   * will be shared under.
   */
  link: string,
};

/** How the judge is set. Kept in the project. */
export type JudgeSettings = {
  /** The encoder's name; the house encoder when absent. */
  encoder?: string,
  /** The aesthetic head whose score the taste begins with; none when absent. */
  head?: string,
  /** Whose taste; everybody's together when absent. */
  taste_of?: string,
  /** Whether it learns and orders at all. */
  learns?: boolean,
  /** Whether 15 % of the queue come by lot, so that the judge hears of what it would not have chosen. */
  explores?: boolean,
  /** Undecided pictures with a smaller chance of being accepted are set aside; none when absent. */
  threshold?: number,
};

/** Where the judge stands. */
export type JudgeStatus = {
  /** How it is set. */
  settings: JudgeSettings,
  /** The encoder in use, as people know it. */
  encoder: string,
  /** Candidates it has looked at with that encoder. */
  judged: number,
  /** All candidates. */
  all: number,
  /** Candidates whose picture could not be read. */
  unreadable: number,
  /** Whether it is looking at pictures now. */
  working: boolean,
  /** Seconds until it has seen all, while it works. */
  seconds_left?: number,
  /** Why it judges nothing (no encoder, say), and what to do. */
  fault?: string,
  /** What it has learnt. */
  taste: TasteReport,
  /** The threshold's promise and its audit, when one is set. */
  threshold?: ThresholdStatus,
  /** Counts up with every change of scores: a list ordered by them may be asked for again. */
  version: number,
};

/** Everything the judge says of one candidate. */
export type Judgement = {
  /** The chance that it will be accepted, 0 to 1; absent while there is no taste. */
  chance?: number,
  /** Lower end of its interval of 90 %. */
  low?: number,
  /** Upper end. */
  high?: number,
  /** What the aesthetic head says, on its own scale. */
  head?: number,
  /** The chance that its generation did not fail, as the critic has it; absent without one for this encoder. */
  sound?: number,
  /** What is flagged. */
  flags: Array<TechnicalFlag>,
  /** The accepted pictures most like it. */
  accepted: Array<SimilarCandidate>,
  /** The rejected pictures most like it. */
  rejected: Array<SimilarCandidate>,
  /** What ties it to its family, if the judge did. */
  family?: FamilyTie,
  /** Why nothing is said: the picture was not looked at yet, or cannot be read. */
  fault?: string,
};

/** How far a juror is. */
export type JurorProgress = {
  /** Who. */
  name: string,
  /** Places of the ballot that are voted on. */
  done: number,
  /** Places there are. */
  total: number,
};

/** How reliable a juror was. */
export type JurorReport = {
  /** Who. */
  name: string,
  /** Places voted on. */
  done: number,
  /** Places there are. */
  total: number,
  /** The share of hidden repeats judged as at first; absent while the round is open, and without a repeat. */
  self_agreement?: number,
  /** Hidden repeats that were judged both times; 0 while the round is open. */
  repeats: number,
};

/** A colour that a curator gives a picture. What it means is the curator's affair. */
export type Label = "none" | "red" | "yellow" | "green" | "blue";

/** Whose conventions a layer project follows. */
export type LayersEngine = "folder" | "house" | "hash_lips" | "nft_chef";

/** One problem of a layer project. */
export type LayersProblem = {
  /** Whether nothing can be rendered before it is mended. */
  fault: boolean,
  /** The file or folder, with its line where there is one. */
  place: string,
  /** What is wrong, and the next step. */
  message: string,
};

/** What a layer project is, and what it can come to. */
export type LayersReport = {
  /** The collection's name. */
  name: string,
  /** Whose conventions it follows. */
  engine: LayersEngine,
  /** Width of its pictures in pixels. */
  width: number,
  /** Height of its pictures in pixels. */
  height: number,
  /** Editions that were asked after. */
  editions: number,
  /** One for each of its layer configurations. */
  configurations: Array<LayersSpace>,
  /** Everything that is wrong or worth knowing, faults first. */
  problems: Array<LayersProblem>,
  /** How many of them stand in the way. */
  faults: number,
  /** How often each trait is to be expected among those editions; none where faults stand in the way. */
  expected: Array<ExpectedTrait>,
};

/** How many different editions a configuration can make. */
export type LayersSpace = {
  /** The number, in decimal digits: it may be larger than numbers of JSON can be. */
  possible: string,
  /** Whether it was counted to the end; else there are at least as many. */
  exact: boolean,
};

/** One row of `salon list`: keys are stable. */
export type ListedCandidate = {
  /** The candidate. */
  id: CandidateId,
  /** The run that made it; null for an imported picture, as the next two. */
  run: RunId | null,
  /** Slot within the run, from 0. */
  slot: number | null,
  /** The slot's seed. */
  seed: number | null,
  /** The name of the file that was brought in; null for a picture that was made here. */
  imported: string | null,
  /** Verdict of the pick stage. */
  verdict: Verdict,
  /** SHA-256 of the file. */
  sha256: Digest,
  /** Pixels across. */
  width: number,
  /** Pixels down. */
  height: number,
  /** Known traits. */
  traits: Array<Trait>,
  /** 0 (none) to 5. */
  stars: number,
  /** Its colour label. */
  label: Label,
  /** What curators noted; may be empty. */
  note: string,
  /** The judge's score. */
  score: number | null,
  /** The first member of its family. */
  family: CandidateId | null,
};

/** One row of the log. What a vote says is absent while its round is open. */
export type LogEntry = {
  /** The row. */
  row: DecisionId,
  /** The candidate. */
  candidate: CandidateId,
  /** The stage. */
  stage: Stage,
  /** The verdict from then on; null for a secret vote. */
  verdict: Verdict | null,
  /** The verdict until then; null for a secret vote. */
  previous: Verdict | null,
  /** Who. */
  by: string,
  /** When. */
  at: Timestamp,
  /** Why; may be empty. */
  why: string,
  /** The row that this one takes back. */
  undoes: DecisionId | null,
  /** The gesture it belongs to. */
  gesture: GestureId | null,
  /** The round of a vote or an outcome. */
  round: RoundId | null,
  /** The row's hash, which covers the row before. */
  hash: Digest,
};

/** A row that does not hold together. */
export type LogFault = {
  /** The row. */
  row: DecisionId,
  /** What is wrong with it. */
  why: string,
};

/** The state that the log gives, rebuilt from its rows alone. */
export type LogReplay = {
  /** How many rows were replayed. */
  rows: number,
  /** Candidates by verdict of the pick stage, as they stood then. */
  verdicts: Counts,
  /** Hash of every verdict; equal states have equal hashes. */
  digest: Digest,
  /** Whether the project says the same; absent when newer rows were left out. */
  matches_live?: boolean,
};

/** Until when the log is replayed. */
export type LogReplayRequest = {
  /** The moment; absent for all of it. */
  at?: Timestamp,
};

/** Which rows of the log, oldest first. */
export type LogRequest = {
  /** The first row; absent for the last `limit` rows. */
  from?: DecisionId,
  /** At most so many rows; 100 when absent, 1000 at most. */
  limit?: number,
};

/** The log, checked from the first row to the last. */
export type LogVerification = {
  /** How many rows there are. */
  rows: number,
  /** The last row's hash. */
  head: Digest,
  /** The first row that does not hold together; absent when all do. */
  fault?: LogFault,
};

/** A LoRA and how strongly it is applied. */
export type LoraChoice = {
  /** Its name. */
  name: string,
  /** 1 applies it as trained. */
  weight: number,
};

/** How a LoRA goes with a model, by the names and shapes of their tensors. */
export type LoraFit = {
  /** The model's name. */
  model: string,
  /** Tensors of the LoRA; 0 when it does not fit. */
  keys: number,
  /** Those of them that fit nothing in the model and are left out, by name. */
  unmatched: Array<string>,
  /** Why it does not fit; absent when it does. */
  reason: string | null,
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

/** A low-rank adaptation found in a models folder. */
export type LoraSummary = {
  /** The file's name without its ending. */
  name: string,
  /** The file. */
  path: string,
  /** SHA-256 of the file; absent when it cannot be used. */
  sha256: Digest | null,
  /** Bytes on disk. */
  bytes: number,
  /** How it is written ("kohya", "PEFT", "LoHa"…); empty while unknown. */
  format: string,
  /** Its rank; absent when its layers differ or it has none. */
  rank: number | null,
  /** The family it was made for; empty while unknown. */
  family: string,
  /** Names of the models it fits, wholly or partly. */
  fits: Array<string>,
  /** How it goes with each model that can be used. */
  models: Array<LoraFit>,
  /** Why it cannot be used; absent when it can. */
  fault: string | null,
};

/** How an endpoint is spoken to. */
export type LoreDialect = "open_ai" | "anthropic";

/** An endpoint that may be asked for lore. Its key is kept by the system, never here. */
export type LoreEndpoint = {
  /** Whether it may be asked at all. */
  on: boolean,
  /** How it is spoken to. */
  dialect: LoreDialect,
  /** Its address up to the version (`https://api.example.com/v1`). */
  base: string,
  /** The model's name there. */
  model: string,
  /** What a million tokens cost that are sent; 0 where they cost nothing. */
  input_price: number,
  /** What a million tokens cost that come back. */
  output_price: number,
  /**
   * What may be spent in this project, in the currency of the prices. Before each request it is made sure that the cap
   * cannot be passed by it.
   */
  cap: number,
};

/** An endpoint as it stands. */
export type LoreEndpointStatus = {
  /** The endpoint, once one is set. */
  endpoint: LoreEndpoint | null,
  /** What was spent in this project. */
  spent: number,
  /** Whether there is a key for it. */
  has_key: boolean,
  /** Whether what is sent stays on this machine. */
  stays_here: boolean,
};

/** A candidate that nothing could be written about. */
export type LoreFailure = {
  /** The candidate. */
  candidate: CandidateId,
  /** Why, and what to do. */
  why: string,
};

/** A text that a picture may have. */
export type LoreField = "name" | "description" | "lore";

/** How many characters a text has. */
export type LoreLength = {
  /** At least. */
  least: number,
  /** At most. */
  most: number,
};

/** A language model of the models folders. */
export type LoreModel = {
  /** Its file's name. */
  name: string,
  /** What it is ("qwen3"); empty when it cannot be run. */
  architecture: string,
  /** Its file's size. */
  bytes: number,
  /** Why it cannot be run, if it cannot. */
  fault: string | null,
};

/** How far writing is. */
export type LoreProgress = {
  /** Candidates that were gone through. */
  done: number,
  /** Candidates in all. */
  total: number,
  /** Texts written. */
  written: number,
  /** The candidate being written about. */
  candidate: CandidateId | null,
  /** What the model has said of it so far; empty for a grammar. */
  so_far: string,
  /** The seed that all of it is written with. */
  seed: number,
  /** Those that nothing could be written about. */
  failed: Array<LoreFailure>,
  /** Whether it has ended. */
  ended: boolean,
  /** Why it ended before it was through, if it did. */
  fault: string | null,
};

/** Asks for what is written about candidates. */
export type LoreRequest = {
  /** Which; every candidate that has texts when absent. */
  candidates?: Array<CandidateId>,
};

/** Which texts are written when there are some already. */
export type LoreScope = "missing" | "stale" | "open" | "unlocked";

/** Who wrote a text. */
export type LoreSource = { "kind": "grammar",
/** What the grammar calls itself. */
name: string,
/** SHA-256 of its file. */
sha256: Digest, } | { "kind": "model",
/** The file's name. */
name: string,
/** SHA-256 of its file. */
sha256: Digest, } | { "kind": "endpoint",
/** The machine that answered ("api.example.com"). */
host: string,
/** The model's name there. */
model: string, } | { "kind": "hand",
/** Their name. */
by: string,
};

/** A text about a candidate. */
export type LoreText = {
  /** Which text it is. */
  field: LoreField,
  /** The text. */
  text: string,
  /** Who wrote it. */
  source: LoreSource,
  /** The seed it was written with; none for a hand. */
  seed: number | null,
  /** Whether somebody accepted it: only then is it exported. */
  accepted: boolean,
  /** Whether no machine may write over it. */
  locked: boolean,
  /** Whether the candidate's traits have changed since. */
  stale: boolean,
  /** When it was written. */
  written_at: Timestamp,
};

/** The voice that texts are written in. */
export type LoreVoice = {
  /** How it sounds; models read it. */
  style: string,
  /** Texts that sound right; models read them. */
  examples: Array<string>,
  /** Words and phrases that no text may hold. */
  banned: Array<string>,
  /** How long a name is. */
  name: LoreLength,
  /** How long a description is. */
  description: LoreLength,
  /** How long the lore is. */
  lore: LoreLength,
  /** The project's own grammar as JSON; the house's when absent. */
  grammar?: string,
};

/** Who is to write. */
export type LoreWriter = { "kind": "grammar" } | { "kind": "model",
/** The name. */
name: string, } | { "kind": "endpoint" };

/** Makes the masters of an approved set, or those of them that are missing. */
export type MakeMasters = {
  /** The set; the newest when absent. */
  approval?: ApprovalId,
  /** How they are made. Another order than the set's last one withdraws those. Its signature is the signer's. */
  order: MasterOrder,
  /** Who signs them; nobody when absent. */
  signer?: MasterSigner,
};

/** Sets marks of many candidates as one gesture; what is absent stays. */
export type Mark = {
  /** The candidates as they were seen; the first is the one to return to. */
  seen: Array<Seen>,
  /** 0 (none) to 5. */
  stars?: number,
  /** A colour, or none. */
  label?: Label,
  /** A note; empty clears it. */
  note?: string,
  /** The curator's name. */
  by: string,
};

/** Accepts or locks texts, or takes that back. */
export type MarkLore = {
  /** About whom. */
  candidates: Array<CandidateId>,
  /** Which texts; all when empty. */
  fields: Array<LoreField>,
  /** Whether they are accepted; left as it is when absent. */
  accepted?: boolean,
  /** Whether they are locked; left as it is when absent. */
  locked?: boolean,
  /** Who asks. */
  by: string,
};

/** A candidate's marks. */
export type MarkedCandidate = {
  /** The candidate. */
  candidate: CandidateId,
  /** 0 (none) to 5. */
  stars: number,
  /** Its label. */
  label: Label,
  /** Whether something is noted. */
  noted: boolean,
};

/** A file of the picture store. */
export type MasterFile = {
  /** SHA-256 of it. */
  sha256: Digest,
  /** What kind of file it is. */
  media: Media,
  /** Pixels across. */
  width: number,
  /** Pixels down. */
  height: number,
  /** Its bytes. */
  bytes: number,
};

/** Which kind of file masters are. */
export type MasterFormat = { "kind": "keep" } | { "kind": "png" } | { "kind": "webp" } | { "kind": "jpeg",
/** 1 to 100. */
quality: number,
/** Red, green and blue of what lies behind transparent pictures; without it they are refused. */
ground?: [number, number, number], } | { "kind": "avif",
/** 1 to 100. */
quality: number,
};

/** What becomes of the texts in a picture's file: prompts, cameras, places, programs. */
export type MasterMetadata = "keep" | "clean";

/** How the pictures of an approved set become masters. The same order makes the same bytes of the same picture. */
export type MasterOrder = {
  /** How large they are. */
  size: MasterSize,
  /** Which kind of file they are. */
  format: MasterFormat,
  /** What becomes of the texts in their files. */
  metadata: MasterMetadata,
  /** Whether their files say from what kind of source they came (XMP, `Iptc4xmpExt:DigitalSourceType`). */
  disclosed: boolean,
  /**
   * What is said of pictures that were brought in without a recipe, of whose making nothing is known; nothing when
   * absent.
   */
  unknown_source?: DigitalSource,
  /** Whose certificate signs them, if anybody's. */
  signature?: MasterSignature,
};

/** One picture before and after. */
export type MasterSample = {
  /** Its place in the set. */
  position: number,
  /** The candidate it was. */
  candidate: CandidateId,
  /** As it was approved. */
  before: MasterFile,
  /** As it would be sold. */
  after: MasterFile,
  /** What the file says of its source. */
  source: DigitalSource | null,
  /** How long it took, in milliseconds. */
  took_ms: number,
  /** How many pictures the set has. */
  pictures: number,
  /** How long all of them will take on this machine if all are like this one, in milliseconds. */
  all_ms: number,
  /** Pictures of the set of whose source nothing is known. */
  unknown_sources: number,
};

/** The masters of an approved set. */
export type MasterSet = {
  /** Its row. */
  id: MasterSetId,
  /** The approved set. */
  approval: ApprovalId,
  /** How they are made. */
  order: MasterOrder,
  /** When they were ordered. */
  ordered_at: Timestamp,
  /** When another order took their place; absent while the set's bundles have them. */
  withdrawn_at: Timestamp | null,
  /** How many are made. */
  made: number,
  /** How many pictures the set has. */
  pictures: number,
  /** Bytes of what is made. */
  bytes: number,
};

/** A set of masters' row in its project. */
export type MasterSetId = number;

/** A manifest that says how a picture came about, signed by its maker (C2PA). */
export type MasterSignature = {
  /** SHA-256 of the certificate. */
  certificate: Digest,
  /** Whether the pictures may be learnt from. */
  training: TrainingUse,
};

/** A certificate and its key, from files of their maker's. They are read when something is signed, and kept nowhere. */
export type MasterSigner = {
  /** A PEM file with the signer's certificate first and those that vouch for it behind. */
  certificate: string,
  /** A PEM file with its private key in PKCS #8: P-256, Ed25519, or RSA of 2048 bits and more. */
  key: string,
  /** Whether the pictures may be learnt from. */
  training: TrainingUse,
};

/** How large masters are. */
export type MasterSize = { "kind": "keep" } | { "kind": "times",
/** 1 to [`master_limits::MOST_TIMES`]. */
factor: number, } | { "kind": "longest",
/** [`master_limits::SHORTEST_SIDE`] to [`master_limits::LONGEST_SIDE`]. */
pixels: number,
};

/** Something that pictures were made with. */
export type MaterialSummary = {
  /** `model`, `LoRA`, `embedding`, `picture` or `program`. */
  kind: string,
  /** Its name; empty for a picture, and for a program that named itself nowhere. */
  name: string,
  /** SHA-256 of it; null for a program. */
  sha256: Digest | null,
  /** Its licence; empty where none is known. */
  licence: string,
  /** Its card, where it has one. */
  card: string | null,
  /** What it learnt from, as far as it says. */
  data: Array<TrainingSource>,
  /** How many tokens it is in. */
  tokens: number,
};

/** Tokens of one recipe. */
export type MaterialUse = {
  /** The recipe; null for pictures that were brought in without one. */
  recipe_sha256: Digest | null,
  /** Places of its materials in the list of them, from 0. */
  materials: Array<number>,
  /** The tokens, ascending. */
  tokens: number[],
};

/** What kind of file a picture is. */
export type Media = "png" | "jpeg" | "webp" | "avif";

/** A transaction that became part of the chain: keys are stable. */
export type MinedTransaction = {
  /** Its hash. */
  hash: string,
  /** Its block. */
  block: number,
  /** The gas that it used. */
  gas: number,
  /** What it cost, in wei. */
  cost_wei: string,
  /** The contract that it deployed; null when it deployed none. */
  contract: string | null,
};

/** What a model can do. */
export type ModelCapabilities = {
  /** It was trained to fill masks (nine input channels). Any other model fills them by blending. */
  inpaint: boolean,
  /** It refines what another model began, and cannot begin by itself. */
  refiner: boolean,
  /** It was distilled for few steps (latent consistency). */
  latent_consistency: boolean,
  /** Layers of its text encoder can be left out. */
  clip_skip: boolean,
  /** Samplers that fit it, in the order menus show them. */
  samplers: Array<SamplerKind>,
  /** Width and height are multiples of this many pixels. */
  side_multiple: number,
  /** Tokens in one stretch of a prompt, its begin and end marks included. */
  prompt_tokens: number,
};

/** Candidates of a model. */
export type ModelFacet = {
  /** The model's hash. */
  sha256: Digest,
  /** The name it was first used under. */
  name: string,
  /** Its candidates. */
  count: number,
};

/** How a model lies on disk. */
export type ModelKind = "folder" | "file";

/** A model by name and by what its files hash to. */
export type ModelRef = {
  /** The folder's name under a models folder ("house"). */
  name: string,
  /** SHA-256 over the model's files. */
  sha256: Digest,
};

/** A model found in a models folder. */
export type ModelSummary = {
  /** The folder's name, or the file's without its ending. */
  name: string,
  /** The folder or file. */
  path: string,
  /** How it lies on disk. */
  kind: ModelKind,
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
  /** What a recipe of it may ask for. */
  capabilities: ModelCapabilities,
  /** Licence as its model card or its metadata names it; empty when neither does. */
  licence: string,
  /** The latest candidate of this project made with exactly this model. */
  thumbnail: CandidateId | null,
  /** Names of the LoRAs that fit it, wholly or partly. */
  loras: Array<string>,
  /** What is worth knowing and no fault ("3 tensors are not used"). */
  notes: Array<string>,
  /** Why it cannot be used, naming file and tensor; absent when it can. */
  fault: string | null,
};

/** A name and how many there are of it. */
export type NamedCount = {
  /** The name. */
  name: string,
  /** How many. */
  count: number,
};

/** Asks for a pair to compare. */
export type NextDuel = {
  /** The curator's name. */
  by: string,
};

/** A request without fields. */
export type Nothing = Record<symbol, never>;

/** Opens a blind round. */
export type OpenRound = {
  /** Its name. */
  name: string,
  /** The lead. */
  by: string,
  /** The candidates; all accepted ones when absent. */
  candidates?: Array<CandidateId>,
  /** The jurors' names. */
  jurors: Array<string>,
  /** How many of them must agree. */
  quorum: number,
  /** The share of candidates shown to each juror twice, 0 to 0.05; none when absent. */
  repeats?: number,
};

/** Orders pictures with a trait: a run whose template is drawn so that each slot has it. */
export type OrderBalance = {
  /** The trait type. */
  trait_type: string,
  /** The value. */
  value: string,
  /** How many. */
  count: number,
  /** The run whose recipe and template are used; the newest that can have the trait when absent. */
  run?: RunId,
  /** The run's seed; drawn when absent. */
  seed?: number,
};

/** Orders a run whose template slots are drawn by what raises acceptance. */
export type OrderSteered = {
  /** The run whose recipe and template are taken. */
  run: RunId,
  /** How many pictures. */
  count: number,
  /** The run's seed; drawn when absent. */
  seed?: number,
};

/** Where a candidate came from. Curation never asks; provenance always does. */
export type Origin = { "kind": "slot",
/** The run. */
run: RunId,
/** The slot's index within the run, from 0. */
slot: number,
/** The slot's own seed. */
seed: number, } | { "kind": "imported",
/** The file's name, without its folder. */
name: string,
/** The program that its metadata name ("ComfyUI"); empty when they name none. */
tool: string,
};

/** What a round says of one candidate. */
export type Outcome = "accepted" | "rejected" | "tie";

/**
 * Paints layered compositions anew: each becomes the starting picture of a run, and its traits the prompt. The new candidates
 * carry the traits of the layers.
 */
export type PaintLayers = {
  /** Candidates that were put together from layers; all that nobody rejected when absent. */
  candidates?: Array<CandidateId>,
  /** How much of each composition is painted anew: 0 keeps it, 1 keeps nothing but its traits' words. */
  strength: number,
  /**
   * How they are painted. Its prompt stands behind the traits and may be empty; its count is for each composition; the seed
   * is the first one's. It has no source, variation or template.
   */
  order: StartRun,
};

/** How far two jurors agree. */
export type PairReport = {
  /** One. */
  one: string,
  /** The other. */
  other: string,
  /** Cohen's κ: 1 full agreement, 0 that of chance; absent where it is not defined. */
  kappa?: number,
  /** Candidates that both judged. */
  both: number,
};

/** What a model wrote of a picture. */
export type PictureCaption = {
  /** Its words. */
  text: string,
  /** The model's name. */
  model: string,
  /** SHA-256 over everything that decides what it writes. */
  sha256: Digest,
  /** When. */
  at: Timestamp,
};

/** What a collection is deployed with; the rest is read from its bundle, which is verified. */
export type PlanContract = {
  /** The bundle's folder. */
  bundle: string,
  /** The collection's name, where it is not the bundle's. */
  name?: string,
  /** The ticker, where the bundle has none. */
  symbol?: string,
  /** Address of who may mint, reveal and freeze. */
  owner: string,
  /** What tokens show before the reveal. */
  placeholder_uri?: string,
  /** Who gets royalties; the owner, where nobody else is named. */
  royalty_receiver?: string,
  /** Royalties in hundredths of a per cent; none where absent. */
  royalty_basis_points?: number,
};

/** Asks what would be sent where. Nothing leaves by that. */
export type PlanPublication = {
  /** The bundle. */
  bundle: BundleId,
  /** Where it would go. */
  destination: PublishDestination,
};

/** Estimates what an owner wants done, tries it without consequence, and gives the unsigned transaction. */
export type PrepareTransaction = {
  /** Address of a node of the chain (`https://…`). */
  node: string,
  /** Address of the account that will sign it. */
  from: string,
  /** The contract's address; absent for a deployment. */
  contract?: string,
  /** What is wanted. */
  what: ContractAction,
};

/** A transaction that the chain would take as it is now: keys are stable. */
export type PreparedTransaction = {
  /** The contract's function ("setBaseURI"), or "deploy". */
  call: string,
  /** The chain's number. */
  chain_id: number,
  /** Where the contract lies, or where it will. */
  contract: string,
  /** Gas, as the node estimates it. */
  gas: number,
  /** What it costs at the newest block's price, in wei. */
  likely_wei: string,
  /** The most that it can cost, in wei. */
  most_wei: string,
  /** What the account has, in wei. */
  balance_wei: string,
  /** The transaction, for the owner's wallet. */
  transaction: UnsignedTransaction,
};

/** How well a reader does, on examples that it had not learnt from. */
export type ProbeReport = {
  /** Examples by value, most first; the value is empty for none. */
  examples: Array<NamedCount>,
  /** Values with too few examples, which a probe cannot say. */
  unlearnt: Array<string>,
  /** The share that was right. */
  accuracy: number,
  /** The mean over values of F1. */
  macro_f1: number,
  /** The share of the most frequent value: what saying always the same would get. */
  commonest: number,
  /** The share of which it was sure. */
  sure: number,
  /** Of those, the share that was right; absent when it was sure of nothing. */
  right_when_sure?: number,
};

/** The open project and what this machine offers. */
export type ProjectStatus = {
  /** The folder's name without `.salon`. */
  name: string,
  /** The project folder. */
  path: string,
  /** Set when another process has the project open, or the folder cannot be written: says which and what to do. */
  read_only: string | null,
  /** Why nothing can be kept at the moment. */
  trouble: ApiError | null,
  /** What generation runs on ("CPU, 2 threads"). */
  device: string,
  /** Where models are looked for, in this order; a folder may not be there yet. */
  model_folders: string[],
  /** Salon's version. */
  version: string,
  /** The curator's name as last used here; empty at first. */
  curator: string,
  /** Candidates by verdict. */
  counts: Counts,
  /** Decisions in the log. */
  decisions: number,
};

/** Protects the pictures of a folder from being copied, or forgets it. */
export type ProtectFolder = {
  /** The folder. */
  path: string,
  /** Whether to forget it instead. */
  forget?: boolean,
};

/** A folder whose pictures must not be copied. */
export type ProtectedFolder = {
  /** The folder. */
  path: string,
  /** Pictures in it that could be read. */
  pictures: number,
};

/** A bundle on its way, or there. */
export type Publication = {
  /** Its row. */
  publication: PublicationId,
  /** The bundle. */
  bundle: BundleId,
  /** `kubo`, `pinning` or `s3`. */
  kind: string,
  /** The machine, with its port. */
  host: string,
  /** Where it goes. */
  destination: PublishDestination,
  /** Root of the bundle. */
  root_cid: string,
  /** Bytes that leave, where none has to be sent twice. */
  bytes: number,
  /** Bytes that have arrived. */
  arrived: number,
  /** Bytes that may have left, repeated ones counted again. */
  sent: number,
  /** Most bytes that may leave; null for as many as it takes. */
  at_most: number | null,
  /** How it stands. */
  state: PublicationState,
  /** What the machine said of it, or why it stopped. */
  said: string,
  /** When it began. */
  began_at: Timestamp,
  /** When something of it changed last. */
  changed_at: Timestamp,
};

/** What somebody agreed to. */
export type PublicationConsent = {
  /** The machine, as the plan has it. */
  host: string,
  /** The root, as the plan has it. */
  root_cid: string,
  /** The bytes, as the plan has them. */
  bytes: number,
};

/** A publication's row in its project. */
export type PublicationId = number;

/** Whether a machine has a key. */
export type PublicationKey = {
  /** The machine, with its port. */
  host: string,
  /** Whether a key is kept for it. */
  has_key: boolean,
};

/** What would be sent where. */
export type PublicationPlan = {
  /** The bundle. */
  bundle: BundleId,
  /** `kubo`, `pinning` or `s3`. */
  kind: string,
  /** The machine, with its port. */
  host: string,
  /** Root of the bundle. */
  root_cid: string,
  /** Bytes that would leave, where none has to be sent twice; a pinning service fetches them by itself. */
  bytes: number,
  /** Length of the CAR. */
  car_bytes: number,
  /** Whether that machine is this one. */
  stays_here: boolean,
  /** Whether a key is kept for it. */
  has_key: boolean,
  /** The unfinished publication that would go on; null where there is none. */
  goes_on: PublicationId | null,
  /** Bytes of it that have arrived. */
  arrived: number,
};

/** How far a publication, or a look through a gateway, is. */
export type PublicationProgress = {
  /** The publication; null for a look through a gateway. */
  publication: PublicationId | null,
  /** What is being done ("sending"). */
  stage: string,
  /** Bytes done in this stage. */
  done: number,
  /** Bytes of this stage; 0 where they are not known. */
  total: number,
  /** Seconds that the rest will take at this pace; null where nobody can say. */
  seconds_left: number | null,
};

/** How a publication stands. */
export type PublicationState = "under_way" | "stopped" | "done";

/** Sends a bundle, or goes on where the same one was left on its way to the same place. */
export type Publish = {
  /** The bundle. */
  bundle: BundleId,
  /** Where it goes. */
  destination: PublishDestination,
  /** What its user agreed to; refused where that is not what would be sent. */
  consent: PublicationConsent,
  /** Most bytes that may leave, repeated ones counted again; as many as it takes when absent. */
  at_most?: number,
};

/** Where a bundle goes. Never a key. */
export type PublishDestination = {
  /** The machine's address: `https://api.example.com/psa`, `http://127.0.0.1:5001`. */
  address: string,
  /** Whether it may be called without TLS although it is not this machine. */
  in_the_clear?: boolean,
  /** How it is spoken to. */
  service: PublishProtocol,
};

/** How a machine is spoken to. */
export type PublishProtocol = { "kind": "kubo" } | { "kind": "pinning",
/** What the pin is called; the bundle folder's name when absent. */
name?: string,
/** Multiaddresses of nodes that have the blocks. */
origins?: Array<string>, } | { "kind": "s3",
/** The bucket. */
bucket: string,
/** The region; `us-east-1` when absent. */
region?: string,
/** The object's name; the root and `.car` when absent. */
object?: string,
/** Whether the store is asked to import the CAR as IPFS blocks, as Filebase does. */
import?: boolean,
/** MiB of a part; 8, or more where it must be, when absent. */
part_mib?: number,
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

/** How many pictures should have a trait. */
export type Quota = {
  /** What the trait describes. */
  trait_type: string,
  /** The value. */
  value: string,
  /** At least so many. */
  least?: number,
  /** At most so many. */
  most?: number,
};

/** How far two formulas agree. */
export type RarityAgreement = {
  /** One formula. */
  one: RarityMethod,
  /** The other. */
  other: RarityMethod,
  /** Kendall's τ-b, from −1 to 1; absent where a formula puts all tokens on one rank. */
  tau?: number,
};

/** A formula for rarity. */
export type RarityMethod = "open_rarity" | "rarity_tools" | "statistical" | "average" | "arithmetic" | "harmonic";

/** How rare the tokens of a set are, by every formula. */
export type RarityReport = {
  /** The formulas; the first is the open standard. */
  methods: Array<RarityMethod>,
  /** The tokens, the rarest by the first formula first. */
  tokens: Array<TokenRarity>,
  /** How far each two formulas agree. */
  agreements: Array<RarityAgreement>,
};

/** Asks for the rarity of a set's tokens. */
export type RarityRequest = {
  /** The signed set of this version; all that is accepted when absent. */
  approved?: number,
};

/** Makes a recorded bundle again, byte for byte. */
export type RebuildBundle = {
  /** The bundle. */
  bundle: BundleId,
  /** A folder that does not exist yet or is empty. */
  out: string,
};

/** Everything that determines a picture. Slot `n` of a run is made with seed `seed + n`. */
export type Recipe = {
  /** The model. */
  model: ModelRef,
  /** Adaptations, in the order they are applied. */
  loras: Array<LoraRef>,
  /** The prompt, or the template of the slots' prompts when [`Recipe::template`] says so. */
  prompt: string,
  /** What the picture should not show; may be empty. A template like the prompt. */
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
  /** How the prompts' templates are resolved; absent when they are plain prompts. */
  template?: TemplateMode | null,
  /** Textual inversions that the prompts name, in the order of their names. */
  embeddings?: Array<EmbeddingRef>,
  /** Layers left out at the end of the text encoder. */
  clip_skip?: number,
  /** The picture that this is a variation of, if any. */
  variation?: Variation | null,
  /** The second pass at a larger size, if any. */
  upscale?: Upscale | null,
  /** The second model for the last steps, if any. */
  refiner?: Refiner | null,
  /** Whether the autoencoder decodes in overlapping tiles: less memory, very slightly another picture. */
  tiled_decode?: boolean,
};

/** Which program wrote a recipe into a picture. */
export type RecipeWriter = "salon" | "a1111" | "comfyui" | "invokeai" | "swarmui" | "fooocus";

/** A second model that takes over for the last steps (SDXL's refiner). */
export type Refiner = {
  /** The model. */
  model: ModelRef,
  /** Share of the noise schedule after which it takes over, 0 to 1. */
  switch_at: number,
};

/** A second model and when it takes over. */
export type RefinerChoice = {
  /** The model's name. */
  model: string,
  /** Share of the noise schedule after which it takes over, 0 to 1. */
  switch_at: number,
};

/** The regret meter: every threshold with its cost. */
export type RegretMeter = {
  /** Whether there is a taste to read it by. */
  signal: TasteSignal,
  /** Thresholds in equal steps from 0 to 1. */
  readings: Array<RegretReading>,
  /** Undecided pictures by chance, in as many equal bins as there are steps. */
  histogram: Array<number>,
};

/** What a threshold would set aside and cost. */
export type RegretReading = {
  /** Undecided pictures with a smaller chance are set aside. */
  threshold: number,
  /** So many. */
  hidden: number,
  /** So many stay. */
  shown: number,
  /** Of all undecided ones so many would be accepted. */
  expected_accepted: number,
  /** So many of these would be lost. */
  expected_lost: number,
  /** Give or take. */
  deviation: number,
};

/** Removes a curator. What they decided stays. */
export type RemoveCurator = {
  /** Whom. */
  name: string,
  /** The lead who removes them. */
  by: string,
};

/** Takes a model out of the models folder. */
export type RemoveModel = {
  /** Its name. */
  name: string,
};

/** Forgets a saved recipe. */
export type RemoveRecipe = {
  /** The name. */
  name: string,
};

/** Names a saved view. */
export type RemoveView = {
  /** The name. */
  name: string,
};

/** Orders a run's recipe once more. */
export type Rerun = {
  /** The run to repeat. */
  run: RunId,
  /** How many pictures; as many as before when absent. */
  count?: number,
  /** Draw a new seed: the same recipe, other pictures. */
  fresh?: boolean,
};

/** Accepts a candidate and rejects the rest of its family, as one gesture. */
export type ResolveFamily = {
  /** The one to keep. */
  candidate: CandidateId,
  /** The frame of its picture. */
  frame?: Frame,
  /** The curator's name. */
  by: string,
};

/** Asks what the slots of a run would be painted from. */
export type ResolveTemplate = {
  /** The prompt's template. */
  prompt: string,
  /** The negative prompt's template. */
  negative_prompt?: string,
  /** How slots draw from them. */
  template: TemplateMode,
  /** How many pictures. */
  count: number,
  /** The run's seed. */
  seed: number,
};

/** What templates become. */
export type ResolvedPrompts = {
  /** Of the first slots, at most twenty. */
  prompts: Array<SlotPrompts>,
  /** How many different prompts (of both templates together) there can be; at most 2^53 − 1. */
  combinations: number,
};

/** Goes on with a publication. */
export type ResumePublication = {
  /** Which one. */
  publication: PublicationId,
  /** Another cap; the one it has when absent. */
  at_most?: number,
};

/** Revokes an invitation: whoever came in with it is out at once. */
export type RevokeInvitation = {
  /** Which. */
  id: InvitationId,
  /** The lead. */
  by: string,
};

/** What a curator is to a project. A project without curators lets everybody do everything: one artist at home. */
export type Role = "artist" | "juror" | "lead";

/** A round, and how far its jurors are. */
export type Round = {
  /** Its row. */
  id: RoundId,
  /** Its name. */
  name: string,
  /** How many jurors must agree. */
  quorum: number,
  /** The share of candidates shown twice. */
  repeats: number,
  /** How many candidates it is about. */
  candidates: number,
  /** Its jurors, and how far each is. */
  jurors: Array<JurorProgress>,
  /** Who opened it. */
  opened_by: string,
  /** When. */
  opened_at: Timestamp,
  /** Who closed it; null while it is open. */
  closed_by: string | null,
  /** When. */
  closed_at: Timestamp | null,
};

/** A jury round's row in its project. */
export type RoundId = number;

/** What a round says of a candidate. */
export type RoundOutcome = {
  /** The candidate. */
  candidate: CandidateId,
  /** Jurors for it. */
  for: number,
  /** Jurors against it. */
  against: number,
  /** What that comes to. */
  outcome: Outcome,
  /** The verdict of the approve stage that holds now: for a tie, what the lead said of it. */
  verdict: Verdict,
};

/** What a round came to. While it is open: how far its jurors are, and nothing else. */
export type RoundReport = {
  /** The round. */
  round: Round,
  /** Candidate by candidate; empty while it is open. */
  outcomes: Array<RoundOutcome>,
  /** Juror by juror. */
  jurors: Array<JurorReport>,
  /** Pair by pair; empty while it is open. */
  pairs: Array<PairReport>,
};

/** Names a round. */
export type RoundRequest = {
  /** The round. */
  round: RoundId,
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

/** Candidates of a run. */
export type RunFacet = {
  /** The run. */
  run: RunId,
  /** Its prompt. */
  title: string,
  /** Its candidates. */
  count: number,
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
export type SamplerKind = "ddim" | "euler" | "euler_ancestral" | "dpmpp_2m" | "dpmpp_2m_karras" | "unipc" | "lcm";

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

/** Keeps an order under a name; what had that name before is replaced. */
export type SaveRecipe = {
  /** The name. */
  name: string,
  /** The order. */
  request: StartRun,
};

/** An order kept under a name. */
export type SavedRecipe = {
  /** The name. */
  name: string,
  /** The order. */
  request: StartRun,
  /** When it was saved. */
  saved_at: Timestamp,
};

/** A query kept under a name. */
export type SavedView = {
  /** The name; 1 to 100 characters. */
  name: string,
  /** The query. */
  query: CandidateQuery,
};

/** What of candidates breaks a schema. */
export type SchemaBreach = {
  /** How, as a sentence. */
  problem: string,
  /** How many candidates. */
  candidates: number,
};

/** A trait that a rule speaks of. */
export type SchemaHas = {
  /** The trait type. */
  trait_type: string,
  /** The value; none means any. */
  value?: string,
};

/** What goes together. Rules hold whatever the order of traits and of rules. */
export type SchemaRule = { "rule": "excludes",
/** The one. */
one: SchemaHas,
/** The other. */
other: SchemaHas, } | { "rule": "requires",
/** Where this is, */
when: SchemaHas,
/** this must be. */
then: SchemaHas, } | { "rule": "at_most",
/** The trait. */
of: SchemaHas,
/** The number of tokens. */
count: number,
};

/** One kind of trait. */
export type SchemaTrait = {
  /** Its name ("Headwear"). */
  name: string,
  /** How marketplaces show it. */
  display?: TraitDisplay,
  /** Whether the picture shows it. */
  nature?: TraitNature,
  /** Whether every token must have it. */
  required?: boolean,
  /** For words: the words it may have. Empty for numbers. */
  values?: Array<SchemaValue>,
  /** The slots of templates that it is read from: names of wildcards. One of its own name always counts. */
  slots?: Array<string>,
  /** For numbers: the least it may be. */
  least?: number,
  /** For numbers: the most it may be. */
  most?: number,
};

/** A word that a trait may have. */
export type SchemaValue = {
  /** The word ("Crown"). */
  name: string,
  /** How often it should occur; none when that is left open. */
  target?: TraitTarget,
};

/**
 * A candidate as a hand saw it: its number and the frame that its picture was painted with. Programs that name
 * candidates themselves leave the frame out.
 */
export type Seen = {
  /** The candidate. */
  candidate: CandidateId,
  /** The frame of the picture that was painted. */
  frame?: Frame,
};

/** Has a node sign and send a transaction, where it holds the sender's account unlocked, as test chains do. */
export type SendTransaction = {
  /** Address of the node. */
  node: string,
  /** The transaction. */
  transaction: UnsignedTransaction,
};

/** How the accepted candidates stand. */
export type SetBoard = {
  /** How many pictures the set should have. */
  target?: number,
  /** How many are accepted. */
  accepted: number,
  /** Trait by trait, in alphabetical order. */
  traits: Array<SetTrait>,
};

/** Asks how the accepted candidates stand to the target and the quotas. */
export type SetBoardRequest = {
  /** A candidate: what accepting it would change. */
  candidate?: CandidateId,
};

/** Sets the endpoint. */
export type SetLoreEndpoint = {
  /** The endpoint. */
  endpoint: LoreEndpoint,
  /** Its key, for the keyring of this system; left as it is when absent, forgotten when empty. */
  key?: string,
};

/** A member of the set that stands out of it. */
export type SetOutlier = {
  /** The candidate. */
  candidate: CandidateId,
  /** In what, and by how much, in words. */
  reasons: Array<string>,
  /** How far out, in robust standard deviations, the farthest of its reasons. */
  strength: number,
  /** The members most like it, as the reason. */
  nearest: Array<SimilarCandidate>,
};

/** Keeps the key of a machine in the keyring of the system. It goes nowhere else. */
export type SetPublicationKey = {
  /** The machine's address. */
  address: string,
  /** The key (`ID:SECRET` for S3); an empty one is forgotten. */
  key: string,
};

/** What the set should look like; replaces what was set before. */
export type SetTargets = {
  /** How many pictures it should have; none when absent. */
  target?: number,
  /** How many of them should have which trait. */
  quotas: Array<Quota>,
  /** Who sets it; needed where curators are registered. */
  by?: string,
};

/** One trait of the set. */
export type SetTrait = {
  /** What the trait describes ("Background"). */
  trait_type: string,
  /** Value by value, in alphabetical order. */
  values: Array<SetTraitValue>,
};

/** What a hand says of one trait type. */
export type SetTraitEdit = {
  /** The trait type. */
  trait_type: string,
  /** The value; absent says that it has none. */
  value?: string,
  /** Takes the hand's word back instead, so that the other sources speak. */
  withdraw?: boolean,
};

/** Keeps a schema as the next version; refused with all that is wrong with it. */
export type SetTraitSchema = {
  /** The schema; the version that it states is not looked at. */
  schema: TraitSchema,
  /** The version that was edited, 0 for a draft; refused when another was kept since. */
  expects: number,
  /** The curator's name. */
  by: string,
};

/** How many accepted candidates have a value. */
export type SetTraitValue = {
  /** The value ("teal"). */
  value: string,
  /** So many. */
  count: number,
  /** At least so many are wanted. */
  least?: number,
  /** At most so many are wanted. */
  most?: number,
  /** The count if the candidate asked about were accepted. */
  if_accepted: number,
};

/** Says what traits candidates have, as one gesture that one undo takes back. */
export type SetTraits = {
  /** The candidates as they were seen; the first is the one to return to. */
  seen: Array<Seen>,
  /** What of each of them. */
  traits: Array<SetTraitEdit>,
  /** The curator's name. */
  by: string,
};

/** What the user can set, kept in the project. */
export type Settings = {
  /** The curator's name. */
  curator: string,
  /** Log level: error, warn, info, debug or trace. */
  log_level: string,
};

/** Settles a duel. */
export type SettleDuel = {
  /** The duel. */
  duel: DuelId,
  /** How it ended. */
  outcome: DuelOutcome,
  /** The curator's name. */
  by: string,
};

/** What a duel changed. */
export type SettledDuel = {
  /** The left picture's strength now. */
  left: Strength,
  /** The right picture's strength now. */
  right: Strength,
};

/** Signs a curator in, here and until the studio closes. */
export type SignIn = {
  /** Who. */
  name: string,
  /** Their PIN, when they have one. */
  pin?: string,
};

/** Signs a curator out. */
export type SignOut = {
  /** Who. */
  name: string,
};

/** A file of signed items for Arweave. */
export type SignedBundle = {
  /** The manifest's id: through it everything else is found by its path. */
  manifest_id: string,
  /** The address of the wallet that signed. */
  wallet: string,
  /** The file to upload. */
  file: string,
  /** Items in it. */
  items: number,
  /** Its length in bytes. */
  bytes: number,
};

/** A candidate and how like another it is. */
export type SimilarCandidate = {
  /** The candidate. */
  candidate: CandidateId,
  /** Cosine of their vectors, -1 to 1. */
  similarity: number,
};

/** Asks for the pictures most like one. */
export type SimilarRequest = {
  /** The one. */
  candidate: CandidateId,
  /** How many; 24 when absent. */
  count?: number,
};

/** One picture to be made. */
export type Slot = {
  /** The run it belongs to. */
  run: RunId,
  /** Its index within the run, from 0. */
  index: number,
  /** Its own seed. */
  seed: number,
  /** What its templates became; absent when the recipe's prompts are its own. */
  resolved: SlotPrompts | null,
  /** What became of it. */
  state: SlotState,
};

/** What a slot is painted from when the recipe's prompts are templates. */
export type SlotPrompts = {
  /** The prompt. */
  prompt: string,
  /** The negative prompt. */
  negative_prompt: string,
};

/** What became of a slot. */
export type SlotState = { "state": "pending" } | { "state": "done",
/** The candidate it became. */
candidate: CandidateId, } | { "state": "failed",
/** What went wrong and what to do, for people. */
reason: string, } | { "state": "cancelled" };

/** By what candidates are ordered; equals stay in the order they arrived. */
export type Sort = "arrival" | "seed" | "score" | "queue" | "stars" | "family";

/** A picture to start from: a candidate, or one that was stored. */
export type SourceChoice = {
  /** A candidate. */
  candidate?: CandidateId,
  /** A picture that `store_picture` took in. */
  sha256?: Digest,
  /** 0 keeps the picture, 1 forgets it. */
  strength: number,
  /** A stored grey picture of the same size: white is painted anew, black is kept. */
  mask?: Digest,
  /** Whether the new pictures carry the traits of the layers that it was put together from. */
  carries_traits?: boolean,
};

/** The picture that a generation starts from. */
export type SourcePicture = {
  /** Its PNG in the picture store. */
  sha256: Digest,
  /** 0 keeps the picture, 1 forgets it. */
  strength: number,
  /** A grey PNG in the picture store: white is painted anew, black is kept. The whole picture when absent. */
  mask?: Digest | null,
  /** Whether what it was put together from is true of the new pictures, too: they carry the traits of its layers. */
  carries_traits?: boolean,
};

/** Who is deciding: the artist culls, the jury votes, the lead approves. */
export type Stage = "pick" | "jury" | "approve";

/** Orders a run. Models, LoRAs and pictures are named; their hashes are looked up. */
export type StartRun = {
  /** The model's name. */
  model: string,
  /** The prompt, or its template. Embeddings that it names are found by themselves. */
  prompt: string,
  /** What the picture should not show; a template like the prompt. */
  negative_prompt?: string,
  /** Whether prompts are templates, and how their slots draw from them; plain prompts when absent. */
  template?: TemplateMode,
  /** LoRAs, in the order they are applied. */
  loras?: Array<LoraChoice>,
  /** Sampler; the model's own when absent. */
  sampler?: SamplerKind,
  /** Denoising steps; the model's own when absent. */
  steps?: number,
  /** Guidance scale; the model's own when absent. */
  guidance?: number,
  /** Layers left out at the end of the text encoder; none when absent. */
  clip_skip?: number,
  /** Pixels across; the source's, the varied picture's or the model's own when absent. */
  width?: number,
  /** Pixels down, likewise. */
  height?: number,
  /** The picture to start from. */
  source?: SourceChoice,
  /** The candidate to vary. */
  variation?: VariationChoice,
  /** A second pass at a larger size. */
  upscale?: Upscale,
  /** A second model for the last steps. */
  refiner?: RefinerChoice,
  /** Decode in overlapping tiles: less memory. */
  tiled_decode?: boolean,
  /** How many pictures. */
  count: number,
  /** The run's seed; drawn when absent. */
  seed?: number,
  /** Put it before every waiting run. */
  first?: boolean,
};

/** Something in recipes that raises or lowers acceptance. */
export type SteeringFactor = {
  /** What it is about ("word", "slot 1", "lora", "sampler"). */
  about: string,
  /** Its value ("crown"). */
  value: string,
  /** Decided candidates that had it. */
  decided: number,
  /** By how many times it multiplies the odds of acceptance. */
  odds: Estimated,
};

/** What raises acceptance among what was ordered. */
export type SteeringReport = {
  /** Decided candidates that it learnt from. */
  decided: number,
  /** Share of them that was accepted. */
  accepted_share: number,
  /** Factors, the surest effect first. */
  factors: Array<SteeringFactor>,
  /** Why nothing can be said yet. */
  quiet?: string,
};

/** A PNG to be stored, a mask or a picture from disk to start from: one of the two. */
export type StorePicture = {
  /** A PNG file. */
  path?: string,
  /** A PNG's bytes in base64. */
  png?: string,
};

/** A picture in the store. */
export type StoredPicture = {
  /** SHA-256 of its PNG. */
  sha256: Digest,
  /** Pixels across. */
  width: number,
  /** Pixels down. */
  height: number,
};

/** How strong a candidate is, as far as its duels tell. */
export type Strength = {
  /** The candidate. */
  candidate: CandidateId,
  /** On the logistic scale, around 0: one apart means 73 wins of 100. */
  strength: number,
  /** One standard deviation of it. */
  uncertainty: number,
  /** Settled duels that said something of it. */
  duels: number,
};

/** What traits are read from. */
export type TagFrom = "recipes" | "pictures" | "words" | "captions";

/** What came of reading. */
export type TagReport = {
  /** From what. */
  from: TagFrom,
  /** What read: the name of the encoder or the captioner, or "recipes". */
  reader: string,
  /** Type by type. */
  types: Array<TaggedType>,
  /** How many candidates were read. */
  candidates: number,
  /** Of how many of them something else holds now. */
  changed: number,
};

/**
 * Reads traits of all candidates. What is read never overrules a hand, and pictures never overrule recipes and layers: where
 * they differ, the table says so.
 */
export type TagTraits = {
  /** From what. */
  from: TagFrom,
  /** Only these trait types; all of the schema when absent. */
  trait_types?: Array<string>,
  /** Whose word probes learn from, and words are calibrated by; hands and layers when absent. */
  learn_from?: Array<TraitSource>,
  /** The curator's name. */
  by: string,
};

/** What came of reading one trait type. */
export type TaggedType = {
  /** The trait type. */
  trait_type: string,
  /** Why it was not read; absent when it was. */
  fault?: string,
  /** How many candidates something was said of. */
  read: number,
  /** Of how many the reader is not sure. */
  uncertain: number,
  /** Of how many it is sure of something else than what holds. */
  disputed: number,
  /**
   * How well it was read; absent where nothing was read from pictures, and for words and captions where too few pictures
   * are known to calibrate them.
   */
  probe?: ProbeReport,
};

/** Somebody who shares in royalties. */
export type TargetCreator = {
  /** Their wallet's address. */
  address: string,
  /** Their share in per cent. */
  share: number,
};

/** A rule that is broken. */
export type TargetFault = {
  /** The token, by the form's own number; absent when it is about the whole. */
  token: number | null,
  /** Which token, file and field, and what is wrong. */
  fault: string,
};

/** What was written or read: keys are stable. */
export type TargetReport = {
  /** The form's word. */
  target: string,
  /** The folder; absent when a rule is broken: nothing was written then. */
  folder: string | null,
  /** Tokens in it. */
  tokens: number,
  /** Files in it. */
  files: number,
  /** CID of the folder, for forms that live on IPFS. */
  root_cid: string | null,
  /** What the contract is given for its tokens. */
  base_uri: string | null,
  /** What `contractURI` returns. */
  contract_uri: string | null,
  /** The CAR of the folder. */
  car: string | null,
  /** What was signed, for Arweave. */
  signed: SignedBundle | null,
  /** Rules that are broken; at most a hundred. */
  faults: Array<TargetFault>,
  /** How many more there are. */
  more_faults: number,
};

/** A form that a bundle can be written in. */
export type TargetSummary = {
  /** The word that orders it ("opensea"). */
  target: string,
  /** What it is for. */
  meaning: string,
  /** Whether it carries royalties and who shares in them. */
  takes_royalties: boolean,
  /** Whether it is signed with the user's own key. */
  takes_key: boolean,
};

/** What was learnt of what people like here. */
export type TasteReport = {
  /** Whether there is a taste. */
  signal: TasteSignal,
  /** Why not, if not; or why it is switched off. */
  quiet?: string,
  /** The chance that of an accepted and a rejected picture, both unseen, the accepted one scores higher. */
  auc?: Estimated,
  /** Expected calibration error on unseen decisions. */
  calibration_error?: number,
  /** Accepted pictures it learnt from. */
  accepted: number,
  /** Rejected ones. */
  rejected: number,
  /** Settled duels. */
  duels: number,
  /** Families of which one was accepted and one rejected. */
  contradicted: number,
  /** What it learnt of measurable things, the strongest first. */
  weights: Array<TasteWeight>,
  /** Milliseconds that learning and scoring took the last time. */
  took_ms: number,
};

/** Whether a taste was found. */
export type TasteSignal = "none" | "weak" | "found";

/** By how much something measurable raises the log-odds of acceptance, for one standard deviation of it. */
export type TasteWeight = {
  /** What is measured. */
  name: string,
  /** Mean. */
  mean: number,
  /** Standard deviation. */
  deviation: number,
};

/** What is measurably wrong with a picture. Never beauty. */
export type TechnicalFlag = {
  /** What it is ("blurred"), in snake case. */
  kind: string,
  /** Whether it is a hint only. */
  hint: boolean,
  /** How bad, 0 to 1. */
  severity: number,
  /** In words, with the number and its limit. */
  sentence: string,
};

/** How a prompt template becomes the prompts of a run's slots. */
export type TemplateMode = "random" | "combinatorial";

/** What the threshold does now. */
export type ThresholdStatus = {
  /** What it costs. */
  reading: RegretReading,
  /** Undecided pictures that are set aside now. */
  set_aside: number,
  /** Why it hides nothing now, if it is paused. */
  paused?: string,
  /** Set aside pictures that were shown all the same and decided. */
  audited: number,
  /** So many of them were accepted. */
  audited_accepted: number,
  /** Share of what is set aside that would have been accepted, as the audit has it. */
  false_rejects?: Estimated,
};

/** An instant: milliseconds since the Unix epoch, UTC. Always passed in, never read here. */
export type Timestamp = number;

/** What became of a picture. */
export type TokenFate = "added" | "removed" | "changed" | "moved";

/** How rare a token is. */
export type TokenRarity = {
  /** The candidate. */
  candidate: CandidateId,
  /** How many of its traits no other token has, its number of traits among them. */
  unique_traits: number,
  /** Its rank by each formula, 1 the rarest; equals share the better one. */
  ranks: Array<number>,
  /** Its score by each formula. */
  scores: Array<number>,
};

/** What one picture weighs. */
export type TokenWeight = {
  /** The candidate. */
  candidate: CandidateId,
  /** The mean of the next two as percentiles, 0 to 1. */
  weight: number,
  /** The mean distance (1 less the cosine) to the ten pictures most like it. */
  distinctiveness: number,
  /** How far what catches the eye is gathered in one place, 0 to 1. */
  saliency: number,
  /** Its score by `OpenRarity`. */
  rarity: number,
};

/** What one tool calls a part. */
export type ToolAnswer = {
  /** What is run or clicked. */
  tool: string,
  /** The profile that it follows, as `salon cid --profile` names it. */
  profile: string,
  /** The CID. */
  cid: string,
  /** Whether that is what Salon says. */
  agrees: boolean,
  /** Whether it shards the folder. */
  sharded: boolean,
};

/** Something that a model learnt from. */
export type TrainingSource = {
  /** Its file. */
  name: string,
  /** SHA-256 of it. */
  sha256: Digest,
};

/** Whether machines may learn from a picture (CAWG, training and data mining). */
export type TrainingUse = "unsaid" | "allowed" | "not_allowed";

/** One `trait_type: value` of a picture, as marketplaces write it. */
export type Trait = {
  /** What the trait describes ("Background"). */
  trait_type: string,
  /** What it is ("teal"). */
  value: string,
};

/** One trait type of a candidate. */
export type TraitCell = {
  /** The trait type. */
  trait_type: string,
  /** What holds; absent when it has none, or nobody is sure. */
  value?: string,
  /** Who says so; absent when nobody is sure. */
  source?: TraitSource,
  /** How likely it is right, 0 to 1. */
  confidence: number,
  /** Whether another source is sure of something else, and no hand has settled it. */
  disputed: boolean,
  /** Whether a source that looked is not sure, and no hand has settled it. */
  uncertain: boolean,
  /** Everything that is said of it, the most trusted first. */
  claims: Array<TraitClaim>,
};

/** What one source says of one trait type of one picture. */
export type TraitClaim = {
  /** The trait type. */
  trait_type: string,
  /** The value; absent when the source says that the picture has none. */
  value?: string,
  /** Who says so. */
  source: TraitSource,
  /** How likely it is right, 0 to 1. */
  confidence: number,
  /** Whether the source stands by it. What it does not stand by never holds. */
  sure: boolean,
};

/** How marketplaces show a trait (`OpenSea`'s `display_type`; a word has none there). */
export type TraitDisplay = "string" | "number" | "boost_number" | "boost_percentage" | "date";

/** Candidates by the values of one trait. */
export type TraitFacet = {
  /** The trait. */
  trait_type: string,
  /** Its values. */
  values: Array<NamedCount>,
};

/** What of a table is shown. */
export type TraitFilter = "all" | "disputed" | "uncertain" | "breaking" | "missing";

/** Where a trait's truth lies. */
export type TraitNature = "visual" | "free";

/** A candidate with its traits. */
export type TraitRow = {
  /** The candidate. */
  candidate: CandidateId,
  /** What its picture's address must carry, and a gesture on it. */
  frame: Frame,
  /** Its verdict. */
  verdict: Verdict,
  /** Its traits: first those of the schema, in its order, all of them; then others. */
  traits: Array<TraitCell>,
  /** How it breaks the schema, as sentences. */
  problems: Array<string>,
};

/** The attribute schema of a project. */
export type TraitSchema = {
  /** The form of the file, [`FORM`]. */
  form: number,
  /** Which version of this project's schema it is; every change that is kept makes the next. */
  version: number,
  /** The kinds of traits, in the order in which metadata list them. */
  traits: Array<SchemaTrait>,
  /** What goes together. */
  rules?: Array<SchemaRule>,
};

/** Asks for the attribute schema. */
export type TraitSchemaRequest = {
  /** This version; the newest when absent. */
  version?: number,
};

/** The attribute schema as it stands. */
export type TraitSchemaState = {
  /** The schema. Version 0 when none was kept yet: it is then drafted from the traits that candidates have. */
  schema: TraitSchema,
  /** Who kept this version, and when; absent for a draft. */
  kept?: TraitSchemaVersion,
  /** What is wrong with it, as sentences; none when it can be kept. */
  problems: Array<string>,
  /** How many candidates that are not rejected break it, and what of them breaks it, most first. */
  broken_by: Array<SchemaBreach>,
};

/** One version of the schema in its history. */
export type TraitSchemaVersion = {
  /** Its number, from 1. */
  version: number,
  /** Whose it is. */
  by: string,
  /** When it was kept. */
  at: Timestamp,
  /** Where it came from; empty when it was edited. */
  note: string,
  /** How many trait types it has. */
  traits: number,
  /** How many values they have together. */
  values: number,
  /** How many rules it has. */
  rules: number,
};

/** An order by one trait type. */
export type TraitSort = {
  /** The trait type: as the schema names its values, then numbers, then other words. */
  trait_type: string,
  /** The other way round. Candidates that have none come last, whichever way. */
  descending?: boolean,
};

/** Who says that a picture has a trait, the most trusted first. */
export type TraitSource = "hand" | "layers" | "import" | "recipe" | "probe" | "caption" | "tagged";

/** A part of the trait table. */
export type TraitTable = {
  /** The trait types: first those of the schema, then others that candidates have. */
  columns: Array<string>,
  /** How many rows the filter lets through. */
  total: number,
  /** How many candidates each filter would let through. */
  counts: TraitTableCounts,
  /** The rows asked for. */
  rows: Array<TraitRow>,
};

/** How many candidates each filter lets through. */
export type TraitTableCounts = {
  /** All of them. */
  all: number,
  /** With a dispute. */
  disputed: number,
  /** With an uncertain reading. */
  uncertain: number,
  /** That break the schema. */
  breaking: number,
  /** That lack a required trait. */
  missing: number,
};

/** Asks for a part of the trait table. */
export type TraitTableRequest = {
  /** Which candidates, in what order; those that are not rejected when absent. */
  query?: CandidateQuery,
  /** What of them. */
  filter?: TraitFilter,
  /** Only where that is so of this trait type. */
  trait_type?: string,
  /** In the order of a trait type's values; in the order of the query when absent. */
  sort?: TraitSort,
  /** The first row, from 0. */
  from?: number,
  /** How many rows. */
  count: number,
};

/** How often a value should occur in the finished set. */
export type TraitTarget = { "count": number } | { "percent": number };

/** What one value weighs. */
export type TraitValueWeight = {
  /** The trait type. */
  trait_type: string,
  /** The value. */
  value: string,
  /** How many candidates have it. */
  count: number,
  /** What having it adds to a picture's weight, everything else being equal. */
  weight: number,
};

/** Makes one master to look at; nothing is ordered by it. */
export type TryMaster = {
  /** The set; the newest when absent. */
  approval?: ApprovalId,
  /** How it is made. */
  order: MasterOrder,
  /** The picture's place in the set, from 1; the first when absent. */
  position?: number,
  /** Who signs it; nobody when absent. */
  signer?: MasterSigner,
};

/** A picture that could not be described. */
export type UndescribedPicture = {
  /** The first candidate with it. */
  candidate: CandidateId,
  /** Why, and what to do. */
  why: string,
};

/** Who asks to undo or redo: their own gestures, newest first. */
export type UndoRequest = {
  /** The curator's name. */
  by: string,
};

/** An EIP-1559 transaction that nobody signed, with the keys and hexadecimal numbers of Ethereum's JSON-RPC. */
export type UnsignedTransaction = {
  /** `0x2`. */
  type: string,
  /** The chain's number. */
  chainId: string,
  /** Who sends it. */
  from: string,
  /** The contract; absent for a deployment. */
  to?: string,
  /** How many transactions its sender sent before. */
  nonce: string,
  /** The most gas that it may use. */
  gas: string,
  /** The most wei for one gas. */
  maxFeePerGas: string,
  /** The wei of it for whoever makes the block. */
  maxPriorityFeePerGas: string,
  /** Wei that are sent along: none. */
  value: string,
  /** What is called with what, or what is deployed. */
  data: string,
};

/** A second pass: the finished picture is enlarged, noised again and refined at the new size. */
export type Upscale = {
  /** Pixels across, at the end. */
  width: number,
  /** Pixels down, at the end. */
  height: number,
  /** How much of the enlarged picture is painted anew, 0 to 1. */
  strength: number,
};

/** Slots are variations of one picture: each begins with that picture's noise, turned towards its own. */
export type Variation = {
  /** The parent's PNG in the picture store. */
  of: Digest,
  /** The seed the parent was made with. */
  seed: number,
  /** 0 gives the parent again, 1 an unrelated picture; the spherical interpolation of the two noises. */
  strength: number,
};

/** A candidate whose noise the new pictures begin with, turned towards their own. */
export type VariationChoice = {
  /** The candidate. */
  candidate: CandidateId,
  /** 0 gives it again, 1 an unrelated picture. */
  strength: number,
};

/** What a curator says of a candidate. */
export type Verdict = "undecided" | "accepted" | "rejected";

/** A verdict that changed. */
export type VerdictChange = {
  /** The candidate. */
  candidate: CandidateId,
  /** Its verdict now. */
  verdict: Verdict,
  /** The row of the log. */
  decision: DecisionId,
};

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

/** Asks a gateway for everything under a root. */
export type VerifyGateway = {
  /** The gateway's address: `https://ipfs.io`. Nobody else is asked. */
  gateway: string,
  /** The bundle's folder or CAR that it is held against; without it, only what the root names is looked for. */
  path?: string,
  /** The root; the bundle's own when absent. */
  root?: string,
  /** Whether it may be asked without TLS although it is not this machine. */
  in_the_clear?: boolean,
};

/** Names a bundle or CAR to verify. */
export type VerifyRequest = {
  /** The bundle folder. */
  path: string,
};

/** How rarity and visual weight go together. */
export type VisualWeightReport = {
  /** What weights are measured by, in words. */
  measured_by: string,
  /** Spearman's ρ between rarity (`OpenRarity`) and weight, −1 to 1; absent where one of them tells nothing apart. */
  rho?: number,
  /** Candidate by candidate, the heaviest first. */
  tokens: Array<TokenWeight>,
  /** Value by value, by trait. */
  values: Array<TraitValueWeight>,
  /** Pairs of values of one type of which the rarer weighs less, the worst first. */
  violations: Array<WeightViolation>,
  /** How many candidates were left out, because the judge has not looked at them. */
  left_out: number,
};

/** Asks how rarity and visual weight go together. */
export type VisualWeightRequest = {
  /** Among whom; what is accepted when absent. */
  pool?: BalancePool,
};

/** A vote that is on disk. */
export type Voted = {
  /** The place. */
  place: number,
  /** The vote. */
  verdict: Verdict,
  /** Places voted on. */
  done: number,
  /** Places there are. */
  total: number,
};

/** Names a folder to be watched, or no longer. */
export type WatchFolder = {
  /** The folder. */
  path: string,
};

/** Whether a watched folder can be watched. */
export type WatchState = "watching" | "missing" | "resting";

/** A folder whose new pictures come in by themselves. */
export type WatchedFolder = {
  /** Its path. */
  path: string,
  /** How it is. */
  state: WatchState,
  /** What is wrong, if something is. */
  why: string | null,
};

/** Two values of which the rarer weighs less. */
export type WeightViolation = {
  /** The trait type. */
  trait_type: string,
  /** The rarer value. */
  rarer: TraitValueWeight,
  /** The more frequent one, that weighs more. */
  commoner: TraitValueWeight,
};

/** A list of values that templates draw from as `__name__`. */
export type WildcardSummary = {
  /** The file's name without its ending, with the folders inside `wildcards/` before it (`animals/birds`). */
  name: string,
  /** How many values it has. */
  values: number,
};

/** Asks which tokens a source is in. */
export type WithdrawSource = {
  /** The bundle's folder. */
  bundle: string,
  /** A material, or something that a model learnt from: its name, or at least eight digits of its SHA-256. */
  source: string,
};

/** What goes when a source is withdrawn. */
export type Withdrawal = {
  /** What was found under that name. */
  matched: Array<WithdrawnSource>,
  /** Every token that was made with it, ascending. */
  tokens: number[],
};

/** A material that is withdrawn, or that learnt from what is. */
export type WithdrawnSource = {
  /** What it is. */
  kind: string,
  /** Its name. */
  name: string,
  /** Its hash. */
  sha256: Digest | null,
  /** What it learnt from, where that was named. */
  data: TrainingSource | null,
};

/** Has texts written. */
export type WriteLore = {
  /** About whom; every accepted candidate when absent. */
  candidates?: Array<CandidateId>,
  /** Which texts; all when empty. */
  fields: Array<LoreField>,
  /** Who writes. */
  writer: LoreWriter,
  /** What happens to texts that are there. */
  scope: LoreScope,
  /** The seed; drawn when absent. */
  seed?: number,
};

/** Writes a bundle in the form of a target. Whole or not at all; with a rule of the target broken, not at all. */
export type WriteTarget = {
  /** The bundle's folder. */
  bundle: string,
  /** The form's word. */
  target: string,
  /** A folder that does not exist yet or is empty. */
  out: string,
  /** The ticker, where the collection has none. */
  symbol?: string,
  /** A page about the collection. */
  external_url?: string,
  /** Royalties in hundredths of a per cent, on Solana. On EVM chains they belong into the contract (ERC-2981). */
  seller_fee_basis_points?: number,
  /** Who shares in royalties, on Solana; all shares are 100. */
  creators?: Array<TargetCreator>,
  /** What all tokens show before the reveal; a plain card when absent. */
  placeholder?: string,
  /** The file of the key that signs for Arweave, in JSON (JWK). It is read, and neither copied nor told. */
  key?: string,
  /** What Arweave's items are tagged with as `App-Name`; nothing when absent. */
  app_name?: string,
};

/** Every command with what it takes and gives. */
export interface Commands {
  project_status: { request: Nothing; response: ProjectStatus };
  settings: { request: Nothing; response: Settings };
  change_settings: { request: Settings; response: Settings };
  models: { request: Nothing; response: Array<ModelSummary> };
  loras: { request: Nothing; response: Array<LoraSummary> };
  embeddings: { request: Nothing; response: Array<EmbeddingSummary> };
  wildcards: { request: Nothing; response: Array<WildcardSummary> };
  check_model: { request: CheckModel; response: ModelSummary };
  add_model: { request: AddModel; response: AddedModel };
  cancel_add: { request: Nothing; response: Nothing };
  remove_model: { request: RemoveModel; response: Nothing };
  resolve_template: { request: ResolveTemplate; response: ResolvedPrompts };
  store_picture: { request: StorePicture; response: StoredPicture };
  import_recipe: { request: ImportRecipe; response: ImportedRecipe };
  import_pictures: { request: ImportPictures; response: ImportStarted };
  import_status: { request: Nothing; response: ImportProgress | null };
  cancel_import: { request: Nothing; response: Nothing };
  check_layers: { request: CheckLayers; response: LayersReport };
  import_layers: { request: ImportLayers; response: ImportStarted };
  watched_folders: { request: Nothing; response: Array<WatchedFolder> };
  watch_folder: { request: WatchFolder; response: Array<WatchedFolder> };
  unwatch_folder: { request: WatchFolder; response: Array<WatchedFolder> };
  saved_recipes: { request: Nothing; response: Array<SavedRecipe> };
  save_recipe: { request: SaveRecipe; response: SavedRecipe };
  remove_recipe: { request: RemoveRecipe; response: Nothing };
  start_run: { request: StartRun; response: RunSummary };
  paint_layers: { request: PaintLayers; response: Array<RunSummary> };
  rerun: { request: Rerun; response: RunSummary };
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
  candidate_ids: { request: CandidateQuery; response: CandidateIds };
  facets: { request: CandidateQuery; response: Facets };
  saved_views: { request: Nothing; response: Array<SavedView> };
  save_view: { request: SavedView; response: SavedView };
  remove_view: { request: RemoveView; response: Nothing };
  candidate_rows: { request: CandidateRowsRequest; response: Array<CandidateRow> };
  candidate: { request: CandidateRequest; response: CandidateDetail };
  list: { request: CandidateQuery; response: Array<ListedCandidate> };
  decide: { request: Decide; response: Decided };
  decide_many: { request: DecideMany; response: Decided };
  resolve_family: { request: ResolveFamily; response: Decided };
  mark: { request: Mark; response: Decided };
  undo: { request: UndoRequest; response: Decided };
  redo: { request: UndoRequest; response: Decided };
  empty_rejects: { request: EmptyRejects; response: EmptiedRejects };
  set_board: { request: SetBoardRequest; response: SetBoard };
  set_targets: { request: SetTargets; response: SetBoard };
  next_duel: { request: NextDuel; response: Duel | null };
  settle_duel: { request: SettleDuel; response: SettledDuel };
  ranking: { request: Nothing; response: Array<Strength> };
  rarity: { request: RarityRequest; response: RarityReport };
  trait_schema: { request: TraitSchemaRequest; response: TraitSchemaState };
  trait_schemas: { request: Nothing; response: Array<TraitSchemaVersion> };
  check_trait_schema: { request: CheckTraitSchema; response: TraitSchemaState };
  set_trait_schema: { request: SetTraitSchema; response: TraitSchemaState };
  import_trait_schema: { request: ImportTraitSchema; response: ImportedTraitSchema };
  trait_table: { request: TraitTableRequest; response: TraitTable };
  candidate_traits: { request: CandidateRequest; response: TraitRow };
  set_traits: { request: SetTraits; response: Decided };
  lore: { request: LoreRequest; response: Array<CandidateLore> };
  write_lore: { request: WriteLore; response: LoreProgress };
  lore_status: { request: Nothing; response: LoreProgress | null };
  cancel_lore: { request: Nothing; response: Nothing };
  edit_lore: { request: EditLore; response: CandidateLore };
  mark_lore: { request: MarkLore; response: Array<CandidateLore> };
  lore_voice: { request: Nothing; response: LoreVoice };
  set_lore_voice: { request: LoreVoice; response: LoreVoice };
  lore_models: { request: Nothing; response: Array<LoreModel> };
  lore_endpoint: { request: Nothing; response: LoreEndpointStatus };
  set_lore_endpoint: { request: SetLoreEndpoint; response: LoreEndpointStatus };
  tag_traits: { request: TagTraits; response: TagReport };
  captioners: { request: Nothing; response: Array<CaptionerSummary> };
  describe_pictures: { request: DescribePictures; response: DescribeProgress };
  describe_status: { request: Nothing; response: DescribeProgress | null };
  cancel_describing: { request: Nothing; response: Nothing };
  visual_weight: { request: VisualWeightRequest; response: VisualWeightReport };
  balance: { request: BalanceRequest; response: BalanceReport };
  balance_apply: { request: ApplyBalance; response: Decided };
  balance_order: { request: OrderBalance; response: RunSummary };
  judge_status: { request: Nothing; response: JudgeStatus };
  change_judge: { request: JudgeSettings; response: JudgeStatus };
  encoders: { request: Nothing; response: Array<EncoderSummary> };
  heads: { request: Nothing; response: Array<HeadSummary> };
  judgement: { request: CandidateRequest; response: Judgement };
  similar: { request: SimilarRequest; response: Array<SimilarCandidate> };
  families: { request: Nothing; response: Array<FamilySummary> };
  regret: { request: Nothing; response: RegretMeter };
  coherence: { request: Nothing; response: Array<SetOutlier> };
  protected_folders: { request: Nothing; response: Array<ProtectedFolder> };
  protect_folder: { request: ProtectFolder; response: Array<ProtectedFolder> };
  copy_risks: { request: CopyRiskRequest; response: Array<CopyRisk> };
  steering: { request: Nothing; response: SteeringReport };
  order_steered: { request: OrderSteered; response: RunSummary };
  curators: { request: Nothing; response: Array<Curator> };
  add_curator: { request: AddCurator; response: Curator };
  change_curator: { request: ChangeCurator; response: Curator };
  remove_curator: { request: RemoveCurator; response: Nothing };
  sign_in: { request: SignIn; response: Curator };
  sign_out: { request: SignOut; response: Nothing };
  invite: { request: Invite; response: Invited };
  invitations: { request: Nothing; response: Array<Invitation> };
  revoke_invitation: { request: RevokeInvitation; response: Invitation };
  open_round: { request: OpenRound; response: Round };
  rounds: { request: Nothing; response: Array<Round> };
  ballot: { request: BallotRequest; response: Ballot };
  vote: { request: CastVote; response: Voted };
  close_round: { request: CloseRound; response: RoundReport };
  round_report: { request: RoundRequest; response: RoundReport };
  decide_tie: { request: DecideTie; response: RoundReport };
  log: { request: LogRequest; response: Array<LogEntry> };
  log_verify: { request: Nothing; response: LogVerification };
  log_replay: { request: LogReplayRequest; response: LogReplay };
  approve: { request: Approve; response: ApprovalSummary };
  approvals: { request: Nothing; response: Array<ApprovalSummary> };
  make_masters: { request: MakeMasters; response: MasterSet };
  try_master: { request: TryMaster; response: MasterSample };
  master_sets: { request: Nothing; response: Array<MasterSet> };
  export: { request: Export; response: ExportReport };
  rebuild_bundle: { request: RebuildBundle; response: ExportReport };
  cancel_export: { request: Nothing; response: Nothing };
  bundles: { request: Nothing; response: Array<ExportReport> };
  verify: { request: VerifyRequest; response: VerificationReport };
  cid_agreement: { request: CidAgreementRequest; response: CidAgreement };
  bundle_materials: { request: BundleRequest; response: BundleMaterials };
  withdraw_source: { request: WithdrawSource; response: Withdrawal };
  diff_bundles: { request: DiffBundles; response: BundleDiff };
  targets: { request: Nothing; response: Array<TargetSummary> };
  write_target: { request: WriteTarget; response: TargetReport };
  check_target: { request: CheckTarget; response: TargetReport };
  plan_contract: { request: PlanContract; response: ContractPlan };
  prepare_transaction: { request: PrepareTransaction; response: PreparedTransaction };
  send_transaction: { request: SendTransaction; response: MinedTransaction };
  check_contract: { request: CheckContract; response: ContractReport };
  plan_publication: { request: PlanPublication; response: PublicationPlan };
  publish: { request: Publish; response: Publication };
  resume_publication: { request: ResumePublication; response: Publication };
  cancel_publication: { request: Nothing; response: Nothing };
  publications: { request: Nothing; response: Array<Publication> };
  forget_publication: { request: ForgetPublication; response: Array<Publication> };
  set_publication_key: { request: SetPublicationKey; response: PublicationKey };
  verify_gateway: { request: VerifyGateway; response: GatewayReport };
  gateway_checks: { request: Nothing; response: Array<GatewayCheck> };
}
