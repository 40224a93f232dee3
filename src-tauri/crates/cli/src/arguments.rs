//! The one definition of the command line. Help, completions, man pages and `CLI.md` are all made from it.

mod contract;
mod deciding;
mod generate;
mod import;
mod judging;
mod library;
mod looking;
mod lore;
mod masters;
mod provenance;
mod publish;
mod target;
mod traits;

use std::path::PathBuf;

use clap::builder::TypedValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use salon_domain::{ApprovalId, BundleId};

pub use contract::{At as ContractAt, ContractCommand, Sender as ContractSender, Terms as ContractTerms};
pub use deciding::{
    Approve, Board, CastVote, Curators, Decide, Duel, Invitations, Log, Mark, OpenRound, Rarity, Rejects,
    Rounds, Targets, UndoArguments, Who,
};
pub use generate::{Generate, PaintLayers, Rerun, Resume, Start, Weighted};
pub use import::{Import, Watch};
pub use judging::{Copies, Judge, Judged, Similar, Steer, Taste};
pub use library::{Loras, Mode, Models, Prompts, Recipes, SaveRecipe};
pub use looking::{Conditions, Views};
pub use lore::{DialectName, FieldName, Lore, LoreEndpoint, LoreModels, LoreVoice, MarkLore, WriteLore};
pub use masters::{MasterArguments, Masters};
pub use provenance::{Bill, Diff, Withdraw};
pub use publish::{PublishCommand, Sending};
pub use target::{TargetCommand, WriteTarget};
pub use traits::{Balance, Describe, SchemaCommand, SetTraits, Table, Tag, TagFromName, Traits};

use crate::commands::train::TrainCommand;

