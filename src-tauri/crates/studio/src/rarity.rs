//! `rarity`: how rare the tokens of a set are, by every formula that people quote.

use std::collections::BTreeSet;

use salon_domain::{CandidateId, CandidateQuery, Trait, Verdict};
use salon_traits::TraitsError;
use salon_traits::rarity::{Collection, Method, Ranking, Weighting, agreements, rank};

use crate::Studio;
use crate::api::{
    ApiError, ErrorCode, RarityAgreement, RarityMethod, RarityReport, RarityRequest, TokenRarity,
};

impl From<TraitsError> for ApiError {
    fn from(error: TraitsError) -> Self {
        Self::invalid_request(error.to_string())
    }
}

impl From<Method> for RarityMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::OpenRarity => Self::OpenRarity,
            Method::RarityTools => Self::RarityTools,
            Method::Statistical => Self::Statistical,
            Method::Average => Self::Average,
            Method::Arithmetic => Self::Arithmetic,
            Method::Harmonic => Self::Harmonic,
        }
    }
}

impl Studio {
    /// How rare the tokens of a signed set are, or the accepted candidates. Counted anew each time, so that whoever leaves the
    /// set leaves the counts.
    pub fn rarity(&self, request: RarityRequest) -> Result<RarityReport, ApiError> {
        let (candidates, traits) = match request.approved {
            Some(version) => self.signed_traits(version)?,
            None => self.accepted_traits()?,
        };
        // Every trait of a candidate is a word.
        let collection = Collection::new(&traits, &BTreeSet::new());
        let rankings = Method::ALL
            .iter()
            .map(|&method| rank(&collection, method, Weighting::default()))
            .collect::<Result<Vec<Ranking>, _>>()?;
        let unique = collection.unique_traits();
        let mut tokens: Vec<TokenRarity> = candidates
            .into_iter()
            .enumerate()
            .map(|(place, candidate)| TokenRarity {
                candidate,
                unique_traits: unique[place],
                ranks: rankings.iter().map(|ranking| ranking.ranks[place]).collect(),
                scores: rankings.iter().map(|ranking| ranking.scores[place]).collect(),
            })
            .collect();
        tokens.sort_by_key(|token| (token.ranks.first().copied(), token.candidate));
        Ok(RarityReport {
            methods: Method::ALL.iter().map(|&method| method.into()).collect(),
            tokens,
            agreements: agreements(&rankings)
                .into_iter()
                .map(|pair| RarityAgreement {
                    one: pair.one.into(),
                    other: pair.other.into(),
                    tau: pair.tau,
                })
                .collect(),
        })
    }

    fn accepted_traits(&self) -> Result<(Vec<CandidateId>, Vec<Vec<Trait>>), ApiError> {
        let accepted = CandidateQuery {
            verdict: Some(Verdict::Accepted),
            ..CandidateQuery::default()
        };
        let found = self.inner.project.candidates(&accepted)?;
        Ok(found.into_iter().map(|one| (one.id, one.traits)).unzip())
    }

    fn signed_traits(&self, version: u32) -> Result<(Vec<CandidateId>, Vec<Vec<Trait>>), ApiError> {
        let sets = self.inner.project.approvals()?;
        let Some(set) = sets.iter().find(|set| set.version() == version) else {
            let message = format!("no set of version {version} was signed");
            let hint = match sets.last() {
                Some(newest) => format!("The newest is version {}.", newest.version()),
                None => "Sign one, or ask for what is accepted.".to_owned(),
            };
            return Err(ApiError::new(ErrorCode::NotFound, message, &[&hint]));
        };
        let members = set.members().iter();
        Ok(members.map(|one| (one.candidate, one.traits.clone())).unzip())
    }
}
