//! The judge on a project of house pictures, beside its baselines, and steering with the house model in the loop.
//!
//! `bench_judging look [PICTURES]` renders drawings into a project, lets the judge look, and learns the tastes of planted
//! curators. `bench_judging steer PROBE [PICTURES]` has the house model paint a template at random, has a planted curator decide
//! by what a probe reads off each picture, and counts how many are accepted of a run drawn from that.
#![allow(clippy::print_stdout)] // the figures are its output

use std::path::Path;
use std::time::Instant;

use rayon::prelude::*;
use salon_catalog::{FinishedSlot, Project};
use salon_diffusion::probe::TraitProbe;
use salon_domain::{CancelToken, CandidateId, RunId, Seen, TemplateMode, Verdict};
use salon_judge::critic::{CriticTraining, area_under_curve, train};
use salon_layers::LayerSet;
use salon_studio::api::{
    CandidateQuery, CandidateRequest, DecideMany, Nothing, OrderSteered, SimilarRequest, StartRun,
    TasteSignal, UndoRequest,
};
use salon_studio::{Studio, StudioOptions, system_time};
use salon_testkit::recipe;

#[global_allocator]
static ALLOCATOR: salon_diffusion::memory::Recycler = salon_diffusion::memory::Recycler;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Pixels a side: what the house model paints.
const SIDE: u32 = 128;
/// Drawings with this seed; neither the house model nor the encoder learnt from them.
const DRAWN: u64 = 5;
const CURATORS: u64 = 5;
/// Curators whose steered runs the house model paints; each takes minutes.
const STEERED: u64 = 3;
const DECISIONS: [usize; 2] = [50, 200];
/// Share of the pictures that a curator likes, and share of the decisions that are slips.
const LIKED: f64 = 0.3;
const SLIPS: u32 = 10;
const NEIGHBOURS: usize = 9;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let set = LayerSet::load(Path::new("assets/house"))?;
    let number = |text: Option<&&str>, usual: usize| text.map_or(Ok(usual), |text| text.parse::<usize>());
    match words[..] {
        ["look", ref rest @ ..] => look(&set, number(rest.first(), 10_000)?),
        ["steer", probe, ref rest @ ..] => steer(&set, Path::new(probe), number(rest.first(), 100)?),
        _ => Err("usage: bench_judging look [PICTURES] | bench_judging steer PROBE [PICTURES]".into()),
    }
}

/// A number in 0..bound that depends on what it is for.
fn lot(seed: u64, purpose: u64, bound: u32) -> u32 {
    let mut mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ purpose.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed >> 33) % u64::from(bound)) as u32
}

/// The weight that a curator gives to a value of a layer. Sums of several numbers are nearly normal.
fn weight(curator: u64, layer: usize, value: usize) -> f64 {
    let purpose = (layer * 100 + value) as u64;
    let sum: u32 = (0..4).map(|part| lot(curator, purpose * 4 + part, 1000)).sum();
    (f64::from(sum) - 1998.0) / 577.0
}

/// How much a curator likes a picture by its traits, of the layers that count to them.
fn liking(curator: u64, picks: &[usize], counts: impl Fn(usize) -> bool) -> f64 {
    let picks = picks.iter().enumerate().filter(|(layer, _)| counts(*layer));
    picks.map(|(layer, value)| weight(curator, layer, *value)).sum()
}

/// The layers that count to a curator: three of them.
fn counts(curator: u64, layers: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..layers).collect();
    order.sort_by_key(|layer| lot(curator, *layer as u64 + 9_000_000, u32::MAX));
    (0..layers).map(|layer| order[..3].contains(&layer)).collect()
}

/// What a learner makes of the same decisions when it is told every trait instead of shown the picture: the ceiling.
fn told_the_traits(
    picks: &[Vec<usize>],
    first: &[CandidateId],
    rest: &[CandidateId],
    accepted: &[bool],
) -> Outcome<Vec<f32>> {
    let row = |id: &CandidateId| -> Vec<f32> {
        let picks = &picks[id.0 as usize - 1];
        let ones = picks
            .iter()
            .flat_map(|value| (0..9).map(move |other| f32::from(u8::from(other == *value))));
        ones.collect()
    };
    let rows: Vec<Vec<f32>> = first.iter().map(row).collect();
    let training = CriticTraining {
        features: "traits".into(),
        ridge: 0.02,
        ..CriticTraining::default()
    };
    let critic = train(&rows, accepted, &training)?;
    Ok(rest
        .iter()
        .map(|id| critic.chance(&row(id)))
        .collect::<Result<_, _>>()?)
}

