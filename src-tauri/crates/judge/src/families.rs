//! Families: copies, near-duplicates and variations of a picture.
//!
//! Likeness has four rungs, from certain to loose: the same bytes; a copy (resized or recompressed: PDQ within 31 bits); a
//! near-duplicate (embeddings within an angle); a variation (the same recipe, embeddings not far). Every member of a family keeps
//! which picture it was put with, on which rung, and at what distance.
//!
//! **No chains.** If A is like B and B like C, A need not be like C, and a hundred such steps lead from any picture to any other. So
//! a link joins two families only if some picture can lead both: one that is directly linked to every member. Links are taken the
//! strongest first. Hence on the first three rungs every member is itself a copy or near-duplicate of its leader. Variations then
//! gather such families of one recipe, each by its leader's likeness to theirs.
//!
//! **No order.** Pictures are put in the order of their digests before anything is compared, and every tie is broken by it: the same
//! pictures give the same families however they come.

mod copies;
mod joining;
mod pdq;

use std::collections::{BTreeMap, BTreeSet};

use salon_domain::{CancelToken, CandidateId, Digest};
use serde::{Deserialize, Serialize};

use crate::neighbours::{Neighbours, UnitRows};
use crate::{JudgeError, Result};
use joining::{Joining, Link};
pub use pdq::Pdq;

/// A picture is linked to at most this many others on a rung: the nearest. More would say nothing new, and ten thousand copies of
/// one picture would make fifty million pairs.
const MOST_LINKS: usize = 64;

/// A picture as families know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kin {
    /// Who it is in the project.
    pub candidate: CandidateId,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Its perceptual hash; none if it was not computed.
    pub pdq: Option<Pdq>,
    /// What variations share, in the caller's own words: the recipe without its seed, say. None for none.
    pub recipe: Option<String>,
}

/// How like is like.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FamilyLimits {
    /// Copies differ in at most this many bits of their hashes; 31 at most.
    pub copy_bits: u32,
    /// Hashes of lower quality are not compared.
    pub copy_quality: u8,
    /// Copies that both have an embedding have at least this cosine: drawings of one composition can share a hash. −1 asks for
    /// the hashes alone.
    pub copy_cosine: f32,
    /// Near-duplicates have at least this cosine; above 1 turns the rung off.
    pub near_cosine: f32,
    /// Variations have at least this cosine; above 1 turns the rung off.
    pub variation_cosine: f32,
}

impl Default for FamilyLimits {
    fn default() -> Self {
        Self {
            copy_bits: copies::MOST_BITS,
            copy_quality: 50,
            copy_cosine: -1.0,
            near_cosine: 0.97,
            variation_cosine: 0.9,
        }
    }
}

/// Why a picture is in a family; the strongest rung first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// The same bytes.
    Same,
    /// A copy, resized or recompressed. Distance: bits of the hash, of 256.
    Copy,
    /// A near-duplicate. Distance: 1 − cosine of the embeddings.
    Near,
    /// A variation of the same recipe. Distance: 1 − cosine of the embeddings, 0 where there are none.
    Variation,
}

/// A member of a family beside its leader.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Who it is.
    pub candidate: CandidateId,
    /// The picture it was put with: the leader, or the leader of its own part of the family.
    pub of: CandidateId,
    /// On which rung.
    pub likeness: Likeness,
    /// At which distance, in the unit of the rung; 0 for the same bytes.
    pub distance: f32,
}

/// Pictures that belong together; at least two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Family {
    /// The picture that all others were put with, directly or through the leader of their part.
    pub leader: CandidateId,
    /// The others, by their ids.
    pub members: Vec<Member>,
}

/// Finds the families among pictures, in the order of their leaders' ids. `embeddings`, if there are any, has one row for each
/// picture, in the same order; zeros for one that has none.
pub fn families(kin: &[Kin], embeddings: Option<&Neighbours>, limits: &FamilyLimits) -> Result<Vec<Family>> {
    let found = families_unless(kin, embeddings, limits, &CancelToken::new())?;
    Ok(found.unwrap_or_default())
}

