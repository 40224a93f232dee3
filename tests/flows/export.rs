//! Killed while exporting: a bundle is there whole or not at all, and the next export gives the same CIDs.

mod targets;

use crate::KILLS;
use crate::program::{Delays, attempt, kill_after, kills, must, planted, text, timed};

#[test]
fn no_half_bundle_passes_for_a_whole_one() {
    let (planted, ids) = planted(40);
    let project = planted.dir();
    let project = text(&project);
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut accept = vec!["decide", "--project", project, "--by", "Ada", "--accept"];
    accept.extend(ids.iter().map(String::as_str));
    must(&accept);
    must(&["approve", "--project", project, "--by", "Grace"]);

    let reference = planted.beside("reference");
    let usual = timed(&["export", "--project", project, "--out", text(&reference)]);
    let expected = must(&["cid", text(&reference)]);

    let mut delays = Delays(3);
    let (kills, mut cut_off, mut whole) = (kills(KILLS), 0, 0);
    for round in 0..kills {
        let out = planted.beside(&format!("bundle-{round}"));
        let arguments = ["export", "--project", project, "--out", text(&out)];
        cut_off += u64::from(kill_after(&arguments, delays.next(usual)));
        if attempt(&["verify", text(&out)]).0 {
            // It was finished before the kill: then it is the whole bundle.
            assert_eq!(
                must(&["cid", text(&out)])["cid"],
                expected["cid"],
                "round {round}: a verified bundle differs"
            );
            whole += 1;
            continue;
        }
        // It was not: the same order again, into the same folder or beside what was left, gives the same bundle.
        let again = planted.beside(&format!("again-{round}"));
        let out = if attempt(&arguments).0 { out } else { again };
        if !out.exists() {
            must(&["export", "--project", project, "--out", text(&out)]);
        }
        assert_eq!(
            must(&["verify", text(&out)])["ok"],
            true,
            "round {round}: the second export must verify"
        );
        assert_eq!(
            must(&["cid", text(&out)])["cid"],
            expected["cid"],
            "round {round}: the same set, the same bundle"
        );
    }
    eprintln!(
        "export: {kills} kills, {cut_off} of them while it ran; {whole} bundles were whole by then, {} were made whole by the \
         next go: all of the same root",
        kills - whole
    );
}
