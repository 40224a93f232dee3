//! Every query against a model that asks each candidate one by one.

use salon_domain::{
    Candidate, Digest, Draws, Label, Media, ModelRef, Origin, Recipe, Timestamp, Trait, Verdict,
};

use super::*;
use crate::{FinishedSlot, StoredPicture};

/// Numbers that look random and are the same on every machine.
struct Dice(Draws);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0.draw() % sides
    }

    fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.roll(4) == 0).then(|| value(self))
    }
}

const MODELS: [Digest; 2] = [Digest([1; 32]), Digest([2; 32])];
const COLOURS: [&str; 3] = ["teal", "rust", "ochre"];
const ANIMALS: [&str; 2] = ["fox", "owl"];
const CURATORS: [&str; 2] = ["Ada", "Bea"];

fn recipe(run: u64) -> Recipe {
    let model = ModelRef {
        name: format!("model {}", run % 2),
        sha256: MODELS[(run % 2) as usize],
    };
    let prompt = format!(
        "a {} {}",
        COLOURS[(run % 3) as usize],
        ANIMALS[(run % 2) as usize]
    );
    Recipe {
        seed: 1000 - run,
        ..Recipe::plain(model, &prompt, 64, 64)
    }
}

/// A project of 120 candidates in four runs, with marks of every kind.
fn planted(dice: &mut Dice) -> (tempfile::TempDir, Project) {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::create(folder.path().join("Looked.salon"), Timestamp(0)).unwrap();
    for run in 0..4_u64 {
        let ordered = project.insert_run(&recipe(run), 30, false, Timestamp(0)).unwrap();
        let finished = (0..30).map(|index| FinishedSlot {
            index,
            picture: StoredPicture {
                // A third of the pictures are copies: families.
                sha256: Digest::of(&dice.roll(80).to_le_bytes()),
                media: Media::Png,
                width: 64,
                height: 64,
            },
            traits: vec![
                Trait::new("Colour", COLOURS[dice.roll(3) as usize]),
                Trait::new("Animal", ANIMALS[dice.roll(2) as usize]),
            ],
            layers: vec![],
            took_ms: 1,
        });
        let finished: Vec<_> = finished.collect();
        project
            .finish_slots(ordered.id, finished, Timestamp(run as i64 * 100))
            .unwrap();
    }
    let write = |id: i64, dice: &mut Dice| {
        project
            .write(|transaction| {
                let verdict = ["undecided", "accepted", "rejected"][dice.roll(3) as usize];
                let score = (dice.roll(3) > 0).then(|| f64::from(dice.roll(200) as f32 / 100.0 - 1.0));
                transaction.execute(
                    "UPDATE candidates SET verdict = ?2, curator = ?3, stars = ?4, label = ?5, note = ?6, score = ?7
                     WHERE id = ?1",
                    rusqlite::params![
                        id,
                        verdict,
                        (verdict != "undecided").then(|| CURATORS[dice.roll(2) as usize]),
                        dice.roll(6) as i64,
                        dice.roll(5) as i64,
                        ["", "the best owl", "too dark"][dice.roll(3) as usize],
                        score,
                    ],
                )?;
                Ok(())
            })
            .unwrap();
    };
    (1..=120).for_each(|id| write(id, dice));
    (folder, project)
}

fn random_query(dice: &mut Dice) -> CandidateQuery {
    let verdicts = [Verdict::Undecided, Verdict::Accepted, Verdict::Rejected];
    let sorts = [
        Sort::Arrival,
        Sort::Seed,
        Sort::Score,
        Sort::Queue,
        Sort::Stars,
        Sort::Family,
    ];
    let words = ["owl", "FOX ", "rust", "da", "a", "best ow", "nothing", " - "];
    CandidateQuery {
        verdict: dice.maybe(|dice| verdicts[dice.roll(3) as usize]),
        run: dice.maybe(|dice| RunId(dice.roll(5) as i64 + 1)),
        model: dice.maybe(|dice| MODELS[dice.roll(2) as usize]),
        stars: dice.maybe(|dice| dice.roll(6) as u8),
        labels: dice.maybe(|dice| {
            vec![
                Label::ALL[dice.roll(5) as usize],
                Label::ALL[dice.roll(5) as usize],
            ]
        }),
        words: dice.maybe(|dice| words[dice.roll(8) as usize].to_owned()),
        traits: dice.maybe(|dice| {
            let colour = |dice: &mut Dice| Trait::new("Colour", COLOURS[dice.roll(3) as usize]);
            vec![
                colour(dice),
                colour(dice),
                Trait::new("Animal", ANIMALS[dice.roll(2) as usize]),
            ]
        }),
        score_from: dice.maybe(|dice| dice.roll(10) as f32 / 10.0 - 0.5),
        score_to: dice.maybe(|dice| dice.roll(10) as f32 / 10.0),
        family: dice.maybe(|dice| CandidateId(dice.roll(30) as i64 + 1)),
        made_from: dice.maybe(|_| Timestamp(100)),
        made_to: dice.maybe(|_| Timestamp(300)),
        curator: dice.maybe(|dice| CURATORS[dice.roll(2) as usize].to_owned()),
        imported: dice.maybe(|dice| dice.roll(4) == 0),
        // What the judge alone knows is tested with it; without it nothing of the kind is asked.
        set_aside: None,
        flagged: None,
        like: None,
        sort: sorts[dice.roll(6) as usize],
        descending: dice.roll(2) == 0,
        group: dice.maybe(|dice| [Group::Run, Group::Prompt, Group::Family][dice.roll(3) as usize]),
    }
}

