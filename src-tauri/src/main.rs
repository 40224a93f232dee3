//! The `salon-desktop` binary: the studio in a window.

// A release build for Windows opens no console beside the window.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    salon_desktop::run()
}
