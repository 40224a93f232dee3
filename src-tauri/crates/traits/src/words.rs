//! When two words are the same.

/// As the reference of `OpenRarity` reads words: lower case first, then without whitespace around. Python counts four
/// separators of ASCII as whitespace that Unicode's `White_Space` does not have.
pub(crate) fn normalize(word: &str) -> String {
    let lower = word.to_lowercase();
    lower
        .trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
        .to_owned()
}

/// Whether two words are the same word.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one == other || normalize(one) == normalize(other)
}

/// The word among `known` that is nearest to `word`, when it is near enough to be a slip of the hand.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = normalize(word);
    known
        .map(|known| (distance(&word, &normalize(known)), known))
        .min()
        .filter(|(distance, _)| *distance <= (word.chars().count() / 3).max(1))
        .map(|(_, known)| known)
}

/// Levenshtein's distance: the least number of letters put in, left out or changed.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(a != *b)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[other.len()]
}
