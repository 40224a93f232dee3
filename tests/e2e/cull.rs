//! A cull in the real window: a scripted curator decides while pictures arrive and filters change, and writes down what it
//! saw painted. The log must say the same, row by row.
//!
//! `SALON_CULL` sets how many decisions it makes.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use salon_domain::{CandidateId, DecisionId, Verdict};
use salon_studio::api::{LogRequest, WatchFolder};
use salon_studio::{Studio, StudioOptions};
use salon_testkit::{TempProject, png};
use serde_json::Value;

use crate::{PATIENCE, connect, display, driver, within};

/// Decisions unless `SALON_CULL` says otherwise.
const DECISIONS: usize = 100;
/// One step in so many changes the filter.
const STEPS_PER_FILTER: u64 = 9;
/// A key that has done nothing for this long is pressed again: the page did not know its picture painted yet. Longer than any
/// decision takes, for the second would be about the next picture.
const AGAIN: Duration = Duration::from_secs(10);
/// Side of pictures that arrive, in pixels.
const SIDE: u32 = 64;

/// Waits for the page to have painted what has the focus, and says what that is: by the address of the painted image, not
/// by what the page believes. `null` when the wall is empty, or nothing came to rest in time.
const LOOK: &str = r"
const done = arguments[arguments.length - 1];
const frame = () => new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
const until = performance.now() + 4000;
(async () => {
  while (performance.now() < until) {
    await frame();
    if (document.querySelector('[data-testid^=filter-][aria-pressed=true] .count')?.title === '0') {
      return null;
    }
    const cell = document.querySelector('[data-testid=grid] [data-focused=true]');
    const image = cell?.querySelector('img');
    if (!cell || !image?.src || !image.complete || image.naturalWidth === 0) {
      continue;
    }
    const { src } = image;
    try {
      await image.decode();
    } catch {
      continue;
    }
    await frame();
    if (image.isConnected && image.src === src && cell.dataset.focused === 'true') {
      const [, candidate] = /thumb\/(\d+)/.exec(decodeURIComponent(src)) ?? [];
      return { candidate: Number(candidate), named: Number(cell.dataset.id), verdict: cell.dataset.verdict };
    }
  }
  return null;
})().then(done, () => done(null));
";

/// Remembers the last keys, each with what had the focus when it went down.
const LISTEN: &str = r"
window.pressed = [];
const listen = ({ key }) => {
  const cell = document.querySelector('[data-testid=grid] [data-focused=true]');
  const shown = cell?.querySelector('img')?.src;
  window.pressed = [...window.pressed.slice(-5), { key, focus: cell?.dataset.id, shown }];
};
addEventListener('keydown', listen, { capture: true });
";

/// What the page shows now.
const STATE: &str = r"
const cell = document.querySelector('[data-testid=grid] [data-focused=true]');
const told = [...document.querySelectorAll('[role=alert], [role=status]')].map((one) => one.textContent.trim());
return {
  pressed: window.pressed,
  filter: document.querySelector('[data-testid^=filter-][aria-pressed=true]')?.dataset.testid,
  focus: cell?.dataset.id,
  verdict: cell?.dataset.verdict,
  told: told.filter(Boolean),
};
";

/// What the curator sees.
#[derive(Debug)]
struct Seen {
    /// The picture that is painted.
    candidate: i64,
    /// The one that the page says it is.
    named: i64,
    verdict: Verdict,
}

/// `SplitMix64`, so that a failing run can be read.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % end
    }
}

/// Drops `count` pictures into a watched folder, one after the other, until told to stop.
fn arrive(folder: &Path, count: usize, stop: &AtomicBool) {
    let mut chance = Chance(7);
    for number in 0..count as u64 {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        std::fs::write(
            folder.join(format!("{number:05}.png")),
            png(500_000 + number, SIDE),
        )
        .expect("the folder can be written");
        std::thread::sleep(Duration::from_millis(50 + chance.below(500)));
    }
}

async fn keys(window: &Client, keys: &str) {
    let body = window.find(Locator::Css("body")).await.expect("a page");
    within("keys", body.send_keys(keys))
        .await
        .expect("keys are taken");
}

/// Shows the candidates of one verdict, or all, and waits until they hang.
async fn filter(window: &Client, shown: &str) {
    let pressed = format!("[data-testid=filter-{shown}][aria-pressed=true]");
    let script = format!(
        "if (document.querySelector('{pressed}') === null) document.querySelector('[data-testid=filter-{shown}]').click();
         document.querySelector('[data-testid=grid]')?.focus();"
    );
    within("a click", window.execute(&script, Vec::new()))
        .await
        .expect("the page answers");
    let pressed = Locator::Css(&pressed);
    within("a filter", window.wait().at_most(PATIENCE).for_element(pressed))
        .await
        .expect("what was asked for is shown");
}

async fn look(window: &Client) -> Option<Seen> {
    let seen = within("looking", window.execute_async(LOOK, Vec::new()))
        .await
        .expect("the page answers");
    let number = |field: &str| seen[field].as_i64().expect("a number");
    (seen != Value::Null).then(|| Seen {
        candidate: number("candidate"),
        named: number("named"),
        verdict: serde_json::from_value(seen["verdict"].clone()).expect("a verdict"),
    })
}

