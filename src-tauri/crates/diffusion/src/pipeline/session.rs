//! Pictures on their way through one pass, each at its own step.

use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::Tensor;
use salon_domain::{CancelToken, Upscale};

use super::canvas::{Canvas, Inpaint};
use super::conditions::{Prompts, stacked};
use super::draw::{Draw, Purpose};
use super::stage::{Stage, stages};
use super::{GenerateRequest, Grey, Item, LARGEST_BATCH, Pipeline, Rgb, budget, check, decode, stop_if};
use crate::error::{DiffusionError, Result};
use crate::samplers::History;
use crate::unet::Conditioning;

/// One pass of a request: begin slots, advance them together, finish them. A slot may begin while others are half done;
/// its picture stays the same.
pub struct Session<'a> {
    pipeline: &'a Pipeline,
    stages: Vec<Stage<'a>>,
    /// One per stage.
    prompts: Vec<Prompts<'a>>,
    /// What slots begin on, where all begin on the same.
    canvas: Arc<Canvas>,
    mask: Option<Grey>,
    width: usize,
    height: usize,
    tiled_decode: bool,
    pass: u64,
    /// Pictures in one call of the U-Net; halved when a device refuses.
    together: usize,
}

/// One picture on its way.
pub struct Slot {
    seed: u64,
    draw: Draw,
    canvas: Arc<Canvas>,
    /// For each stage and each time that the U-Net is asked.
    told: Vec<Vec<Conditioning>>,
    /// Mask and kept part, [1, 1 + C, h, w], for U-Nets that are told.
    inpaint: Option<Tensor>,
    /// The latent that it starts from without noise, [1, C, h, w].
    clean: Option<Tensor>,
    /// The noise that it began with.
    noise: Tensor,
    latent: Tensor,
    history: History,
    stage: usize,
    /// The next step, among the stage's sampler's.
    index: usize,
    made: usize,
    left: usize,
    look: Rgb,
    fault: Option<DiffusionError>,
}

impl Slot {
    /// Whether there is no step left to make.
    pub fn is_done(&self) -> bool {
        self.left == 0 || self.fault.is_some()
    }

    /// How it looks now, one pixel per latent pixel; black before the first step.
    pub fn look(&self) -> &Rgb {
        &self.look
    }

    /// Its latent now, [1, C, h, w] on the U-Net's scale.
    pub fn latent(&self) -> &Tensor {
        &self.latent
    }
}

impl<'a> Session<'a> {
    /// The first pass of a request; the request's own items are not begun.
    pub fn new(pipeline: &'a Pipeline, request: &GenerateRequest<'a>) -> Result<Self> {
        check::settings(pipeline, request)?;
        let made = match &request.source {
            None => request.steps,
            Some(source) => check::steps_at("strength", request.steps, source.strength)?,
        };
        let size = (request.width, request.height);
        let mut session = Self::of_pass(pipeline, request, 0, size, made)?;
        let source = request.source.as_ref();
        let source = source.map(|source| (&source.picture, source.mask.as_ref()));
        session.canvas = Arc::new(session.painted_on(source)?);
        Ok(session)
    }

    /// The second pass: the last steps of the request at another size.
    pub(super) fn enlarging(
        pipeline: &'a Pipeline,
        request: &GenerateRequest<'a>,
        upscale: Upscale,
    ) -> Result<Self> {
        let size = (upscale.width as usize, upscale.height as usize);
        check::size(pipeline, size.0, size.1)?;
        let made = check::steps_at("upscale strength", request.steps, upscale.strength)?;
        Self::of_pass(pipeline, request, 1, size, made)
    }

