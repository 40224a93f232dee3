//! `salon train`: models trained from your own art.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, Subcommand};
use salon_studio::train_base::{BaseTraining, Budget, Rhythm, TrainBase, TrainNews, train_base};
use salon_studio::train_encoder::{EncoderProgress, EncoderTraining, TrainEncoder, train_encoder};

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
    #[command(after_long_help = "JSON keys: out, steps, seconds, complete, quality (vectors, traits, mean, copies).")]
    Encoder(TrainEncoderArguments),
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

/// Carries a training command out.
pub fn run(command: TrainCommand, output: Output) -> Result<(), Failure> {
    match command {
        TrainCommand::Base(arguments) => base(arguments, output),
        TrainCommand::Encoder(arguments) => encoder(arguments, output),
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
