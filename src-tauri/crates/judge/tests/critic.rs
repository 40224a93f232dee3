//! The critic learns what separates, and refuses what it cannot learn from.

use salon_judge::critic::{Critic, CriticTraining, area_under_curve, train};

/// Features of which the first says something of soundness, the second nothing, the third never varies.
fn examples(count: u32, offset: u32) -> (Vec<Vec<f32>>, Vec<bool>) {
    let spread = |index: u32, step: u32| ((index.wrapping_mul(step) >> 7) % 1000) as f32 / 1000.0 - 0.5;
    (offset..offset + count)
        .map(|index| {
            let sound = index % 3 == 0;
            let signal = if sound { 0.4 } else { 0.0 } + spread(index, 2_654_435_761);
            (vec![signal, 100.0 * spread(index, 40_503_111), 7.0], sound)
        })
        .unzip()
}

fn settings() -> CriticTraining {
    CriticTraining {
        features: "three numbers".into(),
        ..CriticTraining::default()
    }
}

#[test]
fn it_learns_what_separates_and_survives_its_file() {
    let (rows, sound) = examples(900, 0);
    let critic = train(&rows, &sound, &settings()).unwrap();
    let (unseen, truth) = examples(600, 5000);
    let chances =
        |critic: &Critic| -> Vec<f32> { unseen.iter().map(|row| critic.chance(row).unwrap()).collect() };
    let (ceiling, area) = (
        area_under_curve(&unseen.iter().map(|row| row[0]).collect::<Vec<_>>(), &truth),
        area_under_curve(&chances(&critic), &truth),
    );
    assert!(
        ceiling > 0.75 && area > ceiling - 0.02,
        "{area} of {ceiling} that can be had"
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("critic.safetensors");
    critic.save(&path).unwrap();
    let (opened, id) = Critic::open(&path).unwrap();
    assert_eq!((&opened, id.features.as_str()), (&critic, "three numbers"));
    assert_eq!(
        chances(&opened),
        chances(&critic),
        "a stored critic says the same"
    );
}

#[test]
fn what_it_cannot_learn_from_is_named() {
    let (rows, sound) = examples(30, 0);
    let said = |rows: &[Vec<f32>], sound: &[bool]| train(rows, sound, &settings()).unwrap_err().to_string();
    assert!(said(&rows, &[true; 30]).contains("is damaged"), "one kind only");
    assert!(said(&rows, &sound[1..]).contains("30 rows"), "labels are missing");
    let mut ragged = rows.clone();
    ragged[4].pop();
    assert!(
        said(&ragged, &sound).contains("row 4 has 2"),
        "rows of different widths"
    );
    let critic = train(&rows, &sound, &settings()).unwrap();
    assert!(
        critic
            .chance(&[1.0])
            .unwrap_err()
            .to_string()
            .contains("reads 3 features")
    );
}

#[test]
fn features_that_are_no_numbers_do_no_harm() {
    let (mut rows, sound) = examples(300, 0);
    rows[7][0] = f32::NAN;
    rows[8][1] = f32::INFINITY;
    let critic = train(&rows, &sound, &settings()).unwrap();
    for row in &rows {
        let chance = critic.chance(row).unwrap();
        assert!((0.0..=1.0).contains(&chance), "{chance} of {row:?}");
    }
}

#[test]
fn the_area_counts_ties_half() {
    assert!((area_under_curve(&[0.1, 0.9], &[false, true]) - 1.0).abs() < 1e-12);
    assert!((area_under_curve(&[0.5, 0.5], &[false, true]) - 0.5).abs() < 1e-12);
    assert!((area_under_curve(&[3.0, 1.0, 2.0], &[true, true, false]) - 0.5).abs() < 1e-12);
}
