//! Neighbours against the plain definition.

use salon_judge::neighbours::{Neighbour, Neighbours};

use crate::planted::Dice;

/// Rows around a few centres, as embeddings of pictures lie: `spread` is how far from the centre.
fn clustered(seed: u64, count: usize, width: usize, spread: f32) -> Vec<f32> {
    let mut dice = Dice::new(seed);
    let centres: Vec<f32> = (0..17 * width).map(|_| dice.normal()).collect();
    (0..count)
        .flat_map(|_| {
            let centre = (dice.draw() % 17) as usize * width;
            (0..width)
                .map(|at| centres[centre + at] + spread * dice.normal())
                .collect::<Vec<f32>>()
        })
        .collect()
}

fn by_definition(all: &Neighbours, row: usize) -> Vec<Neighbour> {
    let others = (0..all.len()).filter(|&other| other != row);
    let mut found: Vec<Neighbour> = others
        .map(|other| Neighbour {
            row: other,
            cosine: all.cosine(row, other),
        })
        .collect();
    found.sort_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.row.cmp(&b.row)));
    found
}

#[test]
fn the_quick_pass_leaves_no_neighbour_out() {
    for (width, spread) in [(3, 0.5), (64, 0.3), (100, 1.0), (384, 0.02)] {
        let mut vectors = clustered(7, 900, width, spread);
        // Copies of one row: equally near ones come in the order of their rows.
        let copied = vectors[..width].to_vec();
        for at in [11, 500, 899] {
            vectors[at * width..(at + 1) * width].copy_from_slice(&copied);
        }
        let all = Neighbours::new(width, vectors).expect("these are rows");
        for row in [0, 11, 450, 899] {
            let found = all.nearest_to(row, 30).expect("the row is there");
            assert_eq!(found, by_definition(&all, row)[..30], "width {width}, row {row}");
        }
    }
}

#[test]
fn pairs_within_an_angle_are_all_found() {
    for (width, spread, least) in [(16, 0.2, 0.95), (48, 0.6, 0.7), (32, 0.01, 0.999), (8, 1.0, 0.5)] {
        let all = Neighbours::new(width, clustered(3, 700, width, spread)).expect("these are rows");
        let within = all.within(least, 40);
        for (row, found) in within.iter().enumerate() {
            let mut expected = by_definition(&all, row);
            expected.retain(|neighbour| neighbour.cosine >= least);
            expected.truncate(40);
            assert_eq!(found, &expected, "width {width}, row {row}");
        }
    }
    assert!(
        Neighbours::new(4, Vec::new())
            .expect("no rows are rows")
            .within(0.9, 3)
            .is_empty()
    );
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let all = Neighbours::new(4, vec![1.0; 12]).expect("three rows of four");
    let mixed = all
        .nearest(&[1.0; 8], 1)
        .expect_err("eight numbers are another encoder's")
        .to_string();
    assert!(mixed.contains("different encoders"), "{mixed}");
    let ragged = Neighbours::new(4, vec![1.0; 13])
        .expect_err("thirteen numbers are no rows of four")
        .to_string();
    assert!(ragged.contains("13"), "{ragged}");
    let mut broken = vec![1.0; 12];
    broken[9] = f32::NAN;
    let broken = Neighbours::new(4, broken).expect_err("not a number").to_string();
    assert!(broken.contains("row 2"), "{broken}");
    assert!(all.nearest_to(3, 1).is_err(), "there is no row 3");
    let of_zeros = all.nearest(&[0.0; 4], 2).expect("zeros are near to nothing");
    assert!(of_zeros[0].cosine.abs() < 1e-9, "and not NaN: {of_zeros:?}");
}
