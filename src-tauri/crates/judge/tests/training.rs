//! The house encoder's training: it learns, and a killed one goes on to the same end.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.

use std::path::Path;

use candle_core::Device;
use image::RgbImage;
use salon_domain::CancelToken;
use salon_judge::encoder::Encoder;
use salon_judge::encoder::train::{EncoderProgress, EncoderTraining, Lesson, train_encoder};

const SIDE: u32 = 96;

/// Pictures of two traits: the colour of the ground and the shape in the middle.
fn material() -> (Vec<RgbImage>, Vec<Vec<usize>>) {
    (0..16_usize)
        .map(|index| {
            let (ground, shape) = (index % 4, index / 4 % 2);
            let colour = [[200, 40, 40], [40, 200, 40], [40, 40, 200], [220, 220, 60]][ground];
            let picture = RgbImage::from_fn(SIDE, SIDE, |x, y| {
                let (dx, dy) = (x.abs_diff(SIDE / 2), y.abs_diff(SIDE / 2));
                let inside = if shape == 0 { dx.max(dy) < 20 } else { dx + dy < 12 };
                image::Rgb(if inside { [15; 3] } else { colour })
            });
            (picture, vec![ground, shape])
        })
        .unzip()
}

fn order(folder: &Path, steps: u64) -> EncoderTraining {
    EncoderTraining {
        out: folder.join("encoder"),
        work: folder.join("work"),
        seed: 3,
        steps,
        batch: 4,
        rate: 2e-3,
        checkpoint: 2,
    }
}

/// Trains, and stops after `until` steps of this start.
fn run(training: &EncoderTraining, until: u64) -> Vec<EncoderProgress> {
    let (pictures, labels) = material();
    let lesson = Lesson {
        pictures: &pictures,
        labels: &labels,
        values: &[4, 2],
    };
    let (cancel, mut seen) = (CancelToken::new(), Vec::new());
    let mut news = |progress: EncoderProgress| {
        seen.push(progress);
        if seen.len() as u64 == until {
            cancel.cancel();
        }
    };
    train_encoder(training, lesson, &|| 0.0, &mut news, &cancel).unwrap();
    seen
}

#[test]
fn it_learns_and_what_it_wrote_can_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    let training = order(folder.path(), 30);
    let seen = run(&training, 30);
    let mean = |part: &[EncoderProgress]| part.iter().map(|one| one.traits).sum::<f32>() / part.len() as f32;
    let (first, last) = (mean(&seen[..6]), mean(&seen[24..]));
    assert!(
        last < 0.8 * first,
        "traits are learnt: {first} nats at first, {last} at last"
    );
    let encoder = Encoder::open(&training.out, &Device::Cpu).unwrap();
    let embeddings = encoder.encode(&material().0).unwrap();
    assert_eq!((embeddings.len(), embeddings[0].len()), (16, encoder.width()));
}

#[test]
fn a_training_that_was_stopped_ends_as_if_it_had_not_been() {
    let folder = tempfile::tempdir().unwrap();
    let (straight, halting) = (
        order(&folder.path().join("a"), 5),
        order(&folder.path().join("b"), 5),
    );
    let through = run(&straight, 5);
    run(&halting, 3);
    let rest = run(&halting, 5);
    assert_eq!(through[3..], rest[..], "the same losses to the bit");
    let bytes = |training: &EncoderTraining| std::fs::read(training.out.join("model.safetensors")).unwrap();
    assert_eq!(bytes(&straight), bytes(&halting), "and the same weights");
}

#[test]
fn another_trainings_checkpoint_and_unfit_pictures_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let training = order(folder.path(), 1);
    run(&training, 1);
    let (pictures, labels) = material();
    let fails = |training: &EncoderTraining, pictures: &[RgbImage], labels: &[Vec<usize>]| {
        let lesson = Lesson {
            pictures,
            labels,
            values: &[4, 2],
        };
        let outcome = train_encoder(training, lesson, &|| 0.0, &mut |_| {}, &CancelToken::new());
        outcome.unwrap_err().to_string()
    };
    let other = EncoderTraining {
        seed: 4,
        ..training.clone()
    };
    let said = fails(&other, &pictures, &labels);
    assert!(said.contains("seed 3") && said.contains("--work"), "{said}");
    assert!(fails(&training, &pictures[1..], &labels).contains("15 pictures but 16 labels"));
    let mut wrong = labels.clone();
    wrong[5] = vec![0, 2];
    assert!(fails(&training, &pictures, &wrong).contains("picture 5"));
    let mut small = pictures.clone();
    small[2] = RgbImage::new(64, 64);
    assert!(fails(&training, &small, &labels).contains("picture 2"));
}
