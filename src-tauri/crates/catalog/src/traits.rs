//! Tables `trait_values` and `candidate_traits`: who has which trait, as numbers. Triggers keep them in step with the
//! JSON of the candidates, which stays what is read and frozen.

use crate::schema::Migration;

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 traits",
    sql: "
CREATE TABLE trait_values (
    id         INTEGER PRIMARY KEY,
    trait_type TEXT NOT NULL,
    value      TEXT NOT NULL,
    UNIQUE (trait_type, value)
) STRICT;
CREATE TABLE candidate_traits (
    trait     INTEGER NOT NULL REFERENCES trait_values (id),
    candidate INTEGER NOT NULL REFERENCES candidates (id),
    PRIMARY KEY (trait, candidate)
) STRICT, WITHOUT ROWID;
CREATE INDEX candidate_traits_by_candidate ON candidate_traits (candidate);
INSERT INTO trait_values (trait_type, value)
    SELECT DISTINCT json_extract(one.value, '$.trait_type'), json_extract(one.value, '$.value')
    FROM candidates, json_each(candidates.traits) AS one;
INSERT OR IGNORE INTO candidate_traits (trait, candidate)
    SELECT trait_values.id, candidates.id
    FROM candidates, json_each(candidates.traits) AS one JOIN trait_values
        ON trait_values.trait_type = json_extract(one.value, '$.trait_type')
        AND trait_values.value = json_extract(one.value, '$.value');
CREATE TRIGGER candidates_have_traits AFTER INSERT ON candidates WHEN NEW.traits <> '[]' BEGIN
    INSERT OR IGNORE INTO trait_values (trait_type, value)
        SELECT json_extract(one.value, '$.trait_type'), json_extract(one.value, '$.value')
        FROM json_each(NEW.traits) AS one;
    INSERT OR IGNORE INTO candidate_traits (trait, candidate)
        SELECT trait_values.id, NEW.id FROM json_each(NEW.traits) AS one JOIN trait_values
            ON trait_values.trait_type = json_extract(one.value, '$.trait_type')
            AND trait_values.value = json_extract(one.value, '$.value');
END;
CREATE TRIGGER candidates_change_traits AFTER UPDATE OF traits ON candidates WHEN OLD.traits <> NEW.traits BEGIN
    DELETE FROM candidate_traits WHERE candidate = NEW.id;
    INSERT OR IGNORE INTO trait_values (trait_type, value)
        SELECT json_extract(one.value, '$.trait_type'), json_extract(one.value, '$.value')
        FROM json_each(NEW.traits) AS one;
    INSERT OR IGNORE INTO candidate_traits (trait, candidate)
        SELECT trait_values.id, NEW.id FROM json_each(NEW.traits) AS one JOIN trait_values
            ON trait_values.trait_type = json_extract(one.value, '$.trait_type')
            AND trait_values.value = json_extract(one.value, '$.value');
END;
",
};

/// How many candidates have each trait, so that counting everything counts nothing.
pub(crate) const COUNT: Migration = Migration {
    name: "2026-11-23 trait counts",
    sql: "
ALTER TABLE trait_values ADD COLUMN count INTEGER NOT NULL DEFAULT 0;
UPDATE trait_values SET count = (SELECT count(*) FROM candidate_traits WHERE trait = trait_values.id);
CREATE TRIGGER candidate_traits_counted AFTER INSERT ON candidate_traits BEGIN
    UPDATE trait_values SET count = count + 1 WHERE id = NEW.trait;
END;
CREATE TRIGGER candidate_traits_uncounted AFTER DELETE ON candidate_traits BEGIN
    UPDATE trait_values SET count = count - 1 WHERE id = OLD.trait;
END;
",
};