    fn of_pass(
        pipeline: &'a Pipeline,
        request: &GenerateRequest<'a>,
        pass: u64,
        (width, height): (usize, usize),
        made: usize,
    ) -> Result<Self> {
        let stages = stages(pipeline, request, made)?;
        let prompts = stages
            .iter()
            .map(|stage| Prompts::new(stage.pipeline, request, (width, height)));
        let mut session = Self {
            pipeline,
            prompts: prompts.collect(),
            stages,
            canvas: Arc::new(Canvas::empty()),
            mask: request.source.as_ref().and_then(|source| source.mask.clone()),
            width,
            height,
            tiled_decode: request.tiled_decode,
            pass,
            together: LARGEST_BATCH,
        };
        let [_, _, rows, columns] = session.shape();
        for (stage, prompts) in session.stages.iter().zip(&session.prompts) {
            let config = stage.pipeline.parts.unet.config();
            let each = prompts.sides() as u64 * budget::unet_bytes(config, columns, rows);
            let free = budget::available(&stage.pipeline.device);
            session.together = budget::fitting(session.together, each, free);
        }
        if session.together == 0 {
            return Err(budget::too_large(width, height, true));
        }
        Ok(session)
    }

    /// Steps that each slot makes.
    pub fn steps(&self) -> usize {
        self.stages.iter().map(|stage| stage.steps.len()).sum()
    }

    /// A picture at its first step.
    pub fn begin(&mut self, item: &Item) -> Result<Slot> {
        self.begin_with(item, Vec::new())
    }

    /// The same with noise that was made elsewhere, [1, C, h, w] each: for comparisons with other programs. It is
    /// handed out in the order of diffusers: encoding the source, the first latent, encoding what a mask keeps, then
    /// what samplers ask for; what is not given is drawn.
    #[doc(hidden)]
    pub fn begin_with(&mut self, item: &Item, noise: Vec<Tensor>) -> Result<Slot> {
        self.begin_on(item, self.canvas.clone(), noise)
    }

    /// The same on a finished picture, enlarged.
    pub(super) fn begin_from(&mut self, item: &Item, picture: &Rgb) -> Result<Slot> {
        let canvas = self.painted_on(Some((picture, self.mask.as_ref())))?;
        self.begin_on(item, Arc::new(canvas), Vec::new())
    }

    fn painted_on(&self, source: Option<(&Rgb, Option<&Grey>)>) -> Result<Canvas> {
        let told = self
            .stages
            .iter()
            .any(|stage| stage.pipeline.report().capabilities.inpaint);
        Canvas::new(self.pipeline, (self.width, self.height), source, told)
    }

    fn begin_on(&mut self, item: &Item, canvas: Arc<Canvas>, given: Vec<Tensor>) -> Result<Slot> {
        let (vae, device) = (&self.pipeline.parts.vae, &self.pipeline.device);
        let shape = self.shape();
        let mut draw = Draw::new(item, self.pass, given);
        let mut unit = |purpose: Purpose| draw.unit(purpose, 0, &shape, device);
        let clean = match &canvas.start {
            None => None,
            Some(start) => Some(vae.to_unet_scale(&start.encoded.sample(&unit(Purpose::Encode)?)?)?),
        };
        let noise = unit(Purpose::Begin)?;
        let first = &self.stages[0];
        let latent = match &clean {
            // As in diffusers, what is wholly repainted behind a mask begins with noise alone.
            Some(clean) if canvas.mask().is_none() || first.steps.start > 0 => {
                first.sampler.add_noise(clean, &noise, first.steps.start)?
            }
            _ => (&noise * first.sampler.initial_scale())?,
        };
        let inpaint = match &canvas.inpaint {
            None => None,
            Some(Inpaint { mask, kept }) => {
                let kept = vae.to_unet_scale(&kept.sample(&unit(Purpose::EncodeKept)?)?)?;
                Some(Tensor::cat(&[mask, &kept], 1)?)
            }
        };
        let told = self.prompts.iter_mut().map(|prompts| prompts.of(item));
        Ok(Slot {
            seed: item.seed,
            told: told.collect::<Result<_>>()?,
            draw,
            canvas,
            inpaint,
            clean,
            noise,
            latent,
            history: History::default(),
            stage: 0,
            index: self.stages[0].steps.start,
            made: 0,
            left: self.steps(),
            look: Rgb::black(shape[3], shape[2]),
            fault: None,
        })
    }

