//! `salon train`: models trained from your own art.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, Subcommand};
use salon_studio::train_base::{BaseTraining, Budget, Rhythm, TrainBase, TrainNews, train_base};
use salon_studio::train_critic::{TrainCritic, TrainedCritic, train_critic};
use salon_studio::train_encoder::{EncoderProgress, EncoderTraining, TrainEncoder, train_encoder};
use salon_studio::{Studio, StudioOptions};

use crate::arguments::ModelFolders;
use crate::interrupt;
use crate::open;
use crate::output::{Failure, Output};
use crate::progress::Bar;

/// `salon train`.
#[derive(Debug, Subcommand)]
pub enum TrainCommand {
    /// Train a small base model from nothing, on the portraits that a folder of layers composes.
    ///
    /// Autoencoder first, its decoder once more alone if asked for, then the U-Net with its text encoder. Interrupt it at
    /// any time: the same command goes on from the checkpoints in --work. The learning rates fall to their ends over the
    /// times given.
    #[command(
        after_long_help = "JSON keys: out, vae_pictures, decoder_pictures, unet_pictures, seconds, complete."
    )]
    Base(TrainBaseArguments),
    /// Train the house encoder from nothing, on the portraits that a folder of layers composes.
    ///
    /// An encoder turns a picture into a vector; families, neighbours and taste stand on it. Interrupt it at any time: the
    /// same command goes on from the checkpoint in --work. At its end it is measured on drawings that were held out.
    #[command(
        after_long_help = "JSON keys: out, steps, seconds, complete, quality (vectors, traits, mean, copies)."
    )]
    Encoder(TrainEncoderArguments),
    /// Train a critic: what tells sound pictures from failed ones, or accepted from rejected ones.
    ///
    /// With --project it learns from the decisions of a project; else from the portraits that a folder of layers composes
    /// and damaged copies of them. Lay what it writes into `critics/` of a models folder: the judge uses the first one that
    /// reads its encoder.
    #[command(after_long_help = "JSON keys: out, sound, damaged, auc, by_damage.")]
    Critic(TrainCriticArguments),
}

/// `salon train base`.
#[derive(Debug, Args)]
pub struct TrainBaseArguments {
    /// Folder of layers to learn from; the house's own when absent.
    #[arg(long, value_name = "DIR")]
    art: Option<PathBuf>,
    /// The model folder to write.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Folder for checkpoints; a training found there is gone on with.
    #[arg(long, value_name = "DIR")]
    work: PathBuf,
    /// Pixels a side, 128 or 256.
    #[arg(long, value_name = "PIXELS", default_value_t = 128)]
    size: usize,
    /// Decides starting weights, order of the drawings and noise.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Minutes of computing for the autoencoder.
    #[arg(long, value_name = "MINUTES", default_value_t = 60.0)]
    vae_minutes: f64,
    /// Minutes of computing for the decoder alone, after the autoencoder: sharper pictures, same latents.
    #[arg(long, value_name = "MINUTES")]
    decoder_minutes: Option<f64>,
    /// Minutes of computing for the U-Net.
    #[arg(long, value_name = "MINUTES", default_value_t = 60.0)]
    unet_minutes: f64,
    /// Drawings that the U-Net learns from.
    #[arg(long, value_name = "NUMBER", default_value_t = 8192)]
    drawings: usize,
    /// Multiply in f32 even where the processor has a faster unit for bf16.
    #[arg(long)]
    f32: bool,
}

/// `salon train encoder`.
#[derive(Debug, Args)]
pub struct TrainEncoderArguments {
    /// Folder of layers to learn from; the house's own when absent.
    #[arg(long, value_name = "DIR")]
    art: Option<PathBuf>,
    /// The encoder's folder to write.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Folder for the checkpoint; a training found there is gone on with.
    #[arg(long, value_name = "DIR")]
    work: PathBuf,
    /// Decides starting weights, order of the drawings, views and damage.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Steps of the optimiser.
    #[arg(long, value_name = "NUMBER", default_value_t = 6000)]
    steps: u64,
    /// Pictures a step.
    #[arg(long, value_name = "NUMBER", default_value_t = 32)]
    batch: usize,
    /// Highest learning rate.
    #[arg(long, value_name = "RATE", default_value_t = 1e-3)]
    rate: f32,
    /// Drawings that are learnt from.
    #[arg(long, value_name = "NUMBER", default_value_t = 12_288)]
    drawings: usize,
}