/// From where on a curator likes a picture.
fn cut(likings: &[f64]) -> f64 {
    let mut sorted = likings.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((1.0 - LIKED) * sorted.len() as f64) as usize]
}

fn plant(set: &LayerSet, folder: &Path, count: usize) -> Outcome<()> {
    let project = Project::create(folder, system_time())?;
    for start in (0..count).step_by(1000) {
        let size = 1000.min(count - start);
        let run = project.insert_run(
            &recipe(1_000_000 + start as u64 * 10),
            size as u32,
            false,
            system_time(),
        )?;
        let finished = (0..size)
            .into_par_iter()
            .map(|index| -> Result<FinishedSlot, String> {
                let picture = set
                    .render(&set.draw(DRAWN, (start + index) as u64), SIDE)
                    .map_err(|fault| fault.to_string())?;
                let mut png = std::io::Cursor::new(Vec::new());
                picture
                    .write_to(&mut png, image::ImageFormat::Png)
                    .map_err(|fault| fault.to_string())?;
                let thumbnail = salon_catalog::thumbnail(&picture).map_err(|fault| fault.to_string())?;
                let stored = project
                    .store_picture(&png.into_inner(), &thumbnail)
                    .map_err(|fault| fault.to_string())?;
                Ok(FinishedSlot {
                    index: index as u32,
                    picture: stored,
                    traits: vec![],
                    layers: vec![],
                    took_ms: 1,
                })
            });
        let finished = finished.collect::<Result<Vec<_>, _>>()?;
        project.finish_slots(run.id, finished, system_time())?;
    }
    Ok(())
}

fn decide(studio: &Studio, ids: &[CandidateId], verdict: Verdict) -> Outcome<()> {
    let seen = ids.iter().map(|&candidate| Seen {
        candidate,
        frame: None,
    });
    studio.decide_many(DecideMany {
        seen: seen.collect(),
        verdict,
        by: "Ada".into(),
        why: String::new(),
    })?;
    Ok(())
}

/// What the curator says of a picture: what they like, with slips.
fn says(curator: u64, id: CandidateId, likes: impl Fn(CandidateId) -> bool) -> bool {
    likes(id) != (lot(curator, id.0 as u64 + 7_777_777, 100) < SLIPS)
}

/// Decides these as the curator would.
fn decide_as(
    studio: &Studio,
    curator: u64,
    ids: &[CandidateId],
    likes: impl Fn(CandidateId) -> bool,
) -> Outcome<()> {
    let (accepted, rejected): (Vec<CandidateId>, Vec<CandidateId>) =
        ids.iter().partition(|id| says(curator, **id, &likes));
    decide(studio, &accepted, Verdict::Accepted)?;
    decide(studio, &rejected, Verdict::Rejected)
}

/// What the nearest decided pictures say: the share of accepted ones among them.
fn by_neighbours(studio: &Studio, candidate: CandidateId) -> Outcome<f32> {
    let (mut found, mut accepted) = (0, 0);
    for near in studio.similar(SimilarRequest {
        candidate,
        count: Some(1000),
    })? {
        let verdict = studio
            .candidate(CandidateRequest { id: near.candidate })?
            .candidate
            .verdict;
        if verdict != Verdict::Undecided {
            found += 1;
            accepted += usize::from(verdict == Verdict::Accepted);
        }
        if found == NEIGHBOURS {
            break;
        }
    }
    Ok(accepted as f32 / found.max(1) as f32)
}

/// Share of a queue that must be looked at until nine in ten of the good ones were seen.
fn until_nine_in_ten(scores: &[f32], good: &[bool]) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|one, other| scores[*other].total_cmp(&scores[*one]));
    let wanted = (good.iter().filter(|good| **good).count() as f64 * 0.9).ceil() as usize;
    let place = order.iter().scan(0, |seen, index| {
        *seen += usize::from(good[*index]);
        Some(*seen)
    });
    (place.take_while(|seen| *seen < wanted).count() + 1) as f64 / scores.len() as f64
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len().max(1) as f64
}

