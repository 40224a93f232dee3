//! What may be done to an expanded symbol, in English.

/// A change to a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Modifier {
    /// "a fox", "an owl"; "overalls" stays as it is.
    Article,
    /// "foxes".
    Plural,
    /// "fox's".
    Possessive,
    /// "The fox".
    Capitalised,
    /// "The Fox of the Hills".
    Title,
    /// "top hat".
    Lower,
}

/// Words that stay small in a title, unless they open it.
const SMALL: [&str; 12] = [
    "a", "an", "and", "at", "by", "for", "in", "of", "on", "the", "to", "with",
];

impl Modifier {
    /// Every modifier by the word that calls it.
    pub(super) const ALL: [(&'static str, Self); 6] = [
        ("a", Self::Article),
        ("s", Self::Plural),
        ("possessive", Self::Possessive),
        ("capitalize", Self::Capitalised),
        ("title", Self::Title),
        ("lower", Self::Lower),
    ];

    pub(super) fn from_word(word: &str) -> Option<Self> {
        let found = Self::ALL.into_iter().find(|(name, _)| *name == word);
        found.map(|(_, modifier)| modifier)
    }

    pub(super) fn apply(self, text: &str) -> String {
        match self {
            Self::Article if is_plural(text) => text.to_owned(),
            Self::Article => format!("{} {text}", article(text)),
            Self::Plural => plural(text),
            Self::Possessive if text.ends_with(['s', 'S']) => format!("{text}’"),
            Self::Possessive => format!("{text}’s"),
            Self::Capitalised => capitalised(text),
            Self::Title => title(text),
            Self::Lower => text.to_lowercase(),
        }
    }
}

fn article(text: &str) -> &'static str {
    let word = text.split_whitespace().next().unwrap_or_default().to_lowercase();
    // By sound: a unicorn, a one-eyed cat; an hour, an heir.
    let like_you = ["uni", "use", "usu", "eu", "one", "once", "ukul"];
    let silent = ["hour", "heir", "honest", "honour", "honor"];
    let starts = |heads: &[&str]| heads.iter().any(|head| word.starts_with(head));
    if starts(&silent) || (word.starts_with(['a', 'e', 'i', 'o', 'u']) && !starts(&like_you)) {
        "an"
    } else {
        "a"
    }
}

/// Whether a text looks like more than one thing: teal hills, headphones; not a glass, a cactus or an iris.
fn is_plural(text: &str) -> bool {
    let lower = text.to_lowercase();
    lower.ends_with('s') && !["ss", "us", "is"].iter().any(|end| lower.ends_with(end))
}

fn plural(text: &str) -> String {
    let lower = text.to_lowercase();
    if ["s", "x", "z", "ch", "sh"].iter().any(|end| lower.ends_with(end)) {
        return format!("{text}es");
    }
    if let Some(stem) = text.strip_suffix('y')
        && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])
    {
        return format!("{stem}ies");
    }
    format!("{text}s")
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

fn title(text: &str) -> String {
    let words = text.split_whitespace().enumerate().map(|(place, word)| {
        if place > 0 && SMALL.contains(&word) {
            word.to_owned()
        } else {
            capitalised(word)
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_change_as_english_does() {
        let cases = [
            ("a", "owl", "an owl"),
            ("a", "unicorn", "a unicorn"),
            ("a", "hour of rain", "an hour of rain"),
            ("a", "Fox", "a Fox"),
            ("a", "overalls", "overalls"),
            ("a", "cactus", "a cactus"),
            ("s", "fox", "foxes"),
            ("s", "berry", "berries"),
            ("s", "monkey", "monkeys"),
            ("s", "bell", "bells"),
            ("possessive", "fox", "fox’s"),
            ("possessive", "stars", "stars’"),
            ("capitalize", "éclair of rain", "Éclair of rain"),
            ("title", "the fox of the teal hills", "The Fox of the Teal Hills"),
            ("lower", "Top Hat", "top hat"),
        ];
        for (word, from, to) in cases {
            let modifier = Modifier::from_word(word).unwrap();
            assert_eq!(modifier.apply(from), to, "`{from}` under .{word}");
            assert!(modifier.apply("").len() < 5, "nothing becomes nothing much");
        }
    }
}
