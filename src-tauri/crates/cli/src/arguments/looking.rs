//! Conditions on candidates, and saved views.

use clap::{Args, Subcommand, ValueEnum};
use salon_domain::{
    CandidateId, CandidateQuery, Digest, Group, Label, RunId, Sort, Timestamp, Trait, Verdict,
};

use super::{ProjectArgument, VerdictName, row_id};

/// Which candidates, and in what order. Every condition that is given must hold.
#[derive(Debug, Default, Args)]
#[allow(clippy::struct_excessive_bools)] // Each narrows by itself.
pub struct Conditions {
    /// Only this verdict.
    #[arg(long, value_enum)]
    pub verdict: Option<VerdictName>,
    /// Only this run.
    #[arg(long, value_name = "ID", value_parser = row_id(RunId))]
    pub run: Option<RunId>,
    /// Only pictures of the model with this hash.
    #[arg(long, value_name = "SHA256")]
    pub model: Option<Digest>,
    /// At least so many stars.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub stars: Option<u8>,
    /// Any of these colour labels.
    #[arg(long, value_enum, num_args = 1..)]
    pub label: Vec<LabelName>,
    /// All of these words, in prompt or note; the last may be the beginning of one.
    #[arg(long, value_name = "TEXT")]
    pub words: Option<String>,
    /// This trait, as `type=value`. May be given again: of one type any will do, of different types all must hold.
    #[arg(long = "trait", value_name = "TYPE=VALUE", value_parser = parse_trait)]
    pub traits: Vec<Trait>,
    /// A score of at least this.
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub score_from: Option<f32>,
    /// A score of at most this.
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub score_to: Option<f32>,
    /// Only the family of this first member.
    #[arg(long, value_name = "ID", value_parser = row_id(CandidateId))]
    pub family: Option<CandidateId>,
    /// Made at this time or later: a date, or milliseconds since 1970.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub from: Option<Timestamp>,
    /// Made before this time.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub to: Option<Timestamp>,
    /// Only where the verdict that holds is this curator's.
    #[arg(long, value_name = "NAME")]
    pub curator: Option<String>,
    /// Only pictures that were brought in.
    #[arg(long)]
    pub imported: bool,
    /// Only what the judge's threshold sets aside now.
    #[arg(long, conflicts_with = "no_set_aside")]
    pub set_aside: bool,
    /// Nothing that the judge's threshold sets aside now.
    #[arg(long)]
    pub no_set_aside: bool,
    /// Only pictures with this technical flag; `any` for any.
    #[arg(long, value_name = "FLAG")]
    pub flagged: Option<String>,
    /// Only the pictures most like this candidate.
    #[arg(long, value_name = "ID", value_parser = row_id(CandidateId))]
    pub like: Option<CandidateId>,
    /// By what to order.
    #[arg(long, value_enum, default_value_t = SortName::Arrival)]
    pub sort: SortName,
    /// The other way round.
    #[arg(long)]
    pub descending: bool,
    /// What to gather them by.
    #[arg(long, value_enum)]
    pub group: Option<GroupName>,
}

/// Colour labels by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LabelName {
    /// Without a label.
    None,
    /// Key 6.
    Red,
    /// Key 7.
    Yellow,
    /// Key 8.
    Green,
    /// Key 9.
    Blue,
}

/// Orders by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum SortName {
    /// The order they arrived in.
    #[default]
    Arrival,
    /// The seed of the slot.
    Seed,
    /// The judge's score.
    Score,
    /// The order in which the judge would look.
    Queue,
    /// Stars.
    Stars,
    /// The family's first member.
    Family,
}

/// What to gather by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GroupName {
    /// The run that made them.
    Run,
    /// The prompt they were painted from.
    Prompt,
    /// The family.
    Family,
}

impl From<LabelName> for Label {
    fn from(name: LabelName) -> Self {
        match name {
            LabelName::None => Self::None,
            LabelName::Red => Self::Red,
            LabelName::Yellow => Self::Yellow,
            LabelName::Green => Self::Green,
            LabelName::Blue => Self::Blue,
        }
    }
}

