//! How many pictures fit into memory at once.
//!
//! The processor's memory is asked beforehand: a system that runs out of it kills programs instead of refusing. An
//! accelerator refuses, so there the refusal is the measure. Either way the batch is halved first, and only a single
//! picture that does not fit is a failure.

use std::fs;
use std::path::Path;

use candle_core::Device;

use crate::error::DiffusionError;
use crate::{UNetConfig, VaeConfig};

/// Tensors of the U-Net's largest level that live at once, in its channels: a residual layer of stacked inputs, or a
/// feed-forward layer of four times two channels with its input.
const UNET_TENSORS: u64 = 16;
/// The same of the decoder: in and out of a residual layer, and what its convolutions unfold.
const DECODER_TENSORS: u64 = 6;
const FLOAT: u64 = size_of::<f32>() as u64;

/// Bytes that the U-Net needs at most for one latent of `width` × `height`, besides its weights.
pub(super) fn unet_bytes(config: &UNetConfig, width: usize, height: usize) -> u64 {
    let area = |level: usize| ((width >> level).max(1) * (height >> level).max(1)) as u64;
    let levels = config.levels.iter().enumerate();
    let sizes = levels.map(|(level, shape)| (shape.channels as u64 * area(level), shape.layers as u64 + 1));
    let (kept, largest) = sizes.fold((0, 0), |(kept, largest), (size, tensors)| {
        (kept + size * tensors, u64::max(largest, size))
    });
    FLOAT * (kept + UNET_TENSORS * largest)
}

/// Bytes that the decoder needs at most for one picture of `width` × `height` pixels, besides its weights.
pub(super) fn decoder_bytes(config: &VaeConfig, width: usize, height: usize) -> u64 {
    let area = |level: usize| ((width >> level) * (height >> level)) as u64;
    let levels = config.block_out_channels.iter().enumerate();
    // A level is enlarged with the channels of the coarser one before its own convolutions narrow it.
    let coarser = |level: usize, own: usize| config.block_out_channels.get(level + 1).copied().unwrap_or(own);
    let sizes = levels.map(|(level, &channels)| coarser(level, channels).max(channels) as u64 * area(level));
    FLOAT * DECODER_TENSORS * sizes.max().unwrap_or(0)
}

/// How many of `wanted` things of this size fit at once; 0 where not even one does.
pub(super) fn fitting(wanted: usize, each: u64, available: u64) -> usize {
    match available.checked_div(each) {
        None => wanted,
        Some(0) => 0,
        // Half: the other half is for everything else on the machine.
        Some(count) => ((count / 2).max(1)).min(wanted as u64) as usize,
    }
}

/// Bytes that a computation on this device may take; as many as it likes where the device itself refuses.
pub(super) fn available(device: &Device) -> u64 {
    match device {
        Device::Cpu => free_memory().unwrap_or(u64::MAX),
        Device::Cuda(_) | Device::Metal(_) => u64::MAX,
    }
}

/// Memory that programs may still take, where the system tells it (Linux).
fn free_memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

/// Whether a device refused memory.
pub(super) fn is_out_of_memory(fault: &DiffusionError) -> bool {
    let DiffusionError::Tensor(fault) = fault else {
        return false;
    };
    // Without the trace of calls around it, whose names may say anything.
    let mut fault = fault;
    while let candle_core::Error::WithBacktrace { inner, .. } = fault {
        fault = inner;
    }
    // Drivers have no common type for this: CUDA and cuBLAS name it by a constant, Metal in words.
    let words = format!("{fault:?}").to_ascii_lowercase();
    ["out_of_memory", "out of memory", "alloc_failed"]
        .iter()
        .any(|word| words.contains(word))
}

/// The failure of a model whose weights an accelerator has no room for.
pub(super) fn model_too_large(path: &Path) -> DiffusionError {
    DiffusionError::OutOfMemory {
        what: format!("the weights of {}", path.display()),
        next: "close other programs that use the accelerator, or choose the CPU".to_owned(),
    }
}

/// The failure of a single picture for which there is no room.
pub(super) fn too_large(width: usize, height: usize, tiled: bool) -> DiffusionError {
    let besides = if tiled { "" } else { ", turn on tiled decoding" };
    DiffusionError::OutOfMemory {
        what: format!("a picture of {width}×{height} pixels"),
        next: format!("choose a smaller size{besides}, or close other programs"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_batch_takes_half_of_what_is_free_and_at_least_one_picture() {
        for (wanted, each, free, fits) in [(8, 10, 1000, 8), (8, 10, 60, 3), (8, 10, 10, 1), (8, 10, 9, 0)] {
            assert_eq!(
                fitting(wanted, each, free),
                fits,
                "{wanted} of {each} bytes in {free}"
            );
        }
        assert_eq!(fitting(8, 0, 0), 8, "what needs nothing always fits");
    }

    #[test]
    fn estimates_grow_with_the_picture_and_are_of_the_right_size() {
        let unet = UNetConfig::from_json(&json!({
            "sample_size": 64, "in_channels": 4, "out_channels": 4, "block_out_channels": [320, 640, 1280, 1280],
            "attention_head_dim": 8, "cross_attention_dim": 768,
        }))
        .unwrap();
        let mebibytes = unet_bytes(&unet, 64, 64) >> 20;
        assert!(
            (64..512).contains(&mebibytes),
            "Stable Diffusion 1 at 512 pixels: {mebibytes} MiB"
        );
        assert!(unet_bytes(&unet, 128, 128) > 3 * unet_bytes(&unet, 64, 64));
    }

    #[test]
    fn refusals_of_devices_are_recognised() {
        // As the bindings wrap what the driver says.
        let fault = |words: &str| {
            let inner = Box::new(std::io::Error::other(words.to_owned()));
            DiffusionError::Tensor(candle_core::Error::Cuda(inner).bt())
        };
        assert!(is_out_of_memory(&fault(
            "DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")"
        )));
        assert!(is_out_of_memory(&fault(
            "CublasError(CUBLAS_STATUS_ALLOC_FAILED)"
        )));
        assert!(!is_out_of_memory(&fault("shape mismatch in matmul")));
    }
}
