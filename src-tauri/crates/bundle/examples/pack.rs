//! Prints the root CID of a file or folder and, given a second path, writes its CAR there. Used by the benchmark.
#![allow(clippy::print_stdout)]

use std::path::Path;
use std::process::ExitCode;

use salon_bundle::{CarFile, CarVersion, Profile, Watch, cid_of_path};
use salon_domain::CancelToken;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(path) = arguments.first() else {
        eprintln!("usage: pack PATH [CAR]");
        return ExitCode::from(2);
    };
    let cancel = CancelToken::new();
    let watch = Watch::new(&|_| (), &cancel);
    let car = arguments.get(1).map(|path| CarFile {
        path: Path::new(path),
        version: CarVersion::V1,
    });
    match cid_of_path(Path::new(path), Profile::default(), car, watch) {
        Ok(report) => {
            println!("{}", report.cid);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
