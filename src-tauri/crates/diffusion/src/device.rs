//! What the tensors live on: compiled in by features, chosen at run time, opened once.

mod library;

use std::fmt::Write as _;
use std::panic::{UnwindSafe, catch_unwind};
use std::sync::OnceLock;

use candle_core::{DType, Device, Tensor};

use crate::error::{DiffusionError, Result};

/// What the user wants to compute on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DevicePreference {
    /// The accelerator this build knows if the machine has one, else the processor.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The first NVIDIA card.
    Cuda,
    /// The first Apple graphics processor.
    Metal,
}

impl DevicePreference {
    /// Opens the device. Only an accelerator asked for by name can fail.
    pub fn open(self) -> Result<Device> {
        match self {
            Self::Auto => Ok(choice().device),
            Self::Cpu => Ok(Device::Cpu),
            Self::Cuda => named("CUDA", cuda()),
            Self::Metal => named("Metal", metal()),
        }
    }
}

/// What [`DevicePreference::Auto`] comes to.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The device taken.
    pub device: Device,
    /// The accelerators looked at before it, each with the reason why it was not taken.
    pub passed_over: Vec<(&'static str, String)>,
}

/// Looks for an accelerator, the processor being there always.
pub fn choice() -> Choice {
    let mut passed_over = Vec::new();
    for (name, accelerator) in [("CUDA", cuda()), ("Metal", metal())] {
        match accelerator {
            Ok(device) => {
                let device = device.clone();
                return Choice { device, passed_over };
            }
            Err(reason) => passed_over.push((name, reason.clone())),
        }
    }
    Choice {
        device: Device::Cpu,
        passed_over,
    }
}

fn named(name: &str, accelerator: &std::result::Result<Device, String>) -> Result<Device> {
    accelerator.clone().map_err(|reason| {
        let reason = format!("cannot be used: {reason}. Choose the CPU, or amend that");
        DiffusionError::config("device", name, reason)
    })
}

/// The first NVIDIA card. It is opened once: tensors of two openings do not meet in one computation.
fn cuda() -> &'static std::result::Result<Device, String> {
    static CARD: OnceLock<std::result::Result<Device, String>> = OnceLock::new();
    CARD.get_or_init(|| {
        if !cfg!(feature = "cuda") {
            return Err(not_built_in("cuda"));
        }
        library::load_cuda()?;
        tried(|| Device::new_cuda(0))
    })
}

/// The first Apple graphics processor, opened once too.
fn metal() -> &'static std::result::Result<Device, String> {
    static PROCESSOR: OnceLock<std::result::Result<Device, String>> = OnceLock::new();
    PROCESSOR.get_or_init(|| {
        if !cfg!(feature = "metal") {
            return Err(not_built_in("metal"));
        }
        tried(|| Device::new_metal(0))
    })
}

fn not_built_in(feature: &str) -> String {
    let mut reason = format!("this program was built without it (`--features {feature}`");
    if feature == "cuda" {
        let _ = write!(reason, ", or `make cuda`");
    }
    reason + ")"
}

/// Opens an accelerator and computes a little there. Bindings below candle panic where a library lacks something; a
/// driver that is too old, or a card that the kernels were not built for, refuses the first kernel only.
fn tried(
    open: impl FnOnce() -> candle_core::Result<Device> + UnwindSafe,
) -> std::result::Result<Device, String> {
    let opened = catch_unwind(|| {
        let device = open()?;
        let ones = Tensor::ones((2, 2), DType::F16, &device)?;
        let sum = ones
            .matmul(&ones)?
            .affine(0.5, 1.0)?
            .to_dtype(DType::F32)?
            .sum_all()?;
        let sum = sum.to_scalar::<f32>()?;
        if (sum - 8.0).abs() > 1e-3 {
            candle_core::bail!("it computes wrongly: {sum} instead of 8")
        }
        Ok(device)
    });
    match opened {
        Ok(Ok(device)) => Ok(device),
        Ok(Err(fault)) => Err(first_line(&fault.to_string())),
        Err(panic) => {
            let words = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied());
            Err(first_line(words.unwrap_or("its driver gave up without a word")))
        }
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// The device for people: "CPU, 2 threads".
pub fn describe(device: &Device) -> String {
    match device {
        Device::Cpu => match rayon::current_num_threads() {
            1 => "CPU, 1 thread".to_owned(),
            threads => format!("CPU, {threads} threads"),
        },
        #[cfg(feature = "cuda")]
        Device::Cuda(card) => match card.cuda_stream().context().name() {
            Ok(name) => format!("{name} (CUDA)"),
            Err(_) => "NVIDIA GPU (CUDA)".to_owned(),
        },
        #[cfg(not(feature = "cuda"))]
        Device::Cuda(_) => "NVIDIA GPU (CUDA)".to_owned(),
        Device::Metal(_) => "Apple GPU (Metal)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_always_there() {
        assert!(matches!(DevicePreference::Cpu.open(), Ok(Device::Cpu)));
        assert!(
            DevicePreference::Auto.open().is_ok(),
            "without an accelerator the processor is taken"
        );
        assert!(describe(&Device::Cpu).starts_with("CPU, "));
    }

    #[test]
    fn a_device_is_taken_when_it_computes_and_refused_with_the_reason_when_not() {
        assert!(tried(|| Ok(Device::Cpu)).is_ok(), "the processor computes");
        let refused = tried(|| panic!("no such library\nbacktrace")).err();
        assert_eq!(refused.as_deref(), Some("no such library"), "bindings that panic");
        let refused = tried(|| Err(candle_core::Error::Msg("no device".into()))).err();
        assert_eq!(refused.as_deref(), Some("no device"), "drivers that refuse");
    }

    #[test]
    fn who_computes_on_the_processor_is_told_why() {
        let choice = choice();
        if choice.device.is_cpu() {
            let names: Vec<_> = choice.passed_over.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, ["CUDA", "Metal"]);
        }
        assert!(
            choice.passed_over.iter().all(|(_, reason)| !reason.is_empty()),
            "{:?}",
            choice.passed_over
        );
    }

    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    #[test]
    fn an_accelerator_that_is_not_built_in_is_refused_with_the_next_step() {
        for (wanted, words) in [
            (DevicePreference::Cuda, "make cuda"),
            (DevicePreference::Metal, "--features metal"),
        ] {
            let error = wanted
                .open()
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default();
            assert!(error.contains(words), "`{error}` should say {words}");
        }
    }
}
