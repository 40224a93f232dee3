//! Models and what belongs to them: LoRAs, prompts, recipes.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use salon_domain::{RunId, TemplateMode};

use super::{ModelFolders, ProjectArgument, row_id};

/// `salon models`.
#[derive(Debug, Subcommand)]
pub enum Models {
    /// List the models that are found, usable or not.
    #[command(
        after_long_help = "JSON: an array of objects with name, path, kind, sha256, family, parameters, bytes, native_side, \
                                 defaults, capabilities, licence, thumbnail, loras, notes, fault (null when usable)."
    )]
    List(ModelFolders),
    /// Check one model: every file, every tensor and its shape.
    #[command(
        after_long_help = "JSON keys: as in one row of `salon models list`. Exit code 1 when the model cannot be used."
    )]
    Check {
        /// A model folder or file, or the name of one in the models folders.
        #[arg(value_name = "PATH_OR_NAME", value_hint = ValueHint::AnyPath)]
        model: String,
        #[command(flatten)]
        folders: ModelFolders,
    },
    /// Compare a model with what diffusers makes of it, number by number.
    #[command(
        after_long_help = "The reference file, which tests/golden/write_reference.py writes from any diffusers folder, holds the tensors \
                                 latents, input_ids, uncond_input_ids (input_ids_2, uncond_input_ids_2 and time_ids for SDXL; noise for \
                                 samplers that draw it), text, trajectory and image, and sampler, steps and guidance in its metadata. No \
                                 tokenizer is needed. It is computed on the CPU in f32.\n\n\
                                 JSON keys: sampler, steps, guidance, text, trajectory, image (largest absolute differences; null where one \
                                 is no number), after_step (that of trajectory before the first step and after every one), tolerance, \
                                 agrees. Exit code 1 when a difference is above the tolerance."
    )]
    Compare {
        /// A model folder or file, or the name of one in the models folders.
        #[arg(value_name = "MODEL", value_hint = ValueHint::AnyPath)]
        model: String,
        /// The reference file.
        #[arg(value_name = "REFERENCE.safetensors", value_hint = ValueHint::FilePath)]
        reference: PathBuf,
        /// The largest absolute difference that is taken for rounding.
        #[arg(long, value_name = "T", default_value_t = 1e-4)]
        tolerance: f64,
        #[command(flatten)]
        folders: ModelFolders,
    },
    /// Copy a model, a LoRA, an embedding or a wildcard list into the models folder.
    #[command(
        after_long_help = "It is checked first and appears whole or not at all: Ctrl-C leaves nothing behind. Pickles (.ckpt, .bin, \
                                 .pt) are refused, with the way to convert them. With several models folders the last that can be \
                                 written is used.\n\nJSON keys: kind, name, path."
    )]
    Add {
        /// A diffusers folder, a .safetensors or .gguf file, or a wildcard list (.txt).
        #[arg(value_hint = ValueHint::AnyPath)]
        path: PathBuf,
        /// Its name there; the file's or folder's own when absent.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        #[command(flatten)]
        folders: ModelFolders,
    },
    /// Take a model, a LoRA or an embedding out of the models folder, and off the disk.
    #[command(
        after_long_help = "Refused while a run of the project named with --project waits for it.\n\nJSON keys: removed."
    )]
    Remove {
        /// Its name, or its path where two have one name.
        name: String,
        /// A project whose waiting runs are looked at first.
        #[arg(long, short, value_name = "DIR", env = "SALON_PROJECT", value_hint = ValueHint::DirPath)]
        project: Option<PathBuf>,
        #[command(flatten)]
        folders: ModelFolders,
    },
}

