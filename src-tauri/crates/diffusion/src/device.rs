//! What the tensors live on: compiled in by features, chosen at run time.

use candle_core::Device;

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
            Self::Auto => Ok([Self::Cuda, Self::Metal]
                .into_iter()
                .find_map(|accelerator| accelerator.open().ok())
                .unwrap_or(Device::Cpu)),
            Self::Cpu => Ok(Device::Cpu),
            Self::Cuda => accelerator("CUDA", "cuda", || Device::new_cuda(0)),
            Self::Metal => accelerator("Metal", "metal", || Device::new_metal(0)),
        }
    }
}

/// Opens an accelerator. Where the driver's library is not installed, the bindings below candle panic instead of
/// refusing; a build with an accelerator in it must run there all the same.
fn accelerator(name: &str, feature: &str, open: fn() -> candle_core::Result<Device>) -> Result<Device> {
    let opened = std::panic::catch_unwind(open)
        .unwrap_or_else(|_| Err(candle_core::Error::Msg("its driver is not installed".to_owned())));
    opened.map_err(|fault| {
        let reason = format!(
            "cannot be used ({fault}): choose the CPU, or build with `--features {feature}` on a machine that has one"
        );
        DiffusionError::config("device", name, reason)
    })
}

/// The device for people: "CPU, 2 threads".
pub fn describe(device: &Device) -> String {
    match device {
        Device::Cpu => match rayon::current_num_threads() {
            1 => "CPU, 1 thread".to_owned(),
            threads => format!("CPU, {threads} threads"),
        },
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
    fn bindings_that_panic_are_refused_like_others() {
        let error = accelerator("CUDA", "cuda", || panic!("no such library"))
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(
            error.contains("driver is not installed"),
            "`{error}` should say why"
        );
    }

    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    #[test]
    fn an_accelerator_that_is_not_built_in_is_refused_with_the_next_step() {
        for (wanted, words) in [
            (DevicePreference::Cuda, "--features cuda"),
            (DevicePreference::Metal, "metal"),
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
