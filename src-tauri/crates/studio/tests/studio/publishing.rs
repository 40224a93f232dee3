//! Publishing from a project and proving that it arrived: consent, resuming, and a gateway that is not to be trusted.

use std::path::PathBuf;
use std::time::Duration;

use salon_domain::Verdict;
use salon_studio::api::*;
use salon_studio::{Studio, verify_gateway};
use salon_testkit::TempProject;
use salon_testkit::loopback::{Gateway, Kubo, KuboFault, Reply, Tampered};

use crate::common::{open, planted};

/// A project with a bundle of so many tokens.
fn exported(tokens: u32) -> (TempProject, Studio, ExportReport) {
    let (planted, ids, studio) = planted(tokens);
    for candidate in ids {
        let by = "Ada".into();
        let why = String::new();
        let verdict = Verdict::Accepted;
        studio
            .decide(Decide {
                candidate,
                frame: None,
                verdict,
                by,
                why,
            })
            .unwrap();
    }
    let by = "Lea".into();
    studio.approve(Approve { by, order: None }).unwrap();
    let export = Export {
        approval: None,
        out: planted.beside("bundle"),
        name: Some("Foxes".into()),
        description: String::new(),
        starting_index: 0,
        masters: None,
    };
    let report = studio.export(export).unwrap();
    (planted, studio, report)
}

fn kubo(address: &str) -> PublishDestination {
    PublishDestination {
        address: address.into(),
        in_the_clear: false,
        service: PublishProtocol::Kubo,
    }
}

fn agreed(studio: &Studio, bundle: &ExportReport, destination: PublishDestination) -> Publish {
    let plan = studio
        .plan_publication(PlanPublication {
            bundle: bundle.bundle,
            destination: destination.clone(),
        })
        .unwrap();
    Publish {
        bundle: bundle.bundle,
        destination,
        consent: PublicationConsent {
            host: plan.host,
            root_cid: plan.root_cid,
            bytes: plan.bytes,
        },
        at_most: None,
    }
}

#[test]
fn nothing_leaves_before_it_was_agreed_to_and_then_it_arrives() {
    let (_planted, studio, bundle) = exported(3);
    let node = Kubo::start([]);
    let good = agreed(&studio, &bundle, kubo(node.machine.address()));
    let car = std::fs::read(&bundle.car).unwrap();
    assert_eq!(good.consent.bytes, car.len() as u64, "the plan says how much");
    assert_eq!(good.consent.root_cid, bundle.root_cid, "and what");
    assert!(node.keys().is_empty(), "a plan asks nobody");
    for change in [
        |consent: &mut PublicationConsent| consent.host = "example.com".into(),
        |consent: &mut PublicationConsent| consent.root_cid = "another".into(),
        |consent: &mut PublicationConsent| consent.bytes -= 1,
    ] {
        let mut wrong = good.clone();
        change(&mut wrong.consent);
        let refused = studio.publish(wrong).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidRequest, "{refused}");
        assert!(refused.message.contains("nothing was sent"), "{refused}");
    }
    assert!(node.keys().is_empty(), "nobody was asked");
    assert_eq!(
        studio.publications(Nothing {}).unwrap(),
        [],
        "and nothing was begun"
    );

    let events = studio.subscribe();
    let done = studio.publish(good).unwrap();
    assert_eq!(
        (done.state, done.arrived, done.sent),
        (PublicationState::Done, done.bytes, done.bytes)
    );
    assert_eq!(node.pinned(&bundle.root_cid), Some(car), "byte for byte");
    let told = std::iter::from_fn(|| events.next(Duration::ZERO))
        .any(|event| matches!(event, Event::PublicationProgress(progress) if progress.publication == Some(done.publication)));
    assert!(told, "progress is told");
    assert_eq!(
        studio.publications(Nothing {}).unwrap(),
        std::slice::from_ref(&done),
        "it is written down"
    );
    let left = studio
        .forget_publication(ForgetPublication {
            publication: done.publication,
            leave_parts: false,
        })
        .unwrap();
    assert_eq!(left, [], "until it is forgotten");
}