/// The same, given up soon after `cancel` is set; then there are none to tell.
pub fn families_unless(
    kin: &[Kin],
    embeddings: Option<&Neighbours>,
    limits: &FamilyLimits,
    cancel: &CancelToken,
) -> Result<Option<Vec<Family>>> {
    check(kin, embeddings)?;
    let mut order: Vec<usize> = (0..kin.len()).collect();
    order.sort_unstable_by_key(|&at| (kin[at].digest, kin[at].candidate));

    // Same bytes: the first stands for all.
    let mut firsts: Vec<usize> = Vec::with_capacity(order.len());
    let mut same: Vec<(usize, usize)> = Vec::new();
    for &at in &order {
        match firsts.last() {
            Some(&first) if kin[first].digest == kin[at].digest => same.push((at, first)),
            _ => firsts.push(at),
        }
    }

    let embeddings = embeddings.map(|embeddings| embeddings.rows().reordered(&firsts));
    let kin_of = |node: u32| &kin[firsts[node as usize]];
    let agree = |a: u32, b: u32| {
        embeddings
            .as_ref()
            .is_none_or(|embeddings| !contradict(embeddings, a as usize, b as usize, limits))
    };
    let mut links = copy_links(&firsts, kin, limits);
    links.retain(|link| agree(link.a, link.b));
    links.extend(near_links(embeddings.as_ref(), limits, cancel));
    if cancel.is_cancelled() {
        return Ok(None);
    }
    let direct = |a: u32, b: u32| -> Option<Link> {
        let copy = copy_bits(kin_of(a), kin_of(b), limits)
            .filter(|_| agree(a, b))
            .map(|bits| (Likeness::Copy, bits as f32));
        let near = || {
            let cosine = embeddings.as_ref()?.cosine(a as usize, b as usize);
            (cosine >= limits.near_cosine).then_some((Likeness::Near, 1.0 - cosine))
        };
        copy.or_else(near).map(|(likeness, distance)| Link {
            likeness,
            distance,
            a,
            b,
        })
    };
    let mut joining = Joining::of(firsts.len());
    joining.join(links, &direct);

    let mut parts = joining.parts();
    let variations = gather_variations(
        &mut parts,
        |node| kin_of(node).recipe.as_deref(),
        embeddings.as_ref(),
        limits,
    );

    let mut found: BTreeMap<CandidateId, Vec<Member>> = BTreeMap::new();
    let mut family_of_node = vec![0_u32; firsts.len()];
    for (part, &(above, _)) in parts.iter().zip(&variations) {
        for &node in &part.nodes {
            family_of_node[node as usize] = above;
        }
    }
    for (part, &(above, distance)) in parts.iter().zip(&variations) {
        let members = found.entry(kin_of(above).candidate).or_default();
        let leader = kin_of(part.leader).candidate;
        for &node in part.nodes.iter().filter(|&&node| node != part.leader) {
            if let Some(link) = direct(part.leader, node) {
                let Link {
                    likeness, distance, ..
                } = link;
                members.push(Member {
                    candidate: kin_of(node).candidate,
                    of: leader,
                    likeness,
                    distance,
                });
            }
        }
        if above != part.leader {
            let of = kin_of(above).candidate;
            members.push(Member {
                candidate: leader,
                of,
                likeness: Likeness::Variation,
                distance,
            });
        }
    }
    let node_of: BTreeMap<usize, u32> = firsts.iter().copied().zip(0..).collect();
    for (at, first) in same {
        let Some(&node) = node_of.get(&first) else {
            continue;
        };
        let members = found
            .entry(kin_of(family_of_node[node as usize]).candidate)
            .or_default();
        let (candidate, of) = (kin[at].candidate, kin[first].candidate);
        members.push(Member {
            candidate,
            of,
            likeness: Likeness::Same,
            distance: 0.0,
        });
    }
    let family = |(leader, mut members): (CandidateId, Vec<Member>)| {
        members.sort_unstable_by_key(|member| member.candidate);
        Family { leader, members }
    };
    let found = found.into_iter().filter(|(_, members)| !members.is_empty());
    Ok(Some(found.map(family).collect()))
}

fn check(kin: &[Kin], embeddings: Option<&Neighbours>) -> Result<()> {
    if let Some(embeddings) = embeddings.filter(|embeddings| embeddings.len() != kin.len()) {
        return Err(JudgeError::Input(format!(
            "{} pictures came with {} embeddings; give a row for each, of zeros for one that has none",
            kin.len(),
            embeddings.len()
        )));
    }
    let mut seen = BTreeSet::new();
    match kin.iter().find(|kin| !seen.insert(kin.candidate)) {
        Some(twice) => Err(JudgeError::Input(format!(
            "candidate {} was given twice; give each once",
            twice.candidate
        ))),
        None => Ok(()),
    }
}

/// The distance of two hashes that may be compared and are within the limit.
fn copy_bits(a: &Kin, b: &Kin, limits: &FamilyLimits) -> Option<u32> {
    let fit = |kin: &Kin| kin.pdq.filter(|pdq| pdq.quality >= limits.copy_quality);
    Some(fit(a)?.distance(&fit(b)?)).filter(|&bits| bits <= limits.copy_bits.min(copies::MOST_BITS))
}

