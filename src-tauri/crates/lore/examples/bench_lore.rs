//! What the constraint costs on a model of a realistic shape: the share of a token's time that its mask takes.
//!
//! `cargo run --release -p salon-lore --example bench_lore -- MODEL.gguf [ANSWERS]` measures a model of yours.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    missing_docs,
    reason = "it measures and prints"
)]

use std::path::Path;
use std::time::Duration;

use salon_domain::{Digest, LoreField};
use salon_lore::Voice;
use salon_lore::model::LanguageModel;
use salon_lore::question::{self, Question};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("name a GGUF file");
    let answers: u64 = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(3);
    let mut model = LanguageModel::open(Path::new(&path), Digest::ZERO).expect("the model opens");
    let voice = Voice::default();
    let (mut tokens, mut network, mut constraint) = (0, Duration::ZERO, Duration::ZERO);
    for seed in 0..answers {
        let question = Question {
            system: "You write the catalogue of an art collection. Answer with one JSON object.".into(),
            user: r#"{"write":["name","description","lore"],"picture":{"traits":{"Species":"Fox","Headwear":"Crown"}}}"#.into(),
            schema: question::schema(&LoreField::ALL, &voice),
            fields: LoreField::ALL.to_vec(),
            seed,
            most_characters: 888,
        };
        let (answer, effort) = model.answer(&question, |_| true).expect("it answers");
        question::read(&answer, &LoreField::ALL).expect("under the schema");
        tokens += effort.written;
        network += effort.network;
        constraint += effort.constraint;
    }
    let each = |time: Duration| time.as_secs_f64() * 1e6 / tokens as f64;
    println!(
        "{tokens} tokens: network {:.0} µs, constraint {:.1} µs a token, {:.2} % of it",
        each(network),
        each(constraint),
        100.0 * constraint.as_secs_f64() / network.as_secs_f64()
    );
}
