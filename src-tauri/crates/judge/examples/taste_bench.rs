//! Taste against the planted curator: `taste_bench quality` prints how good it is beside its baselines;
//! `taste_bench FOLDER COLUMNS DECIDED` learns from the first rows of `FOLDER/features.f32` and scores all of them, once for
//! every line of standard input, and prints the milliseconds of processor time in all threads. `FOLDER/accepted.u8` holds
//! the verdicts; the chances go to `FOLDER/chances.f32`. `tests/bench/taste_vs_numpy.py` takes turns with it.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)] // a benchmark prints, and stops where it stands

#[path = "../tests/shared/planted.rs"]
mod planted;
#[path = "../../diffusion/examples/shared/mod.rs"]
mod shared;

use std::io::{BufRead, Write};
use std::path::Path;

use planted::{Numbers, Planted};
use salon_judge::taste::{
    Example, Features, Layout, Rows, Taste, area_under_curve, calibration_error, nearest_decided,
};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.as_slice() {
        [word] if word == "quality" => quality(),
        [folder, columns, decided] => speed(
            Path::new(folder),
            columns.parse().expect("columns are a number"),
            decided.parse().expect("decided are a number"),
        ),
        _ => println!("usage: taste_bench quality | taste_bench FOLDER COLUMNS DECIDED"),
    }
}

fn speed(folder: &Path, columns: usize, decided: usize) {
    let bytes = std::fs::read(folder.join("features.f32")).expect("the features are there");
    let values = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes));
    let features = Features::from_rows(columns, values.collect()).unwrap();
    let accepted = std::fs::read(folder.join("accepted.u8")).expect("the verdicts are there");
    let decided: Vec<(usize, bool)> = (0..decided).map(|row| (row, accepted[row] != 0)).collect();
    // The last column is the generic score, and twelve before it are technical.
    let layout = Layout {
        components: columns - 13,
        technical: 12,
    };
    for line in std::io::stdin().lock().lines() {
        line.expect("standard input can be read");
        let before = shared::processor_time().unwrap();
        let taste = Taste::fit(&Rows::of_verdicts(&features, &decided), layout, None).unwrap();
        let scores = taste.scores(&features).unwrap();
        println!("{}", shared::processor_time().unwrap() - before);
        std::io::stdout().flush().unwrap();
        let chances: Vec<u8> = scores
            .iter()
            .flat_map(|score| score.chance.to_le_bytes())
            .collect();
        std::fs::write(folder.join("chances.f32"), chances).unwrap();
    }
}

/// Twenty shuffles: four planted curators, five orders of decisions each.
fn quality() {
    const SHUFFLES: u64 = 20;
    const COUNT: usize = 2000;
    let steps = [25, 50, 100, 200, 400, 800];
    let mut taste_area = [0.0; 6];
    let mut apart = [0.0; 6];
    let mut neighbours = [0.0; 6];
    let (mut oracle, mut head, mut random) = (0.0, 0.0, 0.0);
    for shuffle in 0..SHUFFLES {
        let planted = Planted::new(COUNT, 768, 2.6, 0.32, 100 + shuffle / 5);
        let (space, features) = planted.space();
        let mut numbers = Numbers::new(shuffle);
        let order = numbers.shuffled(COUNT);
        let area = |value: &mut dyn FnMut(usize) -> f32, from: usize| {
            let scored: Vec<(f32, bool)> = order[from..]
                .iter()
                .map(|row| (value(*row), planted.accepted[*row]))
                .collect();
            area_under_curve(&scored).unwrap() / SHUFFLES as f64
        };
        oracle += area(&mut |row| planted.utility[row] as f32, 0);
        // A head that agrees with the curator as far as published ones do with people.
        head += area(
            &mut |row| (planted.utility[row] + 2.2 * numbers.normal()) as f32,
            0,
        );
        random += area(&mut |_| numbers.uniform() as f32, 0);
        for (step, count) in steps.iter().enumerate() {
            let decided: Vec<(usize, bool)> = order[..*count]
                .iter()
                .map(|row| (*row, planted.accepted[*row]))
                .collect();
            let taste = Taste::fit(&Rows::of_verdicts(&features, &decided), space.layout(), None).unwrap();
            let scores = taste.scores(&features).unwrap();
            taste_area[step] += area(&mut |row| scores[row].chance, *count);
            let predicted: Vec<(f32, bool)> = order[*count..]
                .iter()
                .map(|row| (scores[*row].chance, planted.accepted[*row]))
                .collect();
            apart[step] += calibration_error(&predicted, 10).unwrap() / SHUFFLES as f64;
            let examples: Vec<Example> = decided
                .iter()
                .map(|(row, accepted)| Example {
                    id: salon_domain::CandidateId(*row as i64),
                    row: *row,
                    accepted: *accepted,
                })
                .collect();
            let mut nearest = |row: usize| {
                let found =
                    nearest_decided(features.row(row), &features, space.layout(), &examples, 15).unwrap();
                // The share of accepted ones among the fifteen nearest.
                let mut all: Vec<(f32, bool)> = found.accepted.iter().map(|s| (s.similarity, true)).collect();
                all.extend(found.rejected.iter().map(|s| (s.similarity, false)));
                all.sort_by(|a, b| b.0.total_cmp(&a.0));
                all.iter().take(15).filter(|(_, accepted)| *accepted).count() as f32
            };
            neighbours[step] += area(&mut nearest, *count);
        }
    }
    println!(
        "area under the curve, mean of {SHUFFLES} shuffles; a perfect judge {oracle:.3}, generic head {head:.3}, random order {random:.3}"
    );
    println!("decisions  taste  15 nearest  calibration error");
    for (step, count) in steps.iter().enumerate() {
        let aim = match count {
            50 => "  (aim: AUC >= .80)",
            200 => "  (aims: AUC >= .85, calibration error <= .05)",
            _ => "",
        };
        println!(
            "{count:>9}  {:.3}  {:>10.3}  {:>17.3}{aim}",
            taste_area[step], neighbours[step], apart[step]
        );
    }
}