#[test]
fn what_stopped_goes_on_after_a_restart_and_what_changed_is_not_sent() {
    let (planted, studio, bundle) = exported(3);
    let node = Kubo::start([KuboFault::Answer(Reply::new(401, ""))]);
    let order = agreed(&studio, &bundle, kubo(node.machine.address()));
    let fault = studio.publish(order.clone()).unwrap_err();
    assert!(fault.message.contains("does not take the key"), "{fault}");
    assert!(
        fault.hints.iter().any(|hint| hint.contains("resume 1")),
        "{:?}",
        fault.hints
    );
    drop(studio);
    let studio = open(&planted);
    let stopped = studio.publications(Nothing {}).unwrap().remove(0);
    assert_eq!(stopped.state, PublicationState::Stopped);
    assert!(stopped.said.contains("401"), "why is kept: {}", stopped.said);
    let plan = studio
        .plan_publication(PlanPublication {
            bundle: bundle.bundle,
            destination: order.destination.clone(),
        })
        .unwrap();
    assert_eq!(plan.goes_on, Some(stopped.publication), "it would go on");

    let car = std::fs::read(&bundle.car).unwrap();
    let mut changed = car.clone();
    *changed.last_mut().unwrap() ^= 1;
    std::fs::write(&bundle.car, changed).unwrap();
    let request = ResumePublication {
        publication: stopped.publication,
        at_most: None,
    };
    let refused = studio.resume_publication(request.clone()).unwrap_err();
    assert!(refused.message.contains("not what was exported"), "{refused}");
    assert_eq!(node.imports().0, 1, "nothing of it was sent");
    std::fs::write(&bundle.car, &car).unwrap();
    let done = studio.resume_publication(request.clone()).unwrap();
    assert_eq!(done.state, PublicationState::Done);
    assert_eq!(node.pinned(&bundle.root_cid), Some(car));
    assert_eq!(
        studio.resume_publication(request).unwrap(),
        done,
        "what has arrived stays so"
    );
    assert_eq!(
        studio.publications(Nothing {}).unwrap().len(),
        1,
        "one publication all along"
    );
}

fn look(gateway: &Gateway, bundle: Option<&ExportReport>, root: Option<&str>) -> GatewayReport {
    let request = VerifyGateway {
        gateway: gateway.machine.address().into(),
        path: bundle.map(|bundle| bundle.out.clone()),
        root: root.map(str::to_owned),
        in_the_clear: false,
    };
    verify_gateway(&request, &|_, _, _| (), &salon_domain::CancelToken::new()).unwrap()
}

/// What a block belongs to, by asking the bundle's folder: the tokens whose files have its bytes; none where it is of all.
fn tokens_of(bundle: &ExportReport, bytes: &[u8]) -> Vec<u64> {
    (1..=u64::from(bundle.tokens))
        .filter(|token| {
            let files: [PathBuf; 2] = [
                bundle.out.join(format!("images/{token}.png")),
                bundle.out.join(format!("metadata/{token}")),
            ];
            files.iter().any(|file| std::fs::read(file).unwrap() == bytes)
        })
        .collect()
}

#[test]
fn every_block_that_a_gateway_flips_or_lacks_names_its_token() {
    let (_planted, _studio, bundle) = exported(4);
    let gateway = Gateway::start(&bundle.out, true);
    let fine = look(&gateway, Some(&bundle), None);
    assert!(fine.ok, "{:#?}", fine.faults);
    assert_eq!((fine.by.as_str(), fine.tokens, fine.whole), ("blocks", 4, 4));
    assert_eq!(fine.checked, gateway.blocks().len() as u64, "every block came");
    let alone = look(&gateway, None, Some(&bundle.root_cid));
    assert!(alone.ok && alone.tokens == 4, "the root alone tells it too");

    for block in gateway.blocks().to_vec() {
        let tokens = tokens_of(&bundle, &block.bytes);
        let mut flipped = block.bytes.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        for (tampered, word) in [
            (Tampered::Bytes(flipped), "changed"),
            (Tampered::Bytes([&*block.bytes, b"more"].concat()), "changed"),
            (Tampered::Status(404), "missing"),
        ] {
            let cid = block.cid.clone();
            gateway.tamper(move |name| (name == cid).then(|| tampered.clone()));
            let report = look(&gateway, Some(&bundle), None);
            assert!(!report.ok, "block {} {word} unnoticed", block.cid);
            let named: Vec<u64> = report.faults.iter().filter_map(|fault| fault.token).collect();
            let first = &report.faults[0];
            if tokens.is_empty() {
                // A folder, the root, or a document of the whole collection: named by path, with all that is below it.
                assert!(
                    report
                        .faults
                        .iter()
                        .any(|fault| fault.token.is_none() && fault.fault.contains(&block.cid)),
                    "block {}: {:#?}",
                    block.cid,
                    report.faults
                );
                assert!(
                    named.is_empty() || report.whole == 0,
                    "all or none: {:#?}",
                    report.faults
                );
            } else {
                assert_eq!(named, tokens, "block {} {word}: {:#?}", block.cid, report.faults);
                assert!(first.fault.starts_with(word), "{first:?}");
                assert_eq!(report.whole, 4 - tokens.len() as u64);
            }
        }
    }
}

