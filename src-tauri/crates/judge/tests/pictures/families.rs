//! Families of planted copies, and their independence of order.

use proptest::prelude::*;
use salon_domain::{CancelToken, CandidateId, Digest};
use salon_judge::families::{Family, FamilyLimits, Kin, Likeness, Pdq, families, families_unless};
use salon_judge::neighbours::Neighbours;

use crate::planted::Dice;

const WIDTH: usize = 24;

/// A small world of pictures with copies, near-duplicates, variations, chains and twins.
struct World {
    kin: Vec<Kin>,
    rows: Vec<Vec<f32>>,
}

impl World {
    fn planted(seed: u64, originals: usize) -> Self {
        let mut dice = Dice::new(seed);
        let mut world = Self {
            kin: Vec::new(),
            rows: Vec::new(),
        };
        for original in 0..originals {
            let bits = [0; 4].map(|_: u64| dice.draw());
            let row: Vec<f32> = (0..WIDTH).map(|_| dice.normal()).collect();
            let recipe = (!dice.draw().is_multiple_of(3)).then(|| format!("recipe {}", original / 4));
            world.add(dice.draw(), bits, row.clone(), recipe.clone());
            let (mut bits, mut row) = (bits, row);
            for _ in 0..dice.draw() % 6 {
                match dice.draw() % 4 {
                    0 => {
                        let digest = world.kin.last().map(|kin| kin.digest.0).unwrap_or_default();
                        world.add(0, bits, row.clone(), recipe.clone());
                        world.kin.last_mut().expect("one was just added").digest = Digest(digest);
                    }
                    // A step of a chain: each is like the one before, the last not like the first.
                    1 => {
                        for _ in 0..dice.draw() % 30 {
                            bits[(dice.draw() % 4) as usize] ^= 1 << (dice.draw() % 64);
                        }
                        world.add(dice.draw(), bits, row.clone(), recipe.clone());
                    }
                    2 => {
                        for value in &mut row {
                            *value += 0.15 * dice.normal();
                        }
                        world.add(
                            dice.draw(),
                            [0; 4].map(|_: u64| dice.draw()),
                            row.clone(),
                            recipe.clone(),
                        );
                    }
                    _ => {
                        let far: Vec<f32> = row.iter().map(|value| value + 0.4 * dice.normal()).collect();
                        world.add(dice.draw(), [0; 4].map(|_: u64| dice.draw()), far, recipe.clone());
                    }
                }
            }
        }
        world
    }

    fn add(&mut self, salt: u64, bits: [u64; 4], row: Vec<f32>, recipe: Option<String>) {
        let candidate = CandidateId(self.kin.len() as i64 + 1);
        let digest = Digest::of(&salt.to_le_bytes());
        self.kin.push(Kin {
            candidate,
            digest,
            pdq: Some(Pdq { bits, quality: 90 }),
            recipe,
        });
        self.rows.push(row);
    }

    fn families(&self, order: &[usize]) -> Vec<Family> {
        let kin: Vec<Kin> = order.iter().map(|&at| self.kin[at].clone()).collect();
        let rows = order
            .iter()
            .flat_map(|&at| self.rows[at].iter().copied())
            .collect();
        let rows = Neighbours::new(WIDTH, rows).expect("rows of one width");
        families(&kin, Some(&rows), &FamilyLimits::default()).expect("a sound world has families")
    }
}

fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut dice = Dice::new(seed);
    let mut order: Vec<usize> = (0..count).collect();
    for at in (1..count).rev() {
        order.swap(at, (dice.draw() % (at as u64 + 1)) as usize);
    }
    order
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn shuffled_pictures_have_the_same_families(seed: u64, shuffle: u64, originals in 1_usize..60) {
        let world = World::planted(seed, originals);
        let straight: Vec<usize> = (0..world.kin.len()).collect();
        prop_assert_eq!(world.families(&straight), world.families(&shuffled(world.kin.len(), shuffle)));
    }

    #[test]
    fn every_member_is_directly_like_the_one_it_was_put_with(seed: u64) {
        let world = World::planted(seed, 40);
        let limits = FamilyLimits::default();
        let order: Vec<usize> = (0..world.kin.len()).collect();
        let rows = Neighbours::new(WIDTH, world.rows.concat()).expect("rows of one width");
        let mut seen = Vec::new();
        for family in world.families(&order) {
            seen.push(family.leader);
            let within = |id| id == family.leader || family.members.iter().any(|member| member.candidate == id);
            for member in &family.members {
                seen.push(member.candidate);
                prop_assert!(within(member.of), "the one it was put with is in the family");
                let [this, that] = [member.candidate, member.of].map(|id| (id.0 - 1) as usize);
                let bits = world.kin[this].pdq.zip(world.kin[that].pdq).map(|(a, b)| a.distance(&b));
                let cosine = rows.cosine(this, that);
                let holds = match member.likeness {
                    Likeness::Same => world.kin[this].digest == world.kin[that].digest,
                    Likeness::Copy => bits == Some(member.distance as u32) && bits <= Some(31),
                    Likeness::Near => cosine >= limits.near_cosine && (1.0 - cosine - member.distance).abs() < 1e-6,
                    Likeness::Variation => {
                        cosine >= limits.variation_cosine && world.kin[this].recipe == world.kin[that].recipe
                    }
                };
                prop_assert!(holds, "{:?}: {:?} bits, cosine {}", member, bits, cosine);
            }
        }
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        prop_assert_eq!(seen.len(), count, "nobody is in two families");
    }
}

fn kin(id: i64, bits: [u64; 4], quality: u8) -> Kin {
    let digest = Digest::of(&id.to_le_bytes());
    Kin {
        candidate: CandidateId(id),
        digest,
        pdq: Some(Pdq { bits, quality }),
        recipe: None,
    }
}

