//! What models wrote of pictures.

use salon_catalog::CaptionRecord;
use salon_domain::{Digest, Timestamp};
use salon_testkit::TempProject;

#[test]
fn a_picture_is_described_once_by_each_model_and_the_last_is_shown() {
    let (mut planted, _) = TempProject::with_candidates(1);
    let said = |model: u8, text: &str, at: i64| CaptionRecord {
        picture: Digest([7; 32]),
        model: Digest([model; 32]),
        name: format!("model {model}"),
        text: text.into(),
        described_at: Timestamp(at),
    };
    let project = planted.project();
    assert_eq!(project.caption(&Digest([7; 32])).unwrap(), None);
    for caption in [said(1, "a fox", 1), said(2, "", 2), said(1, "an owl", 3)] {
        project.keep_caption(&caption).unwrap();
    }
    let project = planted.reopen();
    assert_eq!(
        project.caption(&Digest([7; 32])).unwrap(),
        Some(said(2, "", 2)),
        "the last model that spoke, also where it found no words"
    );
    assert_eq!(
        project.caption_by(&Digest([7; 32]), &Digest([1; 32])).unwrap(),
        Some(said(1, "a fox", 1)),
        "its first word stays"
    );
    assert_eq!(
        project.caption_by(&Digest([7; 32]), &Digest([3; 32])).unwrap(),
        None
    );
}