#[test]
fn a_gateway_without_blocks_is_asked_for_files_by_their_paths() {
    let (_planted, _studio, bundle) = exported(3);
    let gateway = Gateway::start(&bundle.out, false);
    let fine = look(&gateway, Some(&bundle), None);
    assert!(fine.ok, "{:#?}", fine.faults);
    assert_eq!((fine.by.as_str(), fine.tokens, fine.whole), ("files", 3, 3));
    for path in ["images/2.png", "metadata/2"] {
        let bytes = std::fs::read(bundle.out.join(path)).unwrap();
        let mut flipped = bytes.clone();
        flipped[7] ^= 1;
        for (tampered, words) in [
            (Tampered::Bytes(flipped), "changed: it came as"),
            (Tampered::Bytes([&*bytes, b"more"].concat()), "more than its"),
            (Tampered::Status(404), "missing: it does not have it"),
            (Tampered::Status(504), "missing: it did not find it in its time"),
        ] {
            gateway.tamper(move |name| (name == path).then(|| tampered.clone()));
            let report = look(&gateway, Some(&bundle), None);
            let faults: Vec<_> = report
                .faults
                .iter()
                .map(|fault| (fault.token, fault.path.as_str()))
                .collect();
            assert_eq!(faults, [(Some(2), path)], "{:#?}", report.faults);
            assert!(report.faults[0].fault.contains(words), "{:?}", report.faults[0]);
            assert_eq!((report.ok, report.whole), (false, 2));
        }
    }
    let request = VerifyGateway {
        gateway: gateway.machine.address().into(),
        path: None,
        root: Some(bundle.root_cid.clone()),
        in_the_clear: false,
    };
    let cancel = salon_domain::CancelToken::new();
    let refused = verify_gateway(&request, &|_, _, _| (), &cancel).unwrap_err();
    assert!(refused.message.contains("no single blocks"), "{refused}");
}

#[test]
fn another_root_is_held_against_the_bundle_file_by_file() {
    let (planted, studio, first) = exported(3);
    let other = Export {
        approval: None,
        out: planted.beside("other"),
        name: Some("Owls".into()),
        description: String::new(),
        starting_index: 0,
        masters: None,
    };
    let second = studio.export(other).unwrap();
    let gateway = Gateway::start(&second.out, true);
    let report = look(&gateway, Some(&first), Some(&second.root_cid));
    assert!(!report.ok);
    let changed: Vec<&str> = report.faults.iter().map(|fault| fault.path.as_str()).collect();
    for path in ["metadata/1", "metadata/2", "metadata/3", "collection.json"] {
        assert!(changed.contains(&path), "{path} is changed: {changed:?}");
    }
    assert!(
        !changed.iter().any(|path| path.starts_with("images/")),
        "the pictures are the same"
    );

    let far = VerifyGateway {
        gateway: "http://192.0.2.1".into(),
        path: Some(first.out.clone()),
        root: None,
        in_the_clear: false,
    };
    let refused = studio.verify_gateway(far).unwrap_err();
    assert!(refused.message.contains("in the clear"), "{refused}");
}

#[test]
fn what_looks_through_gateways_found_is_kept_with_the_bundle() {
    let (planted, studio, bundle) = exported(3);
    let gateway = Gateway::start(&bundle.out, false);
    let host = gateway.machine.host().to_owned();
    let request = |path: Option<PathBuf>, root: Option<String>| VerifyGateway {
        gateway: gateway.machine.address().into(),
        path,
        root,
        in_the_clear: false,
    };
    let whole = request(Some(bundle.out.clone()), None);
    let report = studio.verify_gateway(whole.clone()).unwrap();
    assert!(report.ok, "{report:?}");
    gateway.tamper(|name| match name {
        "images/2.png" => Some(Tampered::Status(404)),
        "metadata/3" => Some(Tampered::Bytes(b"other".to_vec())),
        _ => None,
    });
    studio.verify_gateway(whole.clone()).unwrap();
    // A look for what is no bundle of this project is kept with none, and one that was refused asked nobody.
    studio
        .verify_gateway(request(Some(planted.beside("elsewhere")), None))
        .unwrap_err();
    drop(gateway);
    let fault = studio.verify_gateway(whole).unwrap_err();
    drop(studio);

    let studio = open(&planted);
    let kept = studio.gateway_checks(Nothing {}).unwrap();
    assert_eq!(kept.len(), 3, "{kept:#?}");
    for check in &kept {
        assert_eq!(
            (check.bundle, &check.host, &check.root_cid),
            (bundle.bundle, &host, &bundle.root_cid)
        );
        assert!(check.looked_at.0 > 0, "when is kept");
    }
    let counts = |check: &GatewayCheck| {
        (
            check.ok,
            check.held,
            check.missing,
            check.changed,
            check.extra + check.more,
            (check.whole, check.tokens),
        )
    };
    assert_eq!(counts(&kept[0]), (true, report.checked, 0, 0, 0, (3, 3)));
    assert_eq!(
        counts(&kept[1]),
        (false, report.checked - 2, 1, 1, 0, (1, 3)),
        "one lacks its picture, one has other metadata"
    );
    assert_eq!((kept[0].by.as_str(), &kept[0].fault), ("files", &None));
    assert_eq!(
        (kept[2].ok, kept[2].fault.as_ref()),
        (false, Some(&fault.message)),
        "in its words"
    );
}
