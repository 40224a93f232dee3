//! `salon device`: what pictures are made on here.

use std::fmt::Write as _;

use crate::output::Output;

/// Prints the device that is taken, and what was looked at before it.
pub fn device(output: Output) {
    output.print(&salon_studio::device_report(), |report| {
        let mut text = format!("Pictures are made on: {}", report.device);
        for accelerator in &report.passed_over {
            let _ = write!(text, "\nNot on {}: {}", accelerator.name, accelerator.reason);
        }
        text
    });
}