/// Salon: turn machine-made pictures into one finished collection.
#[derive(Debug, Parser)]
#[command(
    name = "salon",
    version,
    propagate_version = true,
    about = "Turn machine-made pictures into one finished collection",
    long_about = "Turn machine-made pictures into one finished collection: generate, look, decide, approve, bundle.\n\
                  A project is one folder; every command names it with --project. Nothing leaves this machine unless\n\
                  you name where it goes.",
    after_long_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.\n\
                       With --json a failure prints {\"error\": {\"code\", \"message\", \"hints\"}} on standard output."
)]
pub struct Arguments {
    /// Print one JSON document instead of text.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order of the road: make a project, fill it, choose, sign, export.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new project folder.
    #[command(after_long_help = "JSON keys: name, path.")]
    New(New),
    /// List, check, add and remove the models that pictures can be made with.
    #[command(subcommand)]
    Models(Models),
    /// List and check LoRAs, which change what a model paints.
    #[command(subcommand)]
    Loras(Loras),
    /// Work with prompt templates.
    #[command(subcommand)]
    Prompts(Prompts),
    /// Keep, compare and read back recipes.
    #[command(subcommand)]
    Recipes(Recipes),
    /// Work with layered art.
    #[command(subcommand)]
    Layers(Layers),
    /// Train models on your own art.
    #[command(subcommand)]
    Train(TrainCommand),
    /// Order a run and make its pictures.
    #[command(
        after_long_help = "Ctrl-C stops after the denoising step under way, with exit code 130; `salon resume` goes on with the same \
                                 seeds.\n\n\
                                 JSON keys: runs (each: id, state, count, done, failed, pending), candidates (ids made now), \
                                 seconds, interrupted; and run, the id of the run ordered."
    )]
    Generate(Box<Generate>),
    /// Order a run's recipe once more and make its pictures: the same ones, or others with --fresh.
    #[command(
        after_long_help = "JSON keys: runs (each: id, state, count, done, failed, pending), candidates (ids made now), \
                                 seconds, interrupted; and run, the id of the run ordered."
    )]
    Rerun(Rerun),
    /// Go on with what a stop or a crash left unfinished.
    #[command(
        after_long_help = "JSON keys: runs (each: id, state, count, done, failed, pending), candidates (ids made now), \
                                 seconds, interrupted."
    )]
    Resume(Resume),
    /// Bring pictures in from files and folders: PNG, JPEG, WebP.
    #[command(
        after_long_help = "A picture that is a candidate already stays that candidate and keeps its verdict, wherever its file lies \
                                 now. Recipes are read from what Salon, A1111, ComfyUI, InvokeAI, SwarmUI and Fooocus write; other texts \
                                 are kept to the letter. Stopped by Ctrl-C or a kill, it can be asked for again: what came in stays in.\n\n\
                                 JSON keys: import, title, counting, found, added, known, refused, failed (each: path, why; at most a \
                                 hundred), done, cancelled, fault, seconds_left. Exit code 1 when a file was refused."
    )]
    Import(Import),
    /// Watch folders: new pictures in them come in by themselves.
    #[command(subcommand)]
    Watch(Watch),
    /// List candidates.
    #[command(after_long_help = "Every condition that is given must hold.\n\n\
                                 JSON: an array of objects with id, run, slot, seed, imported, verdict, sha256, width, \
                                 height, traits (each: trait_type, value), stars, label, note, score, family. run, slot \
                                 and seed are null for an imported picture; imported is its file's name.")]
    List(Box<List>),
    /// Count what each further condition would leave.
    #[command(after_long_help = "Each count holds with all other conditions applied.\n\n\
                                 JSON keys: verdicts, stars, labels, runs, models, traits, curators, imported.")]
    Facets(Box<List>),
    /// Keep conditions under a name.
    #[command(subcommand)]
    Views(Views),
    /// Accept, reject or reset candidates.
    #[command(
        after_long_help = "Each verdict is on disk before this returns. A candidate that already has the verdict is left alone.\n\n\
                                 JSON keys: decided (each: candidate, verdict, decision), counts (all, undecided, accepted, \
                                 rejected). `decision` is null where nothing changed."
    )]
    Decide(Decide),
    /// Set stars, colour label or note of candidates.
    #[command(
        after_long_help = "JSON keys: marks (each candidate that changed: candidate, stars, label, noted)."
    )]
    Mark(Mark),
    /// Take back a curator's newest gesture: all that one act decided or marked.
    #[command(
        after_long_help = "What somebody else has decided since is left alone and named in `kept`.\n\n\
                                 JSON keys: decision, candidate, verdict, changes (each: candidate, verdict, decision), marks (each: \
                                 candidate, stars, label, noted), kept, counts."
    )]
    Undo(UndoArguments),
    /// Put back the gesture that a curator's last undo took.
    #[command(after_long_help = "JSON keys: as of `salon undo`.")]
    Redo(UndoArguments),
    /// Remove the files of rejected pictures.
    #[command(subcommand)]
    Rejects(Rejects),
    /// Show the accepted candidates beside the target and the quotas of the set.
    #[command(
        after_long_help = "JSON keys: target (absent when none is set), accepted, traits (each: trait_type, values; each value: value, \
                                 count, least, most, if_accepted)."
    )]
    Board(Board),
    /// Set how many pictures the set should have, and how many of them which traits; replaces what was set before.
    #[command(after_long_help = "JSON keys: as of `salon board`.")]
    Targets(Targets),
    /// Let the judge look at every picture and learn from every decision. It orders, flags and explains; it decides nothing.
    #[command(
        after_long_help = "In an open studio this happens by itself. Stopped by Ctrl-C, it goes on where it was.\n\n\
                                 JSON keys: settings, encoder, judged, all, unreadable, working, fault, taste (signal, quiet, auc, \
                                 calibration_error, accepted, rejected, duels, contradicted, weights, took_ms), threshold (reading, \
                                 set_aside, paused, audited, audited_accepted, false_rejects), version. With --encoders an array: \
                                 name, architecture, house, active, seen."
    )]
    Judge(Judge),
    /// List the pictures most like one.
    #[command(after_long_help = "JSON: an array of objects with candidate, similarity.")]
    Similar(Similar),
    /// List copies, near-duplicates and variations with what ties them.
    #[command(
        after_long_help = "JSON: an array of objects with family, members (each: candidate, tie: to, likeness, distance)."
    )]
    Families(Judged),
    /// Say what was learnt of what people accept here, and how sure that is.
    #[command(
        after_long_help = "JSON keys: as `taste` of `salon judge`; with --report: taste, regret (signal, readings, histogram); with \
                                 --explain: chance, low, high, flags, accepted, rejected, family, fault."
    )]
    Taste(Taste),
    /// Show which accepted candidates stand out of the set.
    #[command(after_long_help = "JSON: an array of objects with candidate, reasons, strength, nearest.")]
    Coherence(Judged),
    /// Show which candidates come close to pictures that must not be copied.
    #[command(
        after_long_help = "JSON: an array of objects with candidate, path, sha256, verdict, bits, similarity. Exit code 1 when there is one."
    )]
    Copies(Copies),
    /// Say what in prompts and recipes raises acceptance, and order more of it.
    #[command(
        after_long_help = "JSON keys: decided, accepted_share, factors (each: about, value, decided, odds), quiet; with --order: the run."
    )]
    Steer(Steer),
    /// Say which traits there may be, look who says what of candidates, and set it by hand.
    #[command(subcommand)]
    Traits(Traits),
    /// Rank the tokens of a set by how rare their traits are, by every formula that people quote.
    #[command(
        after_long_help = "JSON keys: methods, tokens (each: candidate, unique_traits, ranks and scores, one for each method), \
                                 agreements (each: one, other, tau)."
    )]
    Rarity(Rarity),
    /// Write names, descriptions and lore.
    #[command(subcommand)]
    Lore(Lore),
    /// Propose the set that comes nearest to the schema's targets, and say what would have to be made. It decides nothing.
    #[command(
        after_long_help = "JSON keys: size, pool, ruled_out, chosen, added, laid_back, goals (each: trait_type, value, goal, count, accepted, pool), \
                                 deviation, deviation_now, quality, quality_by, rho, broken, deviation_at_least, quality_at_most, proven, \
                                 conflict, orders (each: count, trait_type, value, pool, goal), took_ms, log_rows; with --apply: as of \
                                 `salon undo`; with --order: the run. Exit code 1 when there is no such set."
    )]
    Balance(Box<Balance>),
    /// Compare accepted candidates pair by pair, blindly.
    #[command(subcommand)]
    Duel(Duel),
    /// Name who takes part, and in which role.
    #[command(subcommand)]
    Curators(Curators),
    /// Invite curators to review from another machine, while the studio is shared.
    #[command(subcommand)]
    Invitations(Invitations),
    /// Let a jury vote blindly.
    #[command(subcommand)]
    Rounds(Rounds),
    /// Cast a vote in an open round, or change it.
    #[command(after_long_help = "JSON keys: place, verdict, done, total.")]
    Vote(CastVote),
    /// Read, check and replay the log of decisions.
    #[command(subcommand)]
    Log(Log),
    /// Sign the accepted candidates off as one frozen, ordered set.
    #[command(after_long_help = "JSON keys: id, version, by, at, count, hash, candidates.")]
    Approve(Approve),
    /// Make of an approved set's pictures what is sold: at the size, in the format and with the words in them that you want.
    #[command(subcommand)]
    Masters(Masters),
    /// Write an approved set as an IPFS-ready bundle, and read it back.
    #[command(
        after_long_help = "JSON keys: root_cid, images_cid, metadata_cid, car, tokens, out, bundle, verification \
                                 (ok, checks, failures)."
    )]
    Export(Export),
    /// List the bundles that were exported.
    #[command(after_long_help = "JSON: an array of objects with the keys of `salon export`, oldest first.")]
    Bundles(ProjectArgument),
    /// Make a past bundle again, byte for byte, whatever was written, tagged or learnt since.
    #[command(
        after_long_help = "From the set that was signed, the pictures of the project, and the names, texts and licences that the \
                                 bundle was told then. Its root must be the recorded one, or nothing is kept. JSON keys: as of \
                                 `salon export`."
    )]
    Rebuild(Rebuild),
    /// Write a bundle in the form that a marketplace takes, or check such a form.
    #[command(subcommand)]
    Target(TargetCommand),
    /// Deploy a bundle's contract, mint, reveal, freeze, and check it: by your own wallet's signature.
    #[command(subcommand)]
    Contract(ContractCommand),
    /// Send a bundle where you say, and go on where that was cut off.
    #[command(subcommand)]
    Publish(PublishCommand),
    /// Read a bundle back and check every block, link, token and picture; with --gateway, as it can be had from there.
    #[command(
        after_long_help = "A gateway is asked for single blocks where it gives them, else for the bundle's files by their paths; every \
                                 byte of it is hashed. Nobody else is asked.\n\n\
                                 JSON keys: ok, checks (each: name, count, failed), failures; with --gateway: ok, host, root_cid, by (blocks \
                                 or files), checked, tokens, whole, missing, changed, extra, faults (each: token, path, fault), more_faults. Exit code 1 when \
                                 something is wrong."
    )]
    Verify(Verify),
    /// Tell what a bundle's pictures were made with: recipes, models, LoRAs, pictures, what they learnt from, licences.
    #[command(
        after_long_help = "Licences and data are what the models folders said when the bundle was made; the rest follows from the \
                                 recipes that were signed.\n\n\
                                 JSON keys: approval_hash, decision_head, provenance_hash, materials (each: kind, name, sha256, licence, card, data \
                                 (each: name, sha256), tokens), uses (each: recipe_sha256, materials, tokens). With --token only its own."
    )]
    Bill(Bill),
    /// List every token that a source is in: a model, a LoRA, a picture, or something that a model learnt from.
    #[command(
        after_long_help = "Takes nothing out. JSON keys: matched (each: kind, name, sha256, data), tokens. Exit code 1 where nothing \
                                 of that name is in the bundle."
    )]
    Withdraw(Withdraw),
    /// Tell what became of a collection from one bundle to the next, decision by decision.
    #[command(
        after_long_help = "A new picture changes the CID of images/, which all metadata name: the delta then holds all metadata \
                                 anew, and of the pictures only the new ones.\n\n\
                                 JSON keys: before, after (each: version, by, at, decision_head, tokens), collection, unchanged, tokens \
                                 (each: fate, candidate, before, after, said, decisions), explained, delta (null without --delta, else: car, \
                                 blocks, bytes, known_blocks, whole_bytes)."
    )]
    Diff(Diff),
    /// Print the root CID of a file or folder, as kubo would give it. Hidden files are left out.
    #[command(
        after_long_help = "JSON keys: cid, profile, files, directories, symlinks, bytes, car (null without --car, else: path, blocks, bytes)."
    )]
    Cid(Cid),
    /// Tell which root each tool gives the same files, and where only the CAR keeps it.
    #[command(
        after_long_help = "Of a bundle, only what is in its CAR counts. Salon's own answer comes first; exit code 1 where another \
                                 differs from it.\n\n\
                                 JSON keys: agree, parts (each: name, entries, answers (each: tool, profile, cid, agrees, sharded))."
    )]
    Agreement(Agreement),
    /// Say what pictures are made on, and why not on an accelerator.
    #[command(after_long_help = "JSON keys: device, passed_over (each: name, reason).")]
    Device,
    /// Serve the studio to browsers on this machine; with --share, to invited guests on the network too.
    #[command(
        after_long_help = "Prints the address with its access token and keeps running until Ctrl-C.\n\
                                 Guests come in with an invitation's link, over TLS. The certificate signs itself, so a browser warns \
                                 at the first visit: compare the fingerprint.\n\n\
                                 JSON keys, printed once it listens: url, port, token, project, shared (null without --share, else: url, \
                                 port, fingerprint, invited (each: name, role, link))."
    )]
    Serve(Serve),
    /// Print shell completions.
    #[command(after_long_help = "JSON keys: shell, script.")]
    Completions(Completions),
    /// Write man pages into a folder.
    #[command(after_long_help = "JSON keys: files.")]
    Man(Man),
    /// Print this reference as Markdown.
    #[command(after_long_help = "JSON keys: markdown.")]
    Docs,
}