/// `salon train critic`.
#[derive(Debug, Args)]
pub struct TrainCriticArguments {
    /// Learn from what this project accepted and rejected.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["art", "model", "drawings", "seed"])]
    project: Option<PathBuf>,
    #[command(flatten)]
    models: ModelFolders,
    /// Folder of layers to learn from; the house's own when absent.
    #[arg(long, value_name = "DIR")]
    art: Option<PathBuf>,
    /// The encoder's folder, for drawings; the house's own when absent.
    #[arg(long, value_name = "DIR", conflicts_with = "project")]
    encoder: Option<PathBuf>,
    /// Send half of the drawings through this model's autoencoder, so that what it does to every picture is no damage.
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// The file to write, NAME.safetensors.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Decides the damage.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Drawings; there is a sound and a damaged copy of each.
    #[arg(long, value_name = "NUMBER", default_value_t = 3072, value_parser = clap::value_parser!(u32).range(120..))]
    drawings: u32,
}

/// Carries a training command out.
pub fn run(command: TrainCommand, output: Output) -> Result<(), Failure> {
    match command {
        TrainCommand::Base(arguments) => base(arguments, output),
        TrainCommand::Encoder(arguments) => encoder(arguments, output),
        TrainCommand::Critic(arguments) => critic(arguments, output),
    }
}

fn base(arguments: TrainBaseArguments, output: Output) -> Result<(), Failure> {
    let order = TrainBase {
        art: open::art(arguments.art)?,
        training: BaseTraining {
            out: arguments.out,
            work: arguments.work,
            size: arguments.size,
            seed: arguments.seed,
            vae_budget: Budget::Seconds(arguments.vae_minutes * 60.0),
            decoder_budget: arguments
                .decoder_minutes
                .map(|minutes| Budget::Seconds(minutes * 60.0)),
            unet_budget: Budget::Seconds(arguments.unet_minutes * 60.0),
            drawings: arguments.drawings,
            rhythm: Rhythm {
                progress: 10.0,
                validation: 180.0,
                checkpoint: 120.0,
            },
        },
        bf16: !arguments.f32,
    };
    let cancel = interrupt::cancel_on_interrupt()?;
    let bar = Bar::things(output, "per mille");
    let started = Instant::now();
    let clock = || started.elapsed().as_secs_f64();
    let mut news = |news: TrainNews| match news {
        TrainNews::Vae(progress) => show(&bar, "autoencoder", &progress),
        TrainNews::Decoder(progress) => show(&bar, "decoder", &progress),
        TrainNews::UNet(progress) => show(&bar, "U-Net", &progress),
        TrainNews::VaeQuality { step, decibels } => {
            output.note(&format!(
                "autoencoder, step {step}: {decibels:.2} dB on held-out drawings"
            ));
        }
        TrainNews::Latents { done, total } => {
            bar.set(done as u64, total as u64);
            bar.say("latents".into());
        }
        TrainNews::Written { step } => output.note(&format!("U-Net, step {step}: model folder written")),
        TrainNews::Sheet { .. } => {}
    };
    let trained = train_base(&order, &clock, &mut news, &cancel)?;
    bar.finish();
    output.print(&trained, |trained| {
        let state = if trained.complete {
            "Trained"
        } else {
            "Stopped; the same command goes on with"
        };
        format!(
            "{state} {}\nautoencoder {} pictures, U-Net {} pictures, {:.0} min",
            trained.out.display(),
            trained.vae_pictures,
            trained.unet_pictures,
            trained.seconds / 60.0
        )
    });
    Ok(())
}

