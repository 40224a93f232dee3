//! `check_layers`: what is wrong with a layer project, and what it can come to.

use salon_domain::CancelToken;
use salon_layers::{Collection, Engine, Problem, Severity};

use crate::Studio;
use crate::api::{
    ApiError, CheckLayers, ExpectedTrait, LayersEngine, LayersProblem, LayersReport, LayersSpace,
};

impl Studio {
    /// Reads a layer project, decodes its pictures, and reports. Nothing is written.
    pub fn check_layers(&self, request: CheckLayers) -> Result<LayersReport, ApiError> {
        check_layers(&request, &CancelToken::new())
    }
}

/// The same where no project is open.
pub fn check_layers(request: &CheckLayers, cancel: &CancelToken) -> Result<LayersReport, ApiError> {
    let collection = Collection::read(&request.path)?;
    let mut problems: Vec<LayersProblem> = collection.problems().iter().map(problem).collect();
    problems.extend(collection.check_pictures(cancel).iter().map(problem));
    problems.sort_by_key(|problem| !problem.fault);
    let faults = problems.iter().filter(|problem| problem.fault).count() as u32;
    let own = u32::try_from(collection.editions()).unwrap_or(u32::MAX);
    let editions = request.count.unwrap_or(own);
    let (width, height) = collection.size();
    let spaces = collection.feasible().into_iter().map(|one| LayersSpace {
        possible: one.editions.to_string(),
        exact: one.exact,
    });
    let expected = collection
        .expected(editions.into())
        .into_iter()
        .map(|one| ExpectedTrait {
            trait_type: one.trait_type,
            value: one.value,
            weight: one.weight,
            expected: one.expected,
            quota: one.quota.and_then(|count| u32::try_from(count).ok()),
        });
    Ok(LayersReport {
        name: collection.name().to_owned(),
        engine: engine(collection.engine()),
        width,
        height,
        editions,
        configurations: spaces.collect(),
        faults,
        expected: if faults == 0 {
            expected.collect()
        } else {
            Vec::new()
        },
        problems,
    })
}

fn engine(engine: Engine) -> LayersEngine {
    match engine {
        Engine::Folder => LayersEngine::Folder,
        Engine::House => LayersEngine::House,
        Engine::HashLips => LayersEngine::HashLips,
        Engine::NftChef => LayersEngine::NftChef,
    }
}

pub(crate) fn problem(problem: &Problem) -> LayersProblem {
    LayersProblem {
        fault: problem.severity == Severity::Fault,
        place: problem.place.clone(),
        message: problem.message.clone(),
    }
}
