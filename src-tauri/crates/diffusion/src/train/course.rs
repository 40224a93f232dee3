//! What every training does besides computing its loss: begin or go on, step, report, save.

use std::collections::BTreeMap;
use std::path::PathBuf;

use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var};

use super::budget::Meter;
use super::checkpoint::{self, Position};
use super::{Budget, Optimizer, OptimizerConfig, Rhythm, Surroundings, TrainEvent};
use crate::error::{DiffusionError, Result};

/// What every training is told.
#[derive(Debug, Clone)]
pub struct TrainingSettings {
    /// Decides the starting weights, the order of the drawings and everything else that is drawn by lot.
    pub seed: u64,
    /// Drawings, or their latents, per step.
    pub batch: usize,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// When it ends.
    pub budget: Budget,
    /// Where it is saved; gone on with if it exists.
    pub checkpoint: PathBuf,
    /// How often it reports.
    pub rhythm: Rhythm,
}

/// What a training says of itself.
#[derive(Clone, Copy)]
pub(super) struct Plan<'a> {
    /// What is trained; checkpoints of another kind are refused.
    pub kind: &'a str,
    /// Steps until the learning rate has risen to its height, and the share of it that it falls to.
    pub warm_up: u64,
    pub floor: f64,
    pub settings: &'a TrainingSettings,
}

/// A training under way.
pub(super) struct Course<'a, 'b> {
    plan: Plan<'a>,
    pub optimizer: Optimizer,
    pub position: Position,
    pub surroundings: &'a mut Surroundings<'b>,
    meter: Meter,
    started: f64,
}

impl<'a, 'b> Course<'a, 'b> {
    /// From the start, or from the checkpoint if there is one.
    pub fn new(
        plan: Plan<'a>,
        variables: BTreeMap<String, Var>,
        surroundings: &'a mut Surroundings<'b>,
    ) -> Result<Self> {
        let mut optimizer = Optimizer::new(OptimizerConfig::default(), variables)?;
        let mut position = Position {
            kind: plan.kind.to_owned(),
            seed: plan.settings.seed,
            step: 0,
            pictures: 0,
            seconds: 0.0,
        };
        let saved = &plan.settings.checkpoint;
        if saved.exists() {
            let file = saved.display().to_string();
            let (saved, state) = checkpoint::load(saved, plan.kind)?;
            optimizer.restore(&state, saved.step, &file)?;
            position = saved;
        }
        let now = (surroundings.clock)();
        Ok(Self {
            meter: Meter::new(now, &plan.settings.rhythm),
            started: now,
            plan,
            optimizer,
            position,
            surroundings,
        })
    }

    /// Whether another step is to be taken; its time counts from here.
    pub fn goes_on(&mut self) -> bool {
        self.started = (self.surroundings.clock)();
        self.plan.settings.budget.spent(&self.position) < 1.0 && !self.surroundings.cancel.is_cancelled()
    }

    /// Goes down `loss`, reports `told` as its value, and saves when it is time. True when a measurement is due, which
    /// [`Self::measured`] ends.
    pub fn step(&mut self, loss: &Tensor, told: &Tensor) -> Result<bool> {
        let (plan, settings) = (self.plan, self.plan.settings);
        let gradients = loss.backward()?;
        if self.position.step == 0 {
            check_wiring(&self.optimizer, &gradients)?;
        }
        let rate =
            settings
                .budget
                .learning_rate(&self.position, settings.learning_rate, plan.warm_up, plan.floor);
        let report = self.optimizer.update(&gradients, rate as f32)?;
        let now = (self.surroundings.clock)();
        self.position.step += 1;
        self.position.pictures += settings.batch as u64;
        self.position.seconds += now - self.started;
        self.meter
            .add(f64::from(told.to_scalar::<f32>()?), settings.batch as u64);
        let state = (rate, report.gradient_norm);
        if let Some(progress) =
            self.meter
                .report(now, &settings.rhythm, &self.position, settings.budget, state)
        {
            (self.surroundings.events)(TrainEvent::Progress(progress));
        }
        if now >= self.meter.checkpoint_at {
            self.save()?;
            self.meter.checkpoint_at = (self.surroundings.clock)() + settings.rhythm.checkpoint;
        }
        Ok(now >= self.meter.validation_at)
    }

    /// The next measurement is due a while from now.
    pub fn measured(&mut self) {
        self.meter.validation_at = (self.surroundings.clock)() + self.plan.settings.rhythm.validation;
    }

    /// Writes the last checkpoint; the position and what was learnt.
    pub fn end(mut self) -> Result<(Position, Optimizer)> {
        self.save()?;
        Ok((self.position, self.optimizer))
    }

    /// Writes the checkpoint.
    fn save(&mut self) -> Result<()> {
        checkpoint::save(
            &self.plan.settings.checkpoint,
            &self.position,
            &self.optimizer.state()?,
        )?;
        (self.surroundings.events)(TrainEvent::Checkpoint(self.position.clone()));
        Ok(())
    }
}

/// A parameter without a gradient would silently stay as it started.
fn check_wiring(optimizer: &Optimizer, gradients: &GradStore) -> Result<()> {
    match optimizer.without_gradient(gradients).first() {
        None => Ok(()),
        Some(name) => {
            let reason = "gets no gradient; an operation of the network has no backward pass".to_owned();
            Err(DiffusionError::config("training", name.clone(), reason))
        }
    }
}
