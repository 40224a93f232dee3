//! The committed TypeScript is what the Rust API says.

use std::path::Path;

#[test]
fn the_committed_typescript_is_what_the_api_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ui/src/api/generated.ts");
    let expected = salon_studio::api::typescript();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &expected).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == expected,
        "ui/src/api/generated.ts is not what the API says: run \
         `UPDATE_GENERATED=1 cargo test -p salon-studio --test studio generated` and commit it"
    );
    assert_eq!(
        expected,
        salon_studio::api::typescript(),
        "the order of declarations must not depend on chance"
    );
}