/// A candidate with what the model asks of it besides.
struct Known {
    candidate: Candidate,
    recipe: Recipe,
    curator: Option<String>,
}

fn words_of(text: &str) -> Vec<String> {
    let words = text
        .split(|sign: char| !sign.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

fn passes(known: &Known, query: &CandidateQuery) -> bool {
    let Known {
        candidate,
        recipe,
        curator,
    } = known;
    let Origin::Slot { run, .. } = candidate.origin else {
        return false;
    };
    let has = words_of(&format!("{} {}", recipe.prompt, candidate.note));
    let typed = query.words.as_deref().unwrap_or_default();
    let wanted = words_of(typed);
    let open = typed.ends_with(char::is_alphanumeric);
    let last = wanted.len().saturating_sub(1);
    let worded = wanted.iter().enumerate().all(|(place, word)| {
        has.iter()
            .any(|one| one == word || (open && place == last && one.starts_with(word.as_str())))
    });
    let asked = query.traits.as_deref().unwrap_or_default();
    let of_type = |trait_type: &str| {
        let mut asked = asked.iter().filter(|one| one.trait_type == trait_type).peekable();
        asked.peek().is_none() || asked.any(|one| candidate.traits.contains(one))
    };
    query.verdict.is_none_or(|wanted| candidate.verdict == wanted)
        && query.run.is_none_or(|wanted| run == wanted)
        && query.model.is_none_or(|wanted| recipe.model.sha256 == wanted)
        && query.stars.is_none_or(|wanted| candidate.stars >= wanted)
        && query
            .labels
            .as_ref()
            .is_none_or(|wanted| wanted.contains(&candidate.label))
        && worded
        && of_type("Colour")
        && of_type("Animal")
        && query
            .score_from
            .is_none_or(|least| candidate.score.is_some_and(|score| score >= least))
        && query
            .score_to
            .is_none_or(|most| candidate.score.is_some_and(|score| score <= most))
        && query.family.is_none_or(|wanted| candidate.family == Some(wanted))
        && query.made_from.is_none_or(|time| candidate.made_at >= time)
        && query.made_to.is_none_or(|time| candidate.made_at < time)
        && (query.curator.is_none() || query.curator == *curator)
        && query.imported.is_none_or(|wanted| !wanted)
}

fn key(known: &Known, sort: Sort) -> Option<f64> {
    let Known { candidate, .. } = known;
    let seed = match candidate.origin {
        Origin::Slot { seed, .. } => Some(seed as f64),
        Origin::Imported { .. } => None,
    };
    match sort {
        Sort::Arrival | Sort::Queue => Some(candidate.id.0 as f64),
        Sort::Seed => seed,
        Sort::Score => candidate.score.map(f64::from),
        Sort::Stars => Some(f64::from(candidate.stars)),
        Sort::Family => Some(candidate.family.unwrap_or(candidate.id).0 as f64),
    }
}

fn group(known: &Known, group: Group) -> String {
    let Known {
        candidate, recipe, ..
    } = known;
    match (group, &candidate.origin) {
        (Group::Run, Origin::Slot { run, .. }) => run.to_string(),
        (Group::Run, Origin::Imported { .. }) => String::new(),
        (Group::Prompt, _) => recipe.prompt.clone(),
        (Group::Family, _) => candidate.family.map_or(0, |family| family.0).to_string(),
    }
}

/// The model: filters, orders by (missing last, key either way, arrival), gathers by first arrival.
fn expected(all: &[Known], query: &CandidateQuery) -> (Vec<CandidateId>, Vec<u32>) {
    let mut found: Vec<&Known> = all.iter().filter(|known| passes(known, query)).collect();
    let first_of = |known: &Known| {
        let of = query.group.map(|by| group(known, by));
        let same = found
            .iter()
            .filter(|other| query.group.map(|by| group(other, by)) == of);
        same.map(|other| other.candidate.id).min()
    };
    let firsts: BTreeMap<CandidateId, Option<CandidateId>> = found
        .iter()
        .map(|known| (known.candidate.id, query.group.and_then(|_| first_of(known))))
        .collect();
    found.sort_by(|one, other| {
        let missing = |known: &Known| key(known, query.sort).is_none();
        let keys = key(one, query.sort).partial_cmp(&key(other, query.sort)).unwrap();
        let keys = if query.descending && !missing(one) && !missing(other) {
            keys.reverse()
        } else {
            keys
        };
        firsts[&one.candidate.id]
            .cmp(&firsts[&other.candidate.id])
            .then(missing(one).cmp(&missing(other)))
            .then(keys)
            .then(one.candidate.id.cmp(&other.candidate.id))
    });
    let counts = found
        .chunk_by(|one, other| firsts[&one.candidate.id] == firsts[&other.candidate.id])
        .map(|chunk| chunk.len() as u32);
    let counts = if query.group.is_some() {
        counts.collect()
    } else {
        vec![]
    };
    (found.iter().map(|known| known.candidate.id).collect(), counts)
}

#[test]
fn any_query_gives_what_asking_one_by_one_gives() {
    let mut dice = Dice(Draws::new(7));
    let (_folder, project) = planted(&mut dice);
    let all: Vec<Known> = (1..=120)
        .map(|id| {
            let record = project.candidate(CandidateId(id)).unwrap();
            let curator = project.read(|transaction| {
                let sql = "SELECT curator FROM candidates WHERE id = ?1";
                Ok(transaction.query_row(sql, [id], |row| row.get(0))?)
            });
            Known {
                candidate: record.candidate,
                recipe: record.recipe.unwrap(),
                curator: curator.unwrap(),
            }
        })
        .collect();
    let (mut full, mut gathered) = (0, 0);
    for _ in 0..3000 {
        let query = random_query(&mut dice);
        let looked = project.look(&query).unwrap();
        let (ids, counts) = expected(&all, &query);
        assert_eq!(looked.ids, ids, "{query:?}");
        let found: Vec<u32> = looked.groups.iter().map(|group| group.count).collect();
        assert_eq!(found, counts, "groups of {query:?}");
        full += usize::from(ids.len() > FEW);
        gathered += usize::from(counts.len() > 1);

        let facets = project.facets(&query).unwrap();
        let with = |change: &dyn Fn(&mut CandidateQuery)| {
            let mut changed = query.clone();
            change(&mut changed);
            all.iter().filter(|known| passes(known, &changed)).count() as u32
        };
        let accepted = with(&|query| query.verdict = Some(Verdict::Accepted));
        assert_eq!(facets.verdicts.accepted, accepted, "accepted among {query:?}");
        let red = with(&|query| query.labels = Some(vec![Label::Red]));
        assert_eq!(facets.labels[1], red, "red among {query:?}");
        let first = facets
            .runs
            .iter()
            .find(|(run, ..)| run.0 == 1)
            .map_or(0, |(.., count)| *count);
        assert_eq!(
            first,
            with(&|query| query.run = Some(RunId(1))),
            "run 1 among {query:?}"
        );
        let foxes = ids.iter().filter(|id| {
            let known = &all[id.0 as usize - 1];
            known.candidate.traits.contains(&Trait::new("Animal", "fox"))
        });
        let counted = facets.traits.iter().find(|(name, _)| name == "Animal").unwrap();
        assert_eq!(
            counted.1[0],
            ("fox".into(), foxes.count() as u32),
            "foxes among {query:?}"
        );
    }
    assert!(
        full > 100 && gathered > 100,
        "{full} long lists, {gathered} gathered: the dice are poor"
    );
    assert_eq!(
        project.check_derived().unwrap().len(),
        120 - undecided(&all),
        "only the planted verdicts lack rows"
    );
}

/// How many of the planted candidates have no verdict: their log says the same.
fn undecided(all: &[Known]) -> usize {
    all.iter()
        .filter(|known| known.candidate.verdict == Verdict::Undecided)
        .count()
}