/// Whether two embeddings say that pictures are no copies. A picture without one (all zeros) says nothing.
fn contradict(embeddings: &UnitRows, a: usize, b: usize, limits: &FamilyLimits) -> bool {
    let seen = |row: usize| embeddings.row(row).iter().any(|value| *value != 0.0);
    limits.copy_cosine > -1.0 && seen(a) && seen(b) && embeddings.cosine(a, b) < limits.copy_cosine
}

/// Links between copies. Pictures of one and the same hash are linked to the first of them, and that one to the others' first;
/// to the first few, where embeddings may contradict.
fn copy_links(firsts: &[usize], kin: &[Kin], limits: &FamilyLimits) -> Vec<Link> {
    let mut by_hash: Vec<([u64; 4], u32)> = (0_u32..)
        .zip(firsts)
        .filter_map(|(node, &at)| {
            Some((
                kin[at].pdq.filter(|pdq| pdq.quality >= limits.copy_quality)?.bits,
                node,
            ))
        })
        .collect();
    by_hash.sort_unstable();
    let groups: Vec<&[([u64; 4], u32)]> = by_hash.chunk_by(|a, b| a.0 == b.0).collect();
    let hashes: Vec<[u64; 4]> = groups.iter().map(|group| group[0].0).collect();
    let first = |group: usize| groups[group][0].1;
    let first_ones = if limits.copy_cosine > -1.0 { MOST_LINKS } else { 1 };
    let link = |bits: u32, a: u32, b: u32| Link {
        likeness: Likeness::Copy,
        distance: bits as f32,
        a: a.min(b),
        b: a.max(b),
    };
    let mut links: Vec<Link> = groups
        .iter()
        .flat_map(|group| {
            (1..group.len()).flat_map(|later| {
                let earlier = &group[..later.min(first_ones)];
                earlier
                    .iter()
                    .map(|&(_, node)| link(0, node, group[later].1))
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    for (group, near) in copies::near_hashes(&hashes, limits.copy_bits, MOST_LINKS)
        .into_iter()
        .enumerate()
    {
        links.extend(
            near.into_iter()
                .map(|(bits, other)| link(bits, first(group), first(other as usize))),
        );
    }
    links
}

/// Links between near-duplicates.
fn near_links(embeddings: Option<&UnitRows>, limits: &FamilyLimits, cancel: &CancelToken) -> Vec<Link> {
    let Some(embeddings) = embeddings.filter(|_| limits.near_cosine <= 1.0) else {
        return Vec::new();
    };
    let all = embeddings.within(limits.near_cosine, MOST_LINKS, cancel);
    // Two that name each other are linked once.
    let names = |row: usize, other: u32| all[row].iter().any(|neighbour| neighbour.row == other as usize);
    let mut links = Vec::new();
    for (row, near) in (0_u32..).zip(&all) {
        for neighbour in near {
            let other = neighbour.row as u32;
            if other < row && names(neighbour.row, row) {
                continue;
            }
            let distance = 1.0 - neighbour.cosine;
            links.push(Link {
                likeness: Likeness::Near,
                distance,
                a: row.min(other),
                b: row.max(other),
            });
        }
    }
    links
}

/// For every part, the leader of the part above it (its own, if it stands alone or above others) and the distance to it. Parts of one
/// recipe come in order; each goes to the nearest of those that stand above already, if that one is near enough, or stands above
/// itself. Without embeddings, one recipe is one family.
fn gather_variations<'a>(
    parts: &mut [joining::Part],
    recipe_of: impl Fn(u32) -> Option<&'a str>,
    embeddings: Option<&UnitRows>,
    limits: &FamilyLimits,
) -> Vec<(u32, f32)> {
    parts.sort_unstable_by_key(|part| part.leader);
    let mut above: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    let place = |part: &joining::Part| {
        let leader = part.leader;
        let Some(recipe) = recipe_of(leader).filter(|_| limits.variation_cosine <= 1.0) else {
            return (leader, 0.0);
        };
        let standing = above.entry(recipe).or_default();
        let nearest = match embeddings {
            None => standing.first().map(|&other| (other, 1.0)),
            Some(rows) => standing
                .iter()
                .map(|&other| (other, rows.cosine(leader as usize, other as usize)))
                .filter(|&(_, cosine)| cosine >= limits.variation_cosine)
                .min_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))),
        };
        match nearest {
            Some((other, cosine)) => (other, 1.0 - cosine),
            None => {
                standing.push(leader);
                (leader, 0.0)
            }
        }
    };
    parts.iter().map(place).collect()
}
