//! A set of row ids as bits. Ids are dense, so a hundred thousand candidates take 12 kB, and asking is one load.

use rusqlite::types::Value;
use rusqlite::{Transaction, params_from_iter};

/// Row ids that belong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdSet(Vec<u64>);

impl IdSet {
    /// The ids in the first column of a query's rows.
    pub(crate) fn read(
        transaction: &Transaction<'_>,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> rusqlite::Result<Self> {
        let mut set = Self::default();
        let mut statement = transaction.prepare_cached(sql)?;
        let mut found = statement.query(params_from_iter(values))?;
        while let Some(row) = found.next()? {
            set.insert(row.get(0)?);
        }
        Ok(set)
    }

    /// Adds an id; what is no id of a row is passed over.
    pub fn insert(&mut self, id: i64) {
        let Ok(id) = usize::try_from(id) else { return };
        if self.0.len() <= id / 64 {
            self.0.resize(id / 64 + 1, 0);
        }
        self.0[id / 64] |= 1 << (id % 64);
    }

    /// Whether an id belongs.
    pub fn contains(&self, id: i64) -> bool {
        let Ok(id) = usize::try_from(id) else { return false };
        self.0.get(id / 64).is_some_and(|bits| bits >> (id % 64) & 1 == 1)
    }

    /// How many belong.
    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|bits| bits.count_ones() as usize).sum()
    }

    /// Keeps what belongs to both.
    pub fn intersect(&mut self, other: &Self) {
        self.0.truncate(other.0.len());
        for (bits, others) in self.0.iter_mut().zip(&other.0) {
            *bits &= others;
        }
    }

    /// The ids, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = i64> + '_ {
        self.0.iter().enumerate().flat_map(|(place, &bits)| {
            (0..64)
                .filter(move |bit| bits >> bit & 1 == 1)
                .map(move |bit| place as i64 * 64 + bit)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        let of = |ids: &[i64]| {
            let mut set = IdSet::default();
            for &id in ids {
                set.insert(id);
            }
            set
        };
        let mut set = of(&[0, 63, 64, 1000, -1]);
        assert_eq!(
            set.iter().collect::<Vec<_>>(),
            [0, 63, 64, 1000],
            "ascending, without what is no id"
        );
        assert_eq!(set.len(), 4, "each counts once");
        assert!(set.contains(64) && !set.contains(65) && !set.contains(5000) && !set.contains(-1));
        set.intersect(&of(&[63, 64, 65]));
        assert_eq!(set.iter().collect::<Vec<_>>(), [63, 64], "what both hold");
    }
}
