//! `salon bill`, `withdraw` and `diff`: what a bundle is made of, and how it differs from another.

use std::fmt::Write as _;
use std::process::ExitCode;

use salon_domain::Digest;
use salon_studio::api::{
    BundleDiff, BundleMaterials, BundleRequest, ChangedToken, DiffBundles, LogEntry, MaterialSummary,
    TokenFate, WithdrawSource, Withdrawal,
};

use crate::arguments::{Bill, Diff, Withdraw};
use crate::interrupt;
use crate::open;
use crate::output::{Failure, Output, count};
use crate::progress;

/// Numbers on one line; more are counted.
const SHOWN: usize = 20;

/// Prints the bill of materials.
pub fn bill(arguments: Bill, output: Output) -> Result<(), Failure> {
    let request = BundleRequest {
        path: arguments.bundle,
    };
    let mut bill = salon_studio::bundle_materials(&request)?;
    if let Some(token) = arguments.token {
        bill.uses.retain(|one| one.tokens.contains(&token));
        if bill.uses.is_empty() {
            let message = format!("the bundle has no token {token}");
            return Err(Failure::new(
                "not_found",
                &message,
                "`salon bill` without --token lists all.",
            ));
        }
        let used: Vec<u32> = bill.uses.iter().flat_map(|one| one.materials.clone()).collect();
        let mut place = 0;
        bill.materials.retain(|_| {
            place += 1;
            used.contains(&(place - 1))
        });
        for one in &mut bill.uses {
            one.tokens = vec![token];
            one.materials = (0..bill.materials.len() as u32).collect();
        }
    }
    output.print(&bill, billed);
    Ok(())
}

fn billed(bill: &BundleMaterials) -> String {
    let mut text = format!(
        "provenance hash  {}\ndecision log     {}\n",
        bill.provenance_hash, bill.decision_head
    );
    for one in &bill.materials {
        let licence = match one.licence.as_str() {
            "" => "no licence known",
            licence => licence,
        };
        let tokens = count(one.tokens, "token", "tokens");
        let _ = write!(text, "\n{}  {}\n  {licence}; in {tokens}", one.kind, named(one));
        if !one.data.is_empty() {
            let files = count(one.data.len() as u64, "file", "files");
            let _ = write!(text, "; learnt from {files} that are known by hash");
        }
    }
    for one in &bill.uses {
        let recipe = hash_or(one.recipe_sha256, "without a recipe");
        let _ = write!(text, "\n{recipe}: {}", numbers(&one.tokens));
    }
    text
}

fn named(one: &MaterialSummary) -> String {
    match (one.name.as_str(), one.sha256) {
        ("", sha256) => hash_or(sha256, "that does not say its name"),
        (name, None) => name.to_owned(),
        (name, Some(sha256)) => format!("{name} ({sha256})"),
    }
}

fn hash_or(sha256: Option<Digest>, none: &str) -> String {
    sha256.map_or_else(|| none.to_owned(), |sha256| sha256.to_string())
}

fn numbers(tokens: &[u64]) -> String {
    let shown = tokens.iter().take(SHOWN).map(ToString::to_string);
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if tokens.len() > SHOWN {
        let _ = write!(text, " and {} more", tokens.len() - SHOWN);
    }
    text
}

/// Lists the tokens that a source is in.
pub fn withdraw(arguments: Withdraw, output: Output) -> Result<ExitCode, Failure> {
    let request = WithdrawSource {
        bundle: arguments.bundle,
        source: arguments.source,
    };
    let found = salon_studio::withdraw_source(&request)?;
    output.print(&found, withdrawn);
    Ok(if found.matched.is_empty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn withdrawn(found: &Withdrawal) -> String {
    if found.matched.is_empty() {
        return "Nothing of that name is in this bundle.".to_owned();
    }
    let mut text = String::new();
    for one in &found.matched {
        let _ = write!(text, "{} {}", one.kind, one.name);
        if let Some(data) = &one.data {
            let _ = write!(text, ", which learnt from {}", data.name);
        }
        text.push('\n');
    }
    // All of them: this list is why one asks.
    let tokens: Vec<String> = found.tokens.iter().map(ToString::to_string).collect();
    let _ = write!(
        text,
        "{}: {}",
        count(tokens.len() as u64, "token", "tokens"),
        tokens.join(", ")
    );
    text
}

/// Tells how two bundles differ.
pub fn diff(arguments: Diff, output: Output) -> Result<(), Failure> {
    let request = DiffBundles {
        before: arguments.before,
        after: arguments.after,
        delta: arguments.delta,
    };
    let found = if let Some(project) = &arguments.project {
        let studio = open::to_look(project)?;
        progress::of_export(&studio, output, || studio.diff_bundles(request))?
    } else {
        let cancel = interrupt::cancel_on_interrupt()?;
        let bar = progress::Bar::bytes(output);
        let tell = |progress: salon_studio::BundleProgress| bar.set(progress.done, progress.total);
        let found = salon_studio::diff_bundles(&request, &tell, &cancel)?;
        bar.finish();
        found
    };
    output.print(&found, told);
    Ok(())
}

fn told(found: &BundleDiff) -> String {
    let mut text = format!(
        "version {} by {} ({}) to version {} by {} ({})",
        found.before.version,
        found.before.by,
        count(found.before.tokens, "token", "tokens"),
        found.after.version,
        found.after.by,
        count(found.after.tokens, "token", "tokens"),
    );
    for said in &found.collection {
        let _ = write!(text, "\ncollection: {said}");
    }
    for token in &found.tokens {
        let _ = write!(text, "\n{}", fate(token));
        for said in &token.said {
            let _ = write!(text, "\n    {said}");
        }
        for decision in &token.decisions {
            let _ = write!(text, "\n    {}", decided(decision));
        }
    }
    let _ = write!(text, "\n{} as before", count(found.unchanged, "token", "tokens"));
    if let Some(delta) = &found.delta {
        let _ = write!(
            text,
            "\ndelta  {} ({}, {} bytes of {})",
            delta.car.display(),
            count(delta.blocks, "block", "blocks"),
            delta.bytes,
            delta.whole_bytes
        );
    }
    text
}

fn fate(token: &ChangedToken) -> String {
    let number = |token: Option<u64>| token.map_or_else(String::new, |token| token.to_string());
    let (before, after) = (number(token.before), number(token.after));
    let what = match token.fate {
        TokenFate::Added => format!("added    token {after}"),
        TokenFate::Removed => format!("removed  token {before}"),
        TokenFate::Changed => format!("changed  token {before} to {after}"),
        TokenFate::Moved => format!("moved    token {before} to {after}"),
    };
    format!("{what} (candidate {})", token.candidate)
}

fn decided(decision: &LogEntry) -> String {
    let verdict = decision.verdict.map_or("voted", salon_domain::Verdict::word);
    let mut text = format!("decision {}: {verdict} by {}", decision.row, decision.by);
    if !decision.why.is_empty() {
        let _ = write!(text, ": {}", decision.why);
    }
    text
}