/// Reads a row number as the id that `wrap` makes of it.
fn row_id<Id: Clone + Send + Sync + 'static>(wrap: fn(i64) -> Id) -> impl TypedValueParser<Value = Id> {
    clap::value_parser!(i64).range(1..).map(wrap)
}

/// Names the project.
#[derive(Debug, Clone, Args)]
pub struct ProjectArgument {
    /// The project folder.
    #[arg(long, short, value_name = "DIR", env = "SALON_PROJECT", value_hint = ValueHint::DirPath)]
    pub project: PathBuf,
}

/// Where models are looked for, and what they run on.
#[derive(Debug, Args)]
pub struct ModelFolders {
    /// A folder of models; may be given more than once. Default: `models` beside the program or here, then in Salon's data folder.
    #[arg(long = "models", value_name = "DIR", env = "SALON_MODELS", value_delimiter = if cfg!(windows) { ';' } else { ':' },
          value_hint = ValueHint::DirPath)]
    pub folders: Vec<PathBuf>,
}

/// What pictures are made on.
#[derive(Debug, Args)]
pub struct Machine {
    #[command(flatten)]
    pub models: ModelFolders,
    /// What to compute on.
    #[arg(long, value_enum, default_value_t = Device::Auto)]
    pub device: Device,
    /// Pictures made at once; chosen for the machine when absent. It never changes a picture.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub batch: Option<u16>,
}

