//! What file names say, in each engine's way.

use super::script::as_number;

/// A file's name without its extension, and whether the engine that cuts four characters would have read another one.
pub(super) fn stem(file: &str) -> (&str, bool) {
    match file.rfind('.') {
        Some(dot) if dot > 0 => (&file[..dot], file.len() - dot != 4),
        _ => (file, false),
    }
}

/// Name and weight as `HashLips` reads them: pieces between delimiters, the first the name, the last the weight if it is a
/// number, else 1. A name without any delimiter is itself tried as a number.
pub(super) fn hashlips<'name>(stem: &'name str, delimiter: &str) -> (&'name str, f64) {
    let name = stem.split(delimiter).next().unwrap_or(stem);
    let last = stem.rsplit(delimiter).next().unwrap_or(stem);
    (name, as_number(last).unwrap_or(1.0))
}

/// Name, weight and z-index as nftchef reads them: digits behind the first `#` are the weight, none or 0 mean required, and
/// `z3,` in front places the part in the whole stack.
pub(super) fn nftchef<'name>(stem: &'name str, delimiter: &str) -> (&'name str, Option<f64>, Option<i32>) {
    let (z, rest) = z_index(stem);
    let name = rest.split(delimiter).next().unwrap_or(rest);
    let weight = stem.split_once('#').and_then(|(_, after)| {
        let digits = after.len() - after.trim_start_matches(|next: char| next.is_ascii_digit()).len();
        after[..digits].parse::<f64>().ok()
    });
    (name, weight.filter(|weight| *weight > 0.0), z)
}

fn z_index(stem: &str) -> (Option<i32>, &str) {
    let flag = stem.strip_prefix('z').and_then(|rest| rest.split_once(','));
    match flag.and_then(|(number, rest)| Some((number.parse().ok()?, rest))) {
        Some((z, rest)) => (Some(z), rest),
        None => (None, stem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_each_engine_reads_them() {
        assert_eq!(hashlips("Red Hat#12", "#"), ("Red Hat", 12.0));
        assert_eq!(hashlips("Red#0.5", "#"), ("Red", 0.5), "weights may be fractions");
        assert_eq!(hashlips("Red", "#"), ("Red", 1.0), "no weight is 1");
        assert_eq!(
            hashlips("007", "#"),
            ("007", 7.0),
            "a name that is a number is its own weight"
        );
        assert_eq!(
            hashlips("Red#", "#"),
            ("Red", 0.0),
            "nothing behind the delimiter is 0"
        );
        assert_eq!(hashlips("Red##12", "#"), ("Red", 12.0), "the last piece counts");
        assert_eq!(hashlips("Red#many", "#"), ("Red", 1.0), "what is no number is 1");
        assert_eq!(hashlips("Red#-3", "#"), ("Red", -3.0));
        assert_eq!(
            hashlips("Red%12", "%"),
            ("Red", 12.0),
            "the delimiter is a setting"
        );

        assert_eq!(nftchef("Red#12", "#"), ("Red", Some(12.0), None));
        assert_eq!(
            nftchef("1-line-layer", "#"),
            ("1-line-layer", None, None),
            "no weight is required"
        );
        assert_eq!(nftchef("Red#0", "#"), ("Red", None, None), "and so is 0");
        assert_eq!(
            nftchef("Red##12", "#"),
            ("Red", None, None),
            "no digits behind the first #"
        );
        assert_eq!(nftchef("z-2,Wings#5", "#"), ("Wings", Some(5.0), Some(-2)));
        assert_eq!(
            nftchef("zebra, striped#5", "#"),
            ("zebra, striped", Some(5.0), None)
        );

        assert_eq!(stem("Red#1.png"), ("Red#1", false));
        assert_eq!(
            stem("Red.webp"),
            ("Red", true),
            "four characters would leave a dot"
        );
        assert_eq!(stem("Red"), ("Red", false));
    }
}