fn show(bar: &Bar, part: &str, progress: &salon_studio::train_base::TrainProgress) {
    bar.set((progress.spent * 1000.0) as u64, 1000);
    bar.say(format!(
        "{part}, step {}, loss {:.4}, {:.1} pictures/s, {:.0} min left",
        progress.position.step,
        progress.loss,
        progress.pictures_per_second,
        progress.seconds_left / 60.0
    ));
}

fn encoder(arguments: TrainEncoderArguments, output: Output) -> Result<(), Failure> {
    let order = TrainEncoder {
        art: open::art(arguments.art)?,
        drawings: arguments.drawings,
        training: EncoderTraining {
            out: arguments.out,
            work: arguments.work,
            seed: arguments.seed,
            steps: arguments.steps,
            batch: arguments.batch,
            rate: arguments.rate,
            checkpoint: 100,
        },
    };
    let cancel = interrupt::cancel_on_interrupt()?;
    let bar = Bar::things(output, "steps");
    let started = Instant::now();
    let clock = || started.elapsed().as_secs_f64();
    let mut news = |progress: EncoderProgress| {
        bar.set(progress.step, order.training.steps);
        bar.say(format!(
            "traits {:.3}, views {:.3}, damage {:.3}",
            progress.traits, progress.views, progress.damage
        ));
        if progress.step.is_multiple_of(100) {
            output.note(&format!(
                "step {}: traits {:.3}, views {:.3}, damage {:.3}, {:.0} s",
                progress.step, progress.traits, progress.views, progress.damage, progress.seconds
            ));
        }
    };
    let trained = train_encoder(&order, &clock, &mut news, &cancel)?;
    bar.finish();
    output.print(&trained, |trained| {
        let state = if trained.complete {
            "Trained"
        } else {
            "Stopped; the same command goes on with"
        };
        let mut text = format!(
            "{state} {}\n{} steps, {:.0} min",
            trained.out.display(),
            trained.steps,
            trained.seconds / 60.0
        );
        for quality in &trained.quality {
            let _ = write!(
                text,
                "\n{:<12} traits {:.3}  copies {:.3} ",
                quality.vectors, quality.mean, quality.copies
            );
            for (name, share) in &quality.traits {
                let _ = write!(text, " {name} {share:.3}");
            }
        }
        text
    });
    Ok(())
}

fn critic(arguments: TrainCriticArguments, output: Output) -> Result<(), Failure> {
    let trained = if let Some(project) = arguments.project {
        let mut options = StudioOptions::to_curate(project);
        options.models = open::model_folders(&arguments.models);
        Studio::open(options)?.train_critic(&arguments.out)?
    } else {
        let folders = open::model_folders(&arguments.models);
        let house = folders
            .iter()
            .map(|folder| folder.join("house/encoder"))
            .find(|folder| folder.is_dir());
        let encoder = arguments.encoder.or(house).ok_or_else(|| {
            Failure::new(
                "not_found",
                "the house encoder is not among the models",
                "Name an encoder's folder with --encoder DIR.",
            )
        })?;
        let order = TrainCritic {
            art: open::art(arguments.art)?,
            encoder,
            model: arguments.model,
            drawings: arguments.drawings as usize,
            seed: arguments.seed,
            out: arguments.out,
        };
        let cancel = interrupt::cancel_on_interrupt()?;
        let bar = Bar::things(output, "drawings");
        let mut news = |looked: usize| bar.set(looked as u64, order.drawings as u64);
        let trained = train_critic(&order, &mut news, &cancel)?;
        bar.finish();
        trained
    };
    output.print(&trained, described);
    Ok(())
}

fn described(trained: &TrainedCritic) -> String {
    let mut text = format!(
        "Trained {} on {} sound and {} failed pictures; AUC {:.3} on pictures that it had not learnt from",
        trained.out.display(),
        trained.sound,
        trained.damaged,
        trained.auc
    );
    for (damage, auc) in &trained.by_damage {
        let name = serde_json::to_value(damage).ok();
        let name = name
            .as_ref()
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default();
        let _ = write!(text, "\n{:<14} {auc:.3}", name.replace('_', " "));
    }
    text
}
