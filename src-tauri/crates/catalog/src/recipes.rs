//! Table `recipes`: recipes by digest, each stored once. Rows are never changed.

use std::collections::BTreeMap;

use rusqlite::{Row, Transaction, params};
use salon_domain::{CandidateId, Digest, Recipe};

use crate::schema::Migration;
use crate::{models, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-22 recipes",
    sql: "
CREATE TABLE recipes (
    sha256 BLOB PRIMARY KEY NOT NULL CHECK (length(sha256) = 32),
    model  INTEGER NOT NULL REFERENCES models (id),
    recipe TEXT NOT NULL -- JSON, as salon_domain::Recipe
) STRICT;
",
};

/// Finds the recipes that begin with a picture. The same paths are in [`SELECT_CHILDREN`], or SQLite would not use them.
pub(crate) const INDEX_PARENTS: Migration = Migration {
    name: "2026-11-23 recipes by parent",
    sql: "
CREATE INDEX recipes_by_source ON recipes (json_extract(recipe, '$.source.sha256'))
    WHERE json_extract(recipe, '$.source.sha256') IS NOT NULL;
CREATE INDEX recipes_by_varied ON recipes (json_extract(recipe, '$.variation.of'))
    WHERE json_extract(recipe, '$.variation.of') IS NOT NULL;
CREATE INDEX runs_by_recipe ON runs (recipe);
",
};

/// The candidates made by a recipe that begins with the picture `?1` (hexadecimal).
const SELECT_CHILDREN: &str = "
SELECT candidates.id FROM (
    SELECT sha256 FROM recipes WHERE json_extract(recipe, '$.source.sha256') = ?1
    UNION SELECT sha256 FROM recipes WHERE json_extract(recipe, '$.variation.of') = ?1
) AS begun JOIN runs ON runs.recipe = begun.sha256 JOIN candidates ON candidates.run = runs.id
ORDER BY candidates.id";

/// The candidates that were made from `picture`, in arrival order.
pub(crate) fn children(transaction: &Transaction<'_>, picture: Digest) -> rusqlite::Result<Vec<CandidateId>> {
    transaction
        .prepare_cached(SELECT_CHILDREN)?
        .query_map([picture.to_string()], |row| row.get(0).map(CandidateId))?
        .collect()
}

/// Stores `recipe` unless it is there; gives its digest.
pub(crate) fn ensure(transaction: &Transaction<'_>, recipe: &Recipe) -> rusqlite::Result<Digest> {
    let digest = recipe.digest();
    let model = models::ensure(transaction, &recipe.model)?;
    transaction
        .prepare_cached(
            "INSERT INTO recipes (sha256, model, recipe) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute(params![digest.0, model, rows::to_json(recipe)?])?;
    Ok(digest)
}

/// The recipe in a joined row's columns `recipe` (JSON) and `recipe_sha256`; refused when they do not agree.
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Recipe> {
    let recipe: Recipe = rows::json(row, "recipe")?;
    let expected = rows::digest(row, "recipe_sha256")?;
    if recipe.digest() == expected {
        Ok(recipe)
    } else {
        Err(rows::conversion(format!(
            "recipe {expected} was changed after it was stored"
        )))
    }
}

/// The pictures that stored recipes need, masks included: they belong to the project although no candidate names them.
pub(crate) fn source_pictures(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<Digest>> {
    let mut statement = transaction.prepare_cached(
        "SELECT recipe FROM recipes WHERE json_extract(recipe, '$.source') IS NOT NULL
         OR json_extract(recipe, '$.variation') IS NOT NULL",
    )?;
    let recipes = statement.query_map([], |row| rows::json::<Recipe>(row, "recipe"))?;
    let mut pictures = Vec::new();
    for recipe in recipes {
        pictures.extend(recipe?.pictures());
    }
    Ok(pictures)
}

/// Recipes read so far: a set of thousands of pictures was made with a handful of them.
#[derive(Debug, Default)]
pub(crate) struct Known(BTreeMap<Digest, Recipe>);

impl Known {
    /// The recipe with this digest, read once.
    pub(crate) fn get(&mut self, transaction: &Transaction<'_>, digest: Digest) -> rusqlite::Result<Recipe> {
        if let Some(recipe) = self.0.get(&digest) {
            return Ok(recipe.clone());
        }
        let recipe = transaction
            .prepare_cached("SELECT recipe, sha256 AS recipe_sha256 FROM recipes WHERE sha256 = ?1")?
            .query_row([digest.0], read)?;
        self.0.insert(digest, recipe.clone());
        Ok(recipe)
    }
}