impl Conditions {
    /// As the studio takes them.
    pub fn query(&self) -> CandidateQuery {
        CandidateQuery {
            verdict: self.verdict.map(Verdict::from),
            run: self.run,
            model: self.model,
            stars: self.stars,
            labels: (!self.label.is_empty()).then(|| self.label.iter().copied().map(Label::from).collect()),
            words: self.words.clone(),
            traits: (!self.traits.is_empty()).then(|| self.traits.clone()),
            score_from: self.score_from,
            score_to: self.score_to,
            family: self.family,
            made_from: self.from,
            made_to: self.to,
            curator: self.curator.clone(),
            imported: self.imported.then_some(true),
            set_aside: self
                .set_aside
                .then_some(true)
                .or(self.no_set_aside.then_some(false)),
            flagged: self.flagged.clone(),
            like: self.like,
            sort: match self.sort {
                SortName::Arrival => Sort::Arrival,
                SortName::Seed => Sort::Seed,
                SortName::Score => Sort::Score,
                SortName::Queue => Sort::Queue,
                SortName::Stars => Sort::Stars,
                SortName::Family => Sort::Family,
            },
            descending: self.descending,
            group: self.group.map(|group| match group {
                GroupName::Run => Group::Run,
                GroupName::Prompt => Group::Prompt,
                GroupName::Family => Group::Family,
            }),
        }
    }
}

pub(super) fn parse_trait(text: &str) -> Result<Trait, String> {
    match text.split_once('=') {
        Some((trait_type, value)) if !trait_type.trim().is_empty() => {
            Ok(Trait::new(trait_type.trim(), value.trim()))
        }
        _ => Err("write it as TYPE=VALUE, for example Background=teal".into()),
    }
}

/// A moment: milliseconds since 1970, a date, or a date with a time (UTC).
pub(crate) fn parse_time(text: &str) -> Result<Timestamp, String> {
    if let Ok(milliseconds) = text.parse() {
        return Ok(Timestamp(milliseconds));
    }
    let civil = text
        .trim_end_matches(['Z', 'z'])
        .parse::<jiff::civil::DateTime>()
        .or_else(|_| text.parse::<jiff::civil::Date>().map(|date| date.at(0, 0, 0, 0)));
    civil
        .and_then(|civil| civil.to_zoned(jiff::tz::TimeZone::UTC))
        .map(|zoned| Timestamp(zoned.timestamp().as_millisecond()))
        .map_err(|_| "write it as 2026-11-30, 2026-11-30T17:00 (UTC) or in milliseconds since 1970".into())
}

/// `salon views`.
#[derive(Debug, Subcommand)]
pub enum Views {
    /// List the saved views.
    #[command(after_long_help = "JSON: an array of objects with name, query.")]
    List(ProjectArgument),
    /// Keep conditions under a name; what had that name before is replaced.
    #[command(after_long_help = "JSON keys: name, query.")]
    Save(Box<SaveView>),
    /// Forget a saved view.
    #[command(after_long_help = "JSON keys: removed.")]
    Remove {
        #[command(flatten)]
        project: ProjectArgument,
        /// Its name.
        name: String,
    },
}

/// `salon views save`.
#[derive(Debug, Args)]
pub struct SaveView {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// The name.
    pub name: String,
    #[command(flatten)]
    pub conditions: Conditions,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_write_them() {
        for (text, expected) in [
            ("0", 0),
            ("1970-01-02", 86_400_000),
            ("1970-01-01T00:01", 60_000),
            ("1970-01-01T00:00:01Z", 1000),
        ] {
            assert_eq!(parse_time(text), Ok(Timestamp(expected)), "{text}");
        }
        assert!(
            parse_time("yesterday").unwrap_err().contains("2026-11-30"),
            "the error shows the form"
        );
        assert!(
            parse_trait("teal").unwrap_err().contains("TYPE=VALUE"),
            "so does this one"
        );
    }
}