/// `salon loras`.
#[derive(Debug, Subcommand)]
pub enum Loras {
    /// List the LoRAs that are found, usable or not.
    #[command(
        after_long_help = "JSON: an array of objects with name, path, sha256, bytes, format, rank, family, fits (model names), models \
                                 (each: model, keys, unmatched (keys that fit nothing), reason (null when it fits)), fault (null when \
                                 usable)."
    )]
    List(ModelFolders),
    /// Check one LoRA: which models it fits, and which of its keys fit nothing.
    #[command(
        after_long_help = "JSON keys: as in one row of `salon loras list`. Exit code 1 when it cannot be used, or does not fit the model \
                                 of --model."
    )]
    Check {
        /// A LoRA file, or the name of one in the models folders.
        #[arg(value_name = "FILE_OR_NAME", value_hint = ValueHint::FilePath)]
        lora: String,
        /// The only model to hold it against, by name or path; every model there is when absent.
        #[arg(long, value_name = "MODEL")]
        model: Option<String>,
        #[command(flatten)]
        folders: ModelFolders,
    },
}

/// `salon prompts`.
#[derive(Debug, Subcommand)]
pub enum Prompts {
    /// Show what a prompt template becomes.
    #[command(
        after_long_help = "{a|b|c} takes one, {2::a|b} weighs, {2$$a|b|c} takes two, __name__ draws from wildcards/name.txt.\n\n\
                                 JSON keys: prompts (each: prompt, negative_prompt), combinations."
    )]
    Resolve {
        /// The prompt's template.
        template: String,
        /// The negative prompt's template.
        #[arg(long, value_name = "TEXT", default_value = "")]
        negative: String,
        /// How slots draw from it.
        #[arg(long, value_enum, default_value_t = Mode::Random)]
        mode: Mode,
        /// How many prompts; at most 20 are shown.
        #[arg(long, value_name = "N", default_value_t = 10)]
        count: u32,
        /// The run's seed.
        #[arg(long, value_name = "S", default_value_t = 0)]
        seed: u64,
        /// A project whose own wildcards come first.
        #[arg(long, short, value_name = "DIR", env = "SALON_PROJECT", value_hint = ValueHint::DirPath)]
        project: Option<PathBuf>,
        #[command(flatten)]
        folders: ModelFolders,
    },
}

/// How a template's slots draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Each for itself, decided by the seed.
    Random,
    /// All combinations in turn.
    Combinatorial,
}

impl From<Mode> for TemplateMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Random => Self::Random,
            Mode::Combinatorial => Self::Combinatorial,
        }
    }
}

/// `salon recipes`.
#[derive(Debug, Subcommand)]
pub enum Recipes {
    /// List the saved recipes.
    #[command(after_long_help = "JSON: an array of objects with name, request, saved_at.")]
    List(ProjectArgument),
    /// Show one recipe.
    #[command(after_long_help = "JSON: the order, as the API's StartRun.")]
    Show {
        #[command(flatten)]
        project: ProjectArgument,
        /// A saved recipe's name, or `run:ID`.
        recipe: String,
    },
    /// Compare two recipes, field by field.
    #[command(
        after_long_help = "JSON keys: differences (each: field, one, other). Exit code 0 also when they differ."
    )]
    Diff {
        #[command(flatten)]
        project: ProjectArgument,
        /// A saved recipe's name, or `run:ID`.
        one: String,
        /// Another.
        other: String,
    },
    /// Keep a recipe under a name; what had that name before is replaced.
    #[command(after_long_help = "JSON keys: name, request, saved_at.")]
    Save(SaveRecipe),
    /// Forget a saved recipe. Runs ordered with it keep theirs.
    #[command(after_long_help = "JSON keys: removed.")]
    Remove {
        #[command(flatten)]
        project: ProjectArgument,
        /// Its name.
        name: String,
    },
    /// Read the recipe back from a PNG that Salon or A1111 wrote.
    #[command(
        after_long_help = "JSON keys: from, request, notes, saved (the name it was saved under, or null)."
    )]
    Import {
        #[command(flatten)]
        project: ProjectArgument,
        /// The PNG.
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Keep it under this name.
        #[arg(long, value_name = "NAME")]
        save: Option<String>,
        #[command(flatten)]
        folders: ModelFolders,
    },
}

/// `salon recipes save`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("from").required(true).args(["run", "file"])))]
pub struct SaveRecipe {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// The name.
    pub name: String,
    /// The recipe of this run.
    #[arg(long, value_name = "ID", value_parser = row_id(RunId))]
    pub run: Option<RunId>,
    /// The order in this JSON file, as `salon recipes show --json` prints it.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
}