/// Waits for the next row of the log; none when nothing was decided in good time.
async fn logged(log: &Studio, rows: usize) -> Option<(CandidateId, Verdict)> {
    let end = Instant::now() + AGAIN;
    while Instant::now() < end {
        let next = LogRequest {
            from: Some(DecisionId(rows as i64 + 1)),
            limit: Some(1),
        };
        if let Some(row) = log.log(next).expect("the log is read").first() {
            return Some((row.candidate, row.verdict.expect("a verdict of the pick")));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    None
}

/// Waits until the page shows the verdict that the log has, or no longer shows the picture.
async fn told(window: &Client, candidate: CandidateId, verdict: Verdict) {
    let worn = format!(
        "const cell = document.querySelector('[data-testid=cell-{candidate}]');
         return cell === null || cell.dataset.verdict === '{}';",
        verdict.word()
    );
    let told = async {
        while within("a verdict", window.execute(&worn, Vec::new()))
            .await
            .expect("the page answers")
            != true
        {}
    };
    within("the page showing a verdict", told).await;
}

/// What the page shows and had in focus when keys went down, for whoever reads of a failure.
async fn state(window: &Client) -> Value {
    within("a look around", window.execute(STATE, Vec::new()))
        .await
        .expect("the page answers")
}

/// A verdict that the picture does not wear, and its key.
fn other(verdict: Verdict, chance: &mut Chance) -> (Verdict, &'static str) {
    let all = [
        (Verdict::Accepted, "p"),
        (Verdict::Rejected, "x"),
        (Verdict::Undecided, "u"),
    ];
    let others: Vec<_> = all.into_iter().filter(|(wish, _)| *wish != verdict).collect();
    // Most of a cull is picking and rejecting.
    if chance.below(5) == 0 {
        others[1]
    } else {
        others[0]
    }
}

/// Decides again and again; gives what was seen and decided, in that order.
async fn cull(window: &Client, log: &Studio, decisions: usize) -> Vec<(CandidateId, Verdict)> {
    let mut chance = Chance(20_261_123);
    let mut decided = Vec::new();
    let begun = Instant::now();
    let mut again = 0;
    within("listening", window.execute(LISTEN, Vec::new()))
        .await
        .expect("the page answers");
    while decided.len() < decisions {
        if chance.below(STEPS_PER_FILTER) == 0 {
            let filters = ["undecided", "accepted", "rejected", "all"];
            filter(window, filters[chance.below(4) as usize]).await;
        }
        let step = match chance.below(8) {
            0 => Key::Left,
            1 => Key::Down,
            2 => Key::Up,
            3 => Key::End,
            4 => Key::Home,
            _ => Key::Right,
        };
        keys(window, &step.to_string()).await;
        let Some(seen) = look(window).await else {
            // Nothing hangs under this filter.
            filter(window, "all").await;
            continue;
        };
        assert_eq!(
            seen.candidate, seen.named,
            "what is painted is what the page says it is"
        );
        let (verdict, key) = other(seen.verdict, &mut chance);
        keys(window, key).await;
        let mut row = logged(log, decided.len()).await;
        if row.is_none() {
            again += 1;
            keys(window, key).await;
            row = logged(log, decided.len()).await;
        }
        let candidate = CandidateId(seen.candidate);
        assert_eq!(
            row,
            Some((candidate, verdict)),
            "{seen:?} was painted when {key} was pressed: {}",
            state(window).await
        );
        told(window, candidate, verdict).await;
        decided.push((candidate, verdict));
    }
    eprintln!(
        "{decisions} decisions in {:.0?}, {again} keys pressed again",
        begun.elapsed()
    );
    decided
}

#[tokio::test]
async fn a_cull_under_arrivals_and_filters_decides_on_what_was_painted() {
    let decisions = std::env::var("SALON_CULL").map_or(DECISIONS, |text| text.parse().expect("a number"));
    let (mut planted, ids) = TempProject::with_candidates((decisions / 2).max(60) as u32);
    planted.close();
    let arriving: PathBuf = planted.beside("arriving");
    std::fs::create_dir(&arriving).expect("a folder");
    let studio = Studio::open(StudioOptions::to_curate(planted.dir())).expect("the project opens");
    studio
        .watch_folder(WatchFolder {
            path: arriving.clone(),
        })
        .expect("it is watched");
    drop(studio);

    let (_display, name) = display();
    let (_driver, port) = driver(&name, &planted.beside("home"));
    let window = within("opening the window", connect(port, &planted.dir())).await;
    let first = Locator::Css("[data-testid^=cell-] img");
    within(
        "the first candidate",
        window.wait().at_most(PATIENCE).for_element(first),
    )
    .await
    .expect("candidates are shown");

    let stop = std::sync::Arc::new(AtomicBool::new(false));
    let stops = std::sync::Arc::clone(&stop);
    let arrivals = std::thread::spawn(move || arrive(&arriving, decisions, &stops));
    let log = Studio::open(StudioOptions::to_look(planted.dir())).expect("the project can be looked at");
    let decided = cull(&window, &log, decisions).await;
    drop(log);
    stop.store(true, Ordering::Relaxed);
    arrivals.join().expect("pictures arrive");
    within("closing", window.close())
        .await
        .expect("the window closes");

    let project = planted.reopen();
    let log: Vec<_> = project
        .decisions()
        .expect("the log is read")
        .into_iter()
        .map(|row| (row.candidate, row.verdict))
        .collect();
    let wrong = log.iter().zip(&decided).position(|(row, seen)| row != seen);
    assert_eq!(
        wrong.map(|place| (log[place], decided[place])),
        None,
        "every decision is about the picture that was painted"
    );
    assert_eq!(log.len(), decided.len(), "each was made once");
    let all = project.counts().expect("they are counted").all as usize;
    assert!(
        all > ids.len(),
        "pictures arrived meanwhile: {all} of {}",
        ids.len()
    );
}