    /// One step for every slot that has one left, whichever it is. Slots whose prompts are equally long share calls of
    /// the U-Net. A slot that becomes not-a-number or finds no memory fails alone.
    pub fn advance(&mut self, slots: &mut [Slot], cancel: &CancelToken) -> Result<()> {
        let mut groups: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for (place, slot) in slots.iter().enumerate().filter(|(_, slot)| !slot.is_done()) {
            let length = slot.told[slot.stage][0].context.dim(1)?;
            groups.entry((slot.stage, length)).or_default().push(place);
        }
        for ((stage, _), members) in groups {
            let mut rest = &members[..];
            while !rest.is_empty() {
                stop_if(cancel)?;
                let (part, later) = rest.split_at(self.together.min(rest.len()));
                match predict(&self.stages[stage], slots, part) {
                    Ok(outputs) => {
                        for (&place, output) in part.iter().zip(outputs) {
                            self.step(&mut slots[place], &output)?;
                        }
                        rest = later;
                    }
                    Err(fault) if budget::is_out_of_memory(&fault) && part.len() > 1 => {
                        self.together = part.len() / 2;
                    }
                    Err(fault) if budget::is_out_of_memory(&fault) => {
                        slots[part[0]].fault = Some(budget::too_large(self.width, self.height, true));
                        rest = later;
                    }
                    Err(fault) => return Err(fault),
                }
            }
        }
        Ok(())
    }

    /// One slot's step, given what the U-Net said.
    fn step(&self, slot: &mut Slot, output: &Tensor) -> Result<()> {
        let stage = &self.stages[slot.stage];
        let (shape, device) = (self.shape(), &stage.pipeline.device);
        let (index, draw) = (slot.index, &mut slot.draw);
        let mut fresh = || draw.unit(Purpose::Step, index, &shape, device);
        let made = stage
            .sampler
            .step(output, &slot.latent, index, &mut slot.history, &mut fresh)?;
        let (mut latent, mut denoised) = (made.sample, made.denoised);
        if let (Some(mask), Some(clean)) = (slot.canvas.mask(), &slot.clean)
            && !stage.pipeline.report().capabilities.inpaint
        {
            let kept = if index + 1 < stage.sampler.timesteps().len() {
                stage.sampler.add_noise(clean, &slot.noise, index + 1)?
            } else {
                clean.clone()
            };
            latent = masked(&latent, &kept, &mask.latent)?;
            denoised = masked(&denoised, clean, &mask.latent)?;
        }
        slot.latent = latent;
        slot.made += 1;
        slot.left -= 1;
        slot.index += 1;
        if slot.index == stage.steps.end && slot.left > 0 {
            slot.stage += 1;
            slot.index = self.stages[slot.stage].steps.start;
            slot.history = History::default();
        }
        match stage.pipeline.glimpse.look(&denoised)?.pop().flatten() {
            Some(look) => slot.look = look,
            None => {
                slot.fault = Some(DiffusionError::NotANumber {
                    seed: slot.seed,
                    step: slot.made,
                });
            }
        }
        Ok(())
    }

    /// The pictures of slots that are done, in their order.
    pub fn finish(&self, slots: Vec<Slot>, cancel: &CancelToken) -> Result<Vec<Result<Rgb>>> {
        let whole = slots.iter().filter(|slot| slot.fault.is_none());
        let finished: Vec<decode::Finished> = whole
            .map(|slot| decode::Finished {
                latent: &slot.latent,
                seed: slot.seed,
                step: slot.made + 1,
            })
            .collect();
        let mut decoded = decode::decode(self.pipeline, &finished, self.tiled_decode, cancel)?.into_iter();
        let pictures = slots.into_iter().filter_map(|slot| match slot.fault {
            Some(fault) => Some(Err(fault)),
            None => decoded
                .next()
                .map(|picture| picture.map(|picture| slot.canvas.composite(picture))),
        });
        Ok(pictures.collect())
    }

