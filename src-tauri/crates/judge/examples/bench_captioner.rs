//! A captioner at work: `bench_captioner FOLDER PICTURE WHAT PHRASES` does one step for every line of standard input and prints
//! the milliseconds of processor time in all threads. `WHAT` is `look` (the picture is seen), `ask` (the phrases of a file, one a
//! line, are weighed) or `write` (a caption is written). `tests/bench/captioner_vs_pytorch.py` takes turns with it.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)] // a benchmark prints, and stops where it stands

#[path = "../../diffusion/examples/shared/mod.rs"]
mod shared;

use std::io::{BufRead, Write};
use std::path::Path;

use salon_judge::captioner::{Captioner, Phrase};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, picture, what, phrases] = words.as_slice() else {
        println!("usage: bench_captioner FOLDER PICTURE look|ask|write PHRASES");
        return;
    };
    let captioner = Captioner::open(Path::new(folder), &salon_judge::processor()).expect("a captioner");
    let picture = image::open(picture).expect("a picture").into_rgb8();
    let phrases = std::fs::read_to_string(phrases).expect("phrases, one a line");
    let phrases: Vec<Phrase> = phrases
        .lines()
        .map(|line| captioner.phrase(line).expect("a phrase in its words"))
        .collect();
    let seen = captioner.look(&picture).unwrap();
    for line in std::io::stdin().lock().lines() {
        line.expect("standard input can be read");
        let before = shared::processor_time().unwrap();
        match what.as_str() {
            "look" => drop(captioner.look(&picture).unwrap()),
            "ask" => drop(captioner.likelihoods(&seen, &phrases).unwrap()),
            _ => drop(captioner.describe(&seen).unwrap()),
        }
        println!("{}", shared::processor_time().unwrap() - before);
        std::io::stdout().flush().unwrap();
    }
}