/// What to compute on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Device {
    /// The accelerator that this build knows when the machine has one, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
}

/// `salon new`.
#[derive(Debug, Args)]
pub struct New {
    /// The folder to make, by custom named `Name.salon`. It must not exist yet, or be empty.
    #[arg(value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
}

/// `salon layers`.
#[derive(Debug, Subcommand)]
pub enum Layers {
    /// Bring the editions of a layer project in as candidates, with their traits.
    #[command(
        after_long_help = "Reads HashLips and nftchef projects as they lie, bare folders of layers, and Salon's own layers. Every picture \
                                 keeps the hashes of its layers. The same seed brings the same pictures; those that are candidates already \
                                 keep their verdicts. What a kill cuts short comes in when the studio opens the project next, or with the same \
                                 command again. `salon layers paint` then paints editions anew.\n\nJSON: as of `salon import`."
    )]
    Import(ImportLayers),
    /// Say what is wrong with a layer project, how many different editions it can make, and how often each trait comes.
    #[command(
        after_long_help = "Nothing of a project is run: src/config.js is read as data. Every picture is decoded. Exits with 1 when \
                                 something stands in the way of rendering.\n\n\
                                 JSON keys: name, engine, width, height, editions, configurations (possible, exact), problems (fault, place, \
                                 message), faults, expected (trait_type, value, weight, expected, quota)."
    )]
    Check(CheckLayers),
    /// Compose pictures from trait layers, each with its traits.
    #[command(
        after_long_help = "The same layers, seed and size give the same bytes on every machine. Quotas, rules, orders and one-of-ones stand in \
                                 collection.json in the project's folder.\n\n\
                                 JSON keys: count, kept (how many were there before), out, metadata (a JSON Lines file: file_name, traits, and \
                                 text or dna), traits (a JSON file: every layer and value, with how often it was drawn), preview, film, warnings."
    )]
    Render(RenderLayers),
    /// Paint compositions anew: each becomes the starting picture of a run, and its traits the prompt.
    #[command(
        after_long_help = "The new candidates carry the traits of the layers, and their recipe says so. Whether the painting kept them is \
                                 for a reader to find out: `salon judge` looks at the pictures, `salon traits tag` reads them, and \
                                 `salon traits table --only disputed` lists where they differ.\n\nJSON: as of `salon generate`."
    )]
    Paint(Box<PaintLayers>),
}