#[test]
fn a_chain_is_no_family() {
    // Each differs from the next by 20 bits, from the one after that by 40.
    let bits = |n: u32| {
        let mut bits = [0_u64; 4];
        for bit in 0..n * 20 {
            bits[(bit / 64) as usize] |= 1 << (bit % 64);
        }
        bits
    };
    let chain: Vec<Kin> = (0..12).map(|n| kin(i64::from(n) + 1, bits(n), 90)).collect();
    let found = families(&chain, None, &FamilyLimits::default()).expect("a chain is sound");
    for family in &found {
        assert!(
            family.members.len() <= 2,
            "a leader and its two neighbours at most: {family:?}"
        );
    }
}

#[test]
fn the_middle_of_a_star_leads_it() {
    let ray = |n: u32| {
        let mut bits = [0_u64; 4];
        bits[(n / 2) as usize] = 0xFF_FFFF << (n % 2 * 32);
        bits
    };
    let mut star = vec![kin(1, [0; 4], 90)];
    star.extend((0..6).map(|n| kin(i64::from(n) + 2, ray(n), 90)));
    let found = families(&star, None, &FamilyLimits::default()).expect("a star is sound");
    assert_eq!(
        found.len(),
        1,
        "24 bits from the middle, 48 from each other: one family {found:?}"
    );
    assert_eq!((found[0].leader, found[0].members.len()), (CandidateId(1), 6));
}

#[test]
fn hashes_without_structure_link_nothing() {
    let flat: Vec<Kin> = (1..9).map(|id| kin(id, [0; 4], 20)).collect();
    assert_eq!(
        families(&flat, None, &FamilyLimits::default()).expect("flat pictures are sound"),
        Vec::new()
    );
}

#[test]
fn crowded_hashes_are_found_the_plain_way_and_the_quick_way_alike() {
    // Few differing bits in few bands: every bucket overflows. Many random ones beside them: none does.
    let mut dice = Dice::new(5);
    let mut crowd: Vec<Kin> = (0..300)
        .map(|id| kin(id, [dice.draw() & 0xFFF, 0, 0, 0], 90))
        .collect();
    let plain = families(&crowd, None, &FamilyLimits::default()).expect("a crowd is sound");
    crowd.extend((1000..9000).map(|id| kin(id, [0; 4].map(|_: u64| dice.draw()), 90)));
    let quick = families(&crowd, None, &FamilyLimits::default()).expect("a crowd is sound");
    assert_eq!(plain, quick, "random hashes change nothing for the crowd");
}

#[test]
fn families_that_nobody_waits_for_any_more_are_given_up() {
    let pair = [kin(1, [0; 4], 90), kin(2, [0; 4], 90)];
    let rows = Neighbours::new(3, vec![1.0; 6]).expect("two rows");
    let limits = FamilyLimits::default();
    let cancel = CancelToken::new();
    let found = families_unless(&pair, Some(&rows), &limits, &cancel).expect("a pair is sound");
    assert_eq!(
        found,
        Some(families(&pair, Some(&rows), &limits).expect("a pair is sound")),
        "what nobody gives up is found"
    );
    cancel.cancel();
    let found = families_unless(&pair, Some(&rows), &limits, &cancel).expect("a pair is sound");
    assert_eq!(found, None, "none is not the same as no families");
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let twice = [kin(7, [0; 4], 90), kin(7, [1; 4], 90)];
    let error = families(&twice, None, &FamilyLimits::default())
        .expect_err("7 came twice")
        .to_string();
    assert!(error.contains("candidate 7"), "{error}");
    let rows = Neighbours::new(3, vec![1.0; 3]).expect("one row");
    let pair = [kin(1, [0; 4], 90), kin(2, [0; 4], 90)];
    let error = families(&pair, Some(&rows), &FamilyLimits::default())
        .expect_err("one row for two")
        .to_string();
    assert!(error.contains("2 pictures came with 1"), "{error}");
    assert!(
        families(&[], None, &FamilyLimits::default())
            .expect("no pictures, no families")
            .is_empty()
    );
}

#[test]
fn hashes_that_agree_are_doubted_where_embeddings_do_not() {
    let pdq = Pdq {
        bits: [5, 6, 7, 8],
        quality: 100,
    };
    let kin: Vec<Kin> = (1..=3)
        .map(|id| Kin {
            candidate: CandidateId(id),
            digest: Digest::of(&[id as u8]),
            pdq: Some(pdq),
            recipe: None,
        })
        .collect();
    let together = |rows: [f32; 6], copy_cosine: f32| -> Vec<Vec<i64>> {
        let rows = Neighbours::new(2, rows.to_vec()).expect("rows of two numbers");
        let limits = FamilyLimits {
            copy_cosine,
            near_cosine: 2.0,
            ..FamilyLimits::default()
        };
        let found = families(&kin, Some(&rows), &limits).expect("these are sound");
        let members = found.iter().map(|family| {
            let others = family.members.iter().map(|member| member.candidate.0);
            let mut all: Vec<i64> = others.chain([family.leader.0]).collect();
            all.sort_unstable();
            all
        });
        members.collect()
    };
    // The second is like the first, the third is not.
    let rows = [1.0, 0.0, 0.96, 0.28, 0.0, 1.0];
    assert_eq!(together(rows, -1.0), [[1, 2, 3]], "the hashes alone");
    assert_eq!(together(rows, 0.9), [[1, 2]], "the third is doubted");
    assert_eq!(together([0.0; 6], 0.9), [[1, 2, 3]], "nobody has seen them");
}
