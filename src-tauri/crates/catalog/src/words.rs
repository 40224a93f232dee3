//! Table `candidate_words`: the full-text index over prompts and notes. It holds no text of its own; triggers keep it in
//! step.

use crate::schema::Migration;

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 words",
    sql: "
CREATE VIRTUAL TABLE candidate_words USING fts5 (
    prompt, note, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO candidate_words (rowid, prompt, note)
    SELECT candidates.id, coalesce(prompts.text, ''), candidates.note
    FROM candidates LEFT JOIN prompts ON prompts.id = candidates.prompt;
CREATE TRIGGER candidates_have_words AFTER INSERT ON candidates BEGIN
    INSERT INTO candidate_words (rowid, prompt, note)
        VALUES (NEW.id, coalesce((SELECT text FROM prompts WHERE id = NEW.prompt), ''), NEW.note);
END;
CREATE TRIGGER candidates_change_words AFTER UPDATE OF note, prompt ON candidates
    WHEN OLD.note <> NEW.note OR OLD.prompt IS NOT NEW.prompt BEGIN
    INSERT OR REPLACE INTO candidate_words (rowid, prompt, note)
        VALUES (NEW.id, coalesce((SELECT text FROM prompts WHERE id = NEW.prompt), ''), NEW.note);
END;
",
};

/// What a person typed as a query of FTS5: every word must be there, the last may be the beginning of one. Signs of the
/// query language mean nothing. Empty when there is no word.
pub(crate) fn query(typed: &str) -> String {
    let mut words: Vec<String> = typed
        .split(|sign: char| !sign.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| format!("\"{word}\""))
        .collect();
    if let Some(last) = words.last_mut()
        && typed.ends_with(char::is_alphanumeric)
    {
        last.push('*');
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::query;

    #[test]
    fn what_is_typed_never_reaches_the_query_language() {
        assert_eq!(query("red fo"), "\"red\" \"fo\"*", "the last word may go on");
        assert_eq!(query("red fox "), "\"red\" \"fox\"", "a blank ends it");
        assert_eq!(
            query("NOT (\"a\" OR b*)"),
            "\"NOT\" \"a\" \"OR\" \"b\"",
            "signs are dropped"
        );
        assert_eq!(query(" -- "), "", "no word, no query");
    }
}