fn open(folder: &Path) -> Outcome<Studio> {
    let mut options = StudioOptions::to_curate(folder);
    options.models = vec!["models".into()];
    Ok(Studio::open(options)?)
}

fn look(set: &LayerSet, count: usize) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path().join("House.salon");
    plant(set, &folder, count)?;
    let picks: Vec<Vec<usize>> = (0..count as u64)
        .map(|index| set.draw(DRAWN, index).picks)
        .collect();
    let studio = open(&folder)?;
    let began = Instant::now();
    let status = studio.judge_now(|_, _| true)?;
    let took = began.elapsed().as_secs_f64();
    println!(
        "{count} house pictures looked at in {took:.0} s: {:.0} a second, measured, hashed, embedded and kept (aim 60); {} unreadable",
        count as f64 / took,
        status.unreadable
    );
    let ids = studio.candidate_ids(CandidateQuery::default())?.ids;
    let began = Instant::now();
    for id in ids.iter().take(200) {
        studio.similar(SimilarRequest {
            candidate: *id,
            count: Some(24),
        })?;
    }
    println!(
        "the 24 most like one: {:.2} ms",
        began.elapsed().as_secs_f64() * 1000.0 / 200.0_f64.min(count as f64)
    );
    let families = studio.families(Nothing {})?;
    println!(
        "families: {} of {} pictures",
        families.len(),
        families.iter().map(|family| family.members.len()).sum::<usize>()
    );

    println!(
        "{CURATORS} planted curators who like 30 % by three kinds of traits and slip in 10 %; AUC against what they like, on the undecided"
    );
    println!(
        "{:<12} {:>7} {:>7} {:>7} {:>7} {:>9} {:>14} {:>9}",
        "decisions", "taste", "kNN", "critic", "traits", "its own", "90 % good in", "ms"
    );
    for decisions in DECISIONS {
        let mut speaking = 0;
        let mut columns: [Vec<f64>; 7] = Default::default();
        for curator in 0..CURATORS {
            let counted = counts(curator, set.layers().len());
            let likings: Vec<f64> = picks
                .iter()
                .map(|picks| liking(curator, picks, |layer| counted[layer]))
                .collect();
            let cut = cut(&likings);
            let likes = |id: CandidateId| likings[id.0 as usize - 1] >= cut;
            // A shuffle of their own decides which pictures they met first.
            let mut met = ids.clone();
            met.sort_by_key(|id| lot(curator, id.0 as u64 + 5_000_000, u32::MAX));
            let (first, rest) = met.split_at(decisions);
            decide_as(&studio, curator, first, likes)?;
            let status = studio.judge_status(Nothing {})?;
            speaking += u32::from(status.taste.signal != TasteSignal::None);
            let good: Vec<bool> = rest.iter().map(|id| likes(*id)).collect();
            let judged = |id: &CandidateId| studio.judgement(CandidateRequest { id: *id });
            let some: Vec<_> = rest.iter().map(judged).collect::<Result<_, _>>()?;
            let chances: Vec<f32> = some.iter().map(|one| one.chance.unwrap_or(0.5)).collect();
            let sound: Vec<f32> = some.iter().map(|one| one.sound.unwrap_or(0.5)).collect();
            let accepted: Vec<bool> = first.iter().map(|id| says(curator, *id, likes)).collect();
            let told = told_the_traits(&picks, first, rest, &accepted)?;
            let asked = rest.len().min(400);
            let near = rest[..asked]
                .iter()
                .map(|id| by_neighbours(&studio, *id))
                .collect::<Outcome<Vec<f32>>>()?;
            for (column, value) in columns.iter_mut().zip([
                area_under_curve(&chances, &good),
                area_under_curve(&near, &good[..asked]),
                area_under_curve(&sound, &good),
                area_under_curve(&told, &good),
                status.taste.auc.map_or(f64::NAN, |auc| auc.value),
                until_nine_in_ten(&chances, &good),
                status.taste.took_ms,
            ]) {
                column.push(value);
            }
            for _ in 0..2 {
                studio.undo(UndoRequest { by: "Ada".into() })?;
            }
        }
        let [taste, near, critic, ceiling, own, queue, took] = columns.each_ref().map(|column| mean(column));
        println!(
            "{decisions:<12} {taste:>7.3} {near:>7.3} {critic:>7.3} {ceiling:>7.3} {own:>9.3} {:>12.1} % {took:>9.1}   a signal for {speaking} of {CURATORS}",
            queue * 100.0
        );
    }
    println!("by chance: AUC 0.5, 90 % of the good ones in 90 % of the queue");
    Ok(())
}