/// `salon layers import`.
#[derive(Debug, Args)]
pub struct ImportLayers {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// The layer project's folder.
    #[arg(value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub path: PathBuf,
    /// How many editions; as many as the layer project's configuration says when absent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub count: Option<u32>,
    /// Which of the many possible collections.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Width in pixels; the layer project's own when absent.
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(16..=8192))]
    pub size: Option<u32>,
}

/// `salon layers check`.
#[derive(Debug, Args)]
pub struct CheckLayers {
    /// The layer project's folder.
    #[arg(value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub path: PathBuf,
    /// How many editions are meant; as many as the configuration says when absent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub count: Option<u32>,
}

/// `salon layers render`.
#[derive(Debug, Args)]
pub struct RenderLayers {
    /// The art: a layer project's folder; the house's own when absent.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub art: Option<PathBuf>,
    /// How many pictures; as many as the project's configuration says when absent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub count: Option<u32>,
    /// Which pictures.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Width in pixels; the project's own when absent.
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(16..=8192))]
    pub size: Option<u32>,
    /// The folder to write into.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: PathBuf,
    /// Go on with the collection that is in that folder: its numbers go on, and nothing of it is made again.
    #[arg(long)]
    pub append: bool,
    /// Write preview.png too: small pictures of the first fifty on one sheet.
    #[arg(long)]
    pub preview: bool,
    /// Write preview.gif too: the first twenty, one after the other.
    #[arg(long)]
    pub film: bool,
}

/// Verdicts by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VerdictName {
    /// Kept.
    Accepted,
    /// Not kept.
    Rejected,
    /// Not looked at, or reset.
    Undecided,
}

/// `salon list`.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    pub project: ProjectArgument,
    #[command(flatten)]
    pub conditions: Conditions,
}

/// `salon export`.
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// A folder that does not exist yet, or is empty.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: PathBuf,
    /// The approval; the newest when absent.
    #[arg(long, value_name = "ID", value_parser = row_id(ApprovalId))]
    pub approval: Option<ApprovalId>,
    /// The collection's name; the project's when absent.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The collection's description.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub description: String,
    /// The number that was drawn when the collection was revealed: token 1 shows the picture that is so many places after
    /// the first. The provenance hash stays.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub starting_index: u64,
    /// Export the pictures as they were approved, though the set has masters.
    #[arg(long)]
    pub without_masters: bool,
}

