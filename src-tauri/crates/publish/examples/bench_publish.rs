//! A CAR on its way to a node and to a store on this machine, beside the same file copied through a socket. Each sender is a
//! process of its own, so that its processor time and its peak of resident memory are those of publishing alone; so is each
//! machine that it sends to. Prints a line per figure. The MiB of the CAR may be named: `bench_publish 256`.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)] // A benchmark tells what it measured, or stops.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use salon_domain::{CancelToken, Timestamp};
use salon_publish::{Destination, Errand, Parcel, Protocol, Reached, Store as Bucket, publish};
use salon_testkit::loopback::{Kubo, Store, car_of};

/// Bytes of a block of the CAR: kubo's usual.
const BLOCK: usize = 1 << 20;
/// Bytes that are read and written at once where the file is only copied.
const BUFFER: usize = 128 << 10;
/// Times that each is sent; the least counts.
const REPEATS: usize = 3;

/// Processor seconds of this process, by Linux' account; 0 elsewhere.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: Vec<f64> = fields
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse().ok())
        .collect();
    ticks.iter().sum::<f64>() / 100.0
}

/// The most memory that this process ever had resident, in MiB, by Linux' account; 0 elsewhere.
fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

/// Writes a CAR of so many MiB that do not compress; gives its root.
fn write_car(path: &Path, mib: usize) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut block = || {
        let mut bytes = Vec::with_capacity(BLOCK);
        while bytes.len() < BLOCK {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend_from_slice(&state.to_le_bytes());
        }
        bytes
    };
    let blocks: Vec<Vec<u8>> = (0..mib).map(|_| block()).collect();
    let (car, root) = car_of(&blocks);
    fs::write(path, car).unwrap();
    root
}

/// Is a machine until it is killed: says its address.
fn listen(kind: &str) {
    let say = |address: &str| println!("{address}");
    match kind {
        "kubo" => {
            let node = Kubo::start([]);
            say(node.machine.address());
            wait();
        }
        "s3" => {
            let store = Store::start("AKID", [], None);
            say(store.machine.address());
            wait();
        }
        _ => {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            say(&listener.local_addr().unwrap().to_string());
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut buffer = vec![0; BUFFER];
                while stream.read(&mut buffer).unwrap() > 0 {}
                stream.write_all(b"!").unwrap();
            }
        }
    }
}

fn wait() {
    // Until whoever started it goes.
    let mut line = String::new();
    let _ = std::io::stdin().read_line(&mut line);
}

/// Sends the CAR, and prints what it took: seconds, seconds of processors, MiB.
fn send(kind: &str, address: &str, car: &Path, root: &str) {
    let (start, before) = (Instant::now(), processor_seconds());
    if kind == "socket" {
        copy(address, car);
    } else {
        post(kind, address, car, root);
    }
    let (wall, processors) = (start.elapsed().as_secs_f64(), processor_seconds() - before);
    println!("{wall} {processors} {}", peak_mib());
}

fn copy(address: &str, car: &Path) {
    let mut stream = TcpStream::connect(address).unwrap();
    let (mut file, mut buffer) = (File::open(car).unwrap(), vec![0; BUFFER]);
    loop {
        let count = file.read(&mut buffer).unwrap();
        if count == 0 {
            break;
        }
        stream.write_all(&buffer[..count]).unwrap();
    }
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    stream.read_exact(&mut [0]).unwrap();
}

fn post(kind: &str, address: &str, car: &Path, root: &str) {
    let service = match kind {
        "kubo" => Protocol::Kubo,
        _ => Protocol::S3(Bucket {
            region: "us-east-1".into(),
            bucket: "bench".into(),
            // Another each time: what is there is not sent again.
            object: Some(format!("{}.car", std::process::id())),
            import: false,
            part_mib: 0,
        }),
    };
    let destination = Destination {
        address: address.into(),
        in_the_clear: false,
        service,
    };
    let parcel = Parcel {
        car,
        root_cid: root,
        bytes: car.metadata().unwrap().len(),
        name: "bench",
    };
    let errand = Errand {
        key: (kind == "s3").then_some("AKID:secret"),
        at_most: None,
        keep: &|_| Ok(()),
        tell: &|_| (),
        pause: &|pause| {
            std::thread::sleep(pause);
            true
        },
        cancel: &CancelToken::new(),
        now: &|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            Timestamp(since.as_ref().map_or(0, Duration::as_millis) as i64)
        },
    };
    let published = publish(&destination, &parcel, Reached::default(), &errand).unwrap();
    assert_eq!(published.sent, parcel.bytes, "all of it was sent, once");
}

/// A machine in a process of its own, and its address.
fn start(kind: &str) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["listen", kind])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    (child, line.trim().to_owned())
}

/// What sending took: seconds, seconds of processors, MiB.
fn sent(kind: &str, car: &Path, root: &str) -> [f64; 3] {
    // A machine that is new has nothing of it yet.
    let (mut machine, address) = start(kind);
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["send", kind, &address])
        .arg(car)
        .arg(root)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    machine.kill().unwrap();
    machine.wait().unwrap();
    assert!(output.status.success(), "{kind} was not sent");
    let said = String::from_utf8(output.stdout).unwrap();
    let figures: Vec<f64> = said
        .split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect();
    figures.try_into().unwrap()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["listen", kind] => return listen(kind),
        ["send", kind, address, car, root] => return send(kind, address, Path::new(car), root),
        _ => {}
    }
    let mib = words.first().map_or(256, |word| word.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let car = folder.path().join("bundle.car");
    let root = write_car(&car, mib);
    let bytes = car.metadata().unwrap().len() as f64;
    println!("a CAR of {mib} MiB; the least of {REPEATS}, in turns");
    let kinds = ["socket", "kubo", "s3"];
    let mut least = [[f64::MAX; 3]; 3];
    for _ in 0..REPEATS {
        for (kind, least) in kinds.iter().zip(&mut least) {
            for (least, figure) in least.iter_mut().zip(sent(kind, &car, &root)) {
                *least = least.min(figure);
            }
        }
    }
    for (kind, [wall, processors, peak]) in kinds.iter().zip(least) {
        println!(
            "{kind}: {:.0} MB/s ({wall:.2} s), {processors:.2} s of processors, {peak:.1} MiB resident at most; {:.2} times the \
             copy in wall time, {:.2} in processor time",
            bytes / 1e6 / wall,
            wall / least[0][0],
            processors / least[0][1]
        );
    }
}