    /// The shape of one latent.
    fn shape(&self) -> [usize; 4] {
        let vae = self.pipeline.parts.vae.config();
        let factor = vae.factor();
        [1, vae.latent_channels, self.height / factor, self.width / factor]
    }
}

/// `painted` where the mask is 1, `kept` where it is 0.
fn masked(painted: &Tensor, kept: &Tensor, mask: &Tensor) -> Result<Tensor> {
    let keeps = (1.0 - mask)?;
    Ok((kept.broadcast_mul(&keeps)? + painted.broadcast_mul(mask)?)?)
}

/// What the U-Net says about these slots, with guidance; [1, C, h, w] each.
fn predict(stage: &Stage, slots: &[Slot], members: &[usize]) -> Result<Vec<Tensor>> {
    let pipeline = stage.pipeline;
    let mut inputs = Vec::with_capacity(members.len());
    for &place in members {
        let slot = &slots[place];
        let input = stage.sampler.scale_input(&slot.latent, slot.index)?;
        inputs.push(match &slot.inpaint {
            Some(inpaint) if pipeline.report().capabilities.inpaint => Tensor::cat(&[&input, inpaint], 1)?,
            _ => input,
        });
    }
    let told = |place: usize| &slots[place].told[slots[place].stage];
    let sides = told(members[0]).len();
    let rows: Vec<&Conditioning> = (0..sides)
        .flat_map(|side| members.iter().map(move |&place| &told(place)[side]))
        .collect();
    let inputs = Tensor::cat(&inputs, 0)?;
    let inputs = Tensor::cat(&vec![&inputs; sides], 0)?;
    let timesteps = stage.sampler.timesteps();
    let times = members.iter().map(|&place| timesteps[slots[place].index] as f32);
    let times = times.collect::<Vec<f32>>().repeat(sides);
    let times = Tensor::new(times, &pipeline.device)?;
    let output = pipeline.parts.unet.forward(&inputs, &times, &stacked(&rows)?)?;
    let count = members.len();
    let side = |side: usize, index: usize| output.narrow(0, side * count + index, 1);
    let guided = |index: usize| {
        if sides == 1 {
            return Ok(side(0, index)?);
        }
        let (without, with) = (side(0, index)?, side(1, index)?);
        Ok((&without + ((with - &without)? * stage.guidance)?)?)
    };
    (0..count).map(guided).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn calls_of_fewer_pictures_change_none() {
        let folder = tempfile::tempdir().unwrap();
        testing::write_tiny_model(folder.path(), 1).unwrap();
        let pipeline = Pipeline::load(folder.path(), &candle_core::Device::Cpu).unwrap();
        let item = |seed: u64| Item {
            prompt: "a fox".into(),
            seed,
            ..Item::default()
        };
        let request = GenerateRequest {
            items: (0..5).map(item).collect(),
            width: 64,
            height: 64,
            steps: 3,
            ..GenerateRequest::default()
        };
        let painted = |together: usize| {
            let (mut session, cancel) = (Session::new(&pipeline, &request).unwrap(), CancelToken::new());
            assert!(session.together >= 5, "a tiny model's pictures fit at once");
            session.together = session.together.min(together);
            let begun = request.items.iter().map(|item| session.begin(item));
            let mut slots: Vec<Slot> = begun.collect::<Result<_>>().unwrap();
            for _ in 0..3 {
                session.advance(&mut slots, &cancel).unwrap();
            }
            let pictures = session.finish(slots, &cancel).unwrap();
            pictures.into_iter().map(Result::unwrap).collect::<Vec<Rgb>>()
        };
        let at_once = painted(5);
        assert!(
            painted(2) == at_once && painted(1) == at_once,
            "what memory allows at once must not show"
        );
    }
}