/// `salon rebuild`.
#[derive(Debug, Args)]
pub struct Rebuild {
    /// The bundle, as `salon bundles` numbers them.
    #[arg(value_name = "BUNDLE", value_parser = row_id(BundleId))]
    pub bundle: BundleId,
    #[command(flatten)]
    pub project: ProjectArgument,
    /// A folder that does not exist yet, or is empty.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: PathBuf,
}

/// `salon verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The bundle folder, or a CAR.
    #[arg(value_hint = ValueHint::AnyPath, required_unless_present = "root")]
    pub path: Option<PathBuf>,
    /// Ask this gateway for all of it.
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub gateway: Option<String>,
    /// The root that the gateway is asked for; the bundle's own when absent.
    #[arg(long, value_name = "CID", requires = "gateway")]
    pub root: Option<String>,
    /// Ask it without TLS although it is not this machine.
    #[arg(long, requires = "gateway")]
    pub in_the_clear: bool,
    /// Keep what is found with the bundle, in the project that it was exported from.
    #[arg(long, value_name = "DIR", requires = "gateway", value_hint = ValueHint::DirPath)]
    pub project: Option<PathBuf>,
}

/// `salon cid`.
#[derive(Debug, Args)]
pub struct Cid {
    /// The file or folder.
    #[arg(value_hint = ValueHint::AnyPath)]
    pub path: PathBuf,
    /// How it is cut into blocks and folders.
    #[arg(long, value_enum, default_value_t = Profile::V1)]
    pub profile: Profile,
    /// Also write the blocks as a CAR file.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub car: Option<PathBuf>,
    /// Give the CAR an index for reading single blocks: a CAR v2. Upload services want it without.
    #[arg(long, requires = "car")]
    pub index: bool,
}

/// `salon agreement`.
#[derive(Debug, Args)]
pub struct Agreement {
    /// A bundle, a folder that was written for a marketplace, or any file or folder.
    #[arg(value_hint = ValueHint::AnyPath)]
    pub path: PathBuf,
}

/// How tools cut files and folders: the published `UnixFS` profiles, and what two tools do beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// CID v1, 1 MiB chunks, 1024 links, sharded above 256 KiB.
    #[value(name = "unixfs-v1-2025")]
    V1,
    /// CID v0, 256 KiB chunks, 174 links.
    #[value(name = "unixfs-v0-2015")]
    V0,
    /// What `ipfs add --cid-version=1` does: CID v1, 256 KiB chunks, 174 links.
    #[value(name = "kubo-cid-version-1")]
    KuboV1,
    /// What npm's ipfs-car and Storacha do: as unixfs-v1-2025, sharded above 1000 entries.
    #[value(name = "ipfs-car")]
    IpfsCar,
}

/// `salon serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The project folder; the sample project, made at first use, when absent.
    #[arg(long, short, value_name = "DIR", env = "SALON_PROJECT", value_hint = ValueHint::DirPath)]
    pub project: Option<PathBuf>,
    /// The port on 127.0.0.1. When absent 7310, or a free one when that is taken.
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// Let invited guests on the network in. Without it nobody but this machine is answered.
    #[arg(long)]
    pub share: bool,
    /// The address to share on; all interfaces when absent.
    #[arg(long, value_name = "IP", requires = "share")]
    pub address: Option<std::net::IpAddr>,
    /// The port to share on. When absent 7311, or a free one when that is taken.
    #[arg(long, value_name = "N", requires = "share")]
    pub share_port: Option<u16>,
    /// A name under which guests reach this machine; may be given more than once.
    #[arg(long = "host", value_name = "NAME", requires = "share")]
    pub hosts: Vec<String>,
    /// A juror to invite for three days; may be given more than once. The links are printed.
    #[arg(long = "invite", value_name = "NAME", requires = "share", requires = "by")]
    pub invited: Vec<String>,
    /// The lead who invites.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// The lead's PIN.
    #[arg(long, value_name = "PIN", env = "SALON_PIN", hide_env_values = true)]
    pub pin: Option<String>,
    #[command(flatten)]
    pub machine: Machine,
}

/// `salon completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `salon man`.
#[derive(Debug, Args)]
pub struct Man {
    /// The folder to write into.
    #[arg(value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
}