fn steer(set: &LayerSet, probe: &Path, count: usize) -> Outcome<()> {
    const TEMPLATE: &str = "{an axolotl|a bear|a cat|a fox|a frog|an owl|a rabbit|a robot} with {button|heart|sleepy|star|wide} \
                            eyes and {a beanie|a crown|a halo|headphones|a top hat|a wizard hat|a wreath}";
    let classes: Vec<usize> = set.layers().iter().map(|layer| layer.values.len()).collect();
    let probe = TraitProbe::load(probe, &classes)?;
    let folder = tempfile::tempdir()?;
    let folder = folder.path().join("Steered.salon");
    Studio::create_project(&folder, system_time())?;
    let mut options = StudioOptions::new(&folder);
    options.models = vec!["models".into()];
    options.logs = false;
    let studio = Studio::open(options)?;
    let began = Instant::now();
    let first = studio
        .start_run(StartRun {
            model: "house".into(),
            prompt: TEMPLATE.into(),
            template: Some(TemplateMode::Random),
            count: count as u32,
            seed: Some(1),
            ..StartRun::default()
        })?
        .run;
    studio.run_until_idle(&CancelToken::new(), |_| ())?;
    // What the curator likes, of what the template can change, is read off the painted picture.
    let read = |run: RunId| -> Outcome<Vec<(CandidateId, Vec<usize>)>> {
        let query = CandidateQuery {
            run: Some(run),
            ..CandidateQuery::default()
        };
        let ids = studio.candidate_ids(query)?.ids;
        let pictures = ids.iter().map(|id| -> Outcome<Vec<u8>> {
            Ok(image::load_from_memory(&studio.read_picture(*id, None)?)?
                .to_rgb8()
                .into_raw())
        });
        let found = probe.read(&pictures.collect::<Outcome<Vec<_>>>()?)?;
        Ok(ids.into_iter().zip(found).collect())
    };
    let chosen = ["Species", "Eyes", "Headwear"];
    let counts: Vec<bool> = set
        .layers()
        .iter()
        .map(|layer| chosen.contains(&layer.name.as_str()))
        .collect();
    let painted = read(first.id)?;
    println!(
        "{count} pictures of a template at random, then as many steered, for each of {STEERED} planted curators; accepted per 100:"
    );
    let (mut before, mut after) = (vec![], vec![]);
    for curator in 0..STEERED {
        let like = |picks: &[usize]| liking(curator, picks, |layer| counts[layer]);
        let likings: Vec<f64> = painted.iter().map(|(_, picks)| like(picks)).collect();
        let cut = cut(&likings);
        let ids: Vec<CandidateId> = painted.iter().map(|(id, _)| *id).collect();
        let place = |id: CandidateId| ids.iter().position(|one| *one == id).unwrap_or(0);
        decide_as(&studio, curator, &ids, |id| likings[place(id)] >= cut)?;
        let steered = studio
            .order_steered(OrderSteered {
                run: first.id,
                count: count as u32,
                seed: Some(100 + curator),
            })?
            .run;
        studio.run_until_idle(&CancelToken::new(), |_| ())?;
        let share = |pictures: &[(CandidateId, Vec<usize>)]| {
            let liked = pictures.iter().filter(|(_, picks)| like(picks) >= cut).count();
            100.0 * liked as f64 / pictures.len().max(1) as f64
        };
        let (random, better) = (share(&painted), share(&read(steered.id)?));
        println!(
            "  {random:>5.1} at random, {better:>5.1} steered: {:.2} times",
            better / random
        );
        before.push(random);
        after.push(better);
        for _ in 0..2 {
            studio.undo(UndoRequest { by: "Ada".into() })?;
        }
    }
    println!(
        "steering with the house model in the loop: {:.1} against {:.1} per 100, {:.2} times (aim 1.5); {:.0} s",
        mean(&after),
        mean(&before),
        mean(&after) / mean(&before),
        began.elapsed().as_secs_f64()
    );
    Ok(())
}
