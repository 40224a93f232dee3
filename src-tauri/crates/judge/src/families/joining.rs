//! Joining by links, the strongest first, under a leader that is linked to all.

use super::Likeness;

/// Two pictures that are alike; `a < b`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub likeness: Likeness,
    pub distance: f32,
    pub a: u32,
    pub b: u32,
}

/// Pictures under one leader.
pub(super) struct Part {
    pub leader: u32,
    pub nodes: Vec<u32>,
}

/// Parts as they grow: union by size, with the members listed.
pub(super) struct Joining {
    part_of: Vec<u32>,
    parts: Vec<Part>,
}

impl Joining {
    /// Every picture alone.
    pub fn of(count: usize) -> Self {
        Self {
            part_of: (0..count as u32).collect(),
            parts: (0..count as u32)
                .map(|node| Part {
                    leader: node,
                    nodes: vec![node],
                })
                .collect(),
        }
    }

    /// Takes the links the strongest first; `direct` says whether and how two pictures are linked.
    pub fn join(&mut self, mut links: Vec<Link>, direct: &impl Fn(u32, u32) -> Option<Link>) {
        let strongest = |x: &Link, y: &Link| {
            x.likeness
                .cmp(&y.likeness)
                .then(x.distance.total_cmp(&y.distance))
                .then((x.a, x.b).cmp(&(y.a, y.b)))
        };
        links.sort_unstable_by(strongest);
        for link in links {
            let (one, other) = (self.part_of[link.a as usize], self.part_of[link.b as usize]);
            if one == other {
                continue;
            }
            let (large, small) = match self.size(one).cmp(&self.size(other)).then(other.cmp(&one)) {
                std::cmp::Ordering::Less => (other, one),
                _ => (one, other),
            };
            if let Some(leader) = self.leader_of_both(large, small, link, direct) {
                self.merge(large, small, leader);
            }
        }
    }

    fn size(&self, part: u32) -> usize {
        self.parts[part as usize].nodes.len()
    }

    /// Who could lead both: one of the two leaders, or an end of the link. The link itself joined families that grew towards each
    /// other, so that its ends are the ones that may stand in the middle.
    fn leader_of_both(
        &self,
        large: u32,
        small: u32,
        link: Link,
        direct: &impl Fn(u32, u32) -> Option<Link>,
    ) -> Option<u32> {
        let [large, small] = [large, small].map(|part| &self.parts[part as usize]);
        let leads = |leader: u32| {
            let mut nodes = small.nodes.iter().chain(&large.nodes);
            nodes.all(|&node| node == leader || direct(leader, node).is_some())
        };
        [large.leader, small.leader, link.a, link.b]
            .into_iter()
            .find(|&leader| leads(leader))
    }

    fn merge(&mut self, large: u32, small: u32, leader: u32) {
        let nodes = std::mem::take(&mut self.parts[small as usize].nodes);
        for &node in &nodes {
            self.part_of[node as usize] = large;
        }
        let part = &mut self.parts[large as usize];
        part.nodes.extend(nodes);
        part.leader = leader;
    }

    /// The parts that are left.
    pub fn parts(self) -> Vec<Part> {
        self.parts
            .into_iter()
            .filter(|part| !part.nodes.is_empty())
            .collect()
    }
}
