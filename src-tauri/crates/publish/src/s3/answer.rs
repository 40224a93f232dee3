//! The few elements of S3's documents that are read, and the one document that is written.

use std::fmt::Write as _;

use crate::errand::Part;

/// The text of the first element of this name that has no elements in it.
pub(crate) fn text_of(document: &str, name: &str) -> Option<String> {
    let start = document.find(&format!("<{name}>"))? + name.len() + 2;
    let length = document[start..].find(&format!("</{name}>"))?;
    Some(plain(&document[start..start + length]))
}

/// Number, `ETag` and size of every part in a list of parts; none where it is no such list.
pub(crate) fn parts(document: &str) -> Option<Vec<(u32, String, u64)>> {
    if !document.contains("ListPartsResult") {
        return None;
    }
    let mut found = Vec::new();
    for part in document.split("<Part>").skip(1) {
        let part = part.split("</Part>").next()?;
        let number = text_of(part, "PartNumber")?.parse().ok()?;
        let size = text_of(part, "Size")?.parse().ok()?;
        found.push((number, text_of(part, "ETag")?, size));
    }
    Some(found)
}

/// What an upload is completed with.
pub(super) fn completion(parts: &[Part]) -> String {
    let mut document =
        String::from("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for part in parts {
        let etag = part
            .etag
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        let _ = write!(
            document,
            "<Part><PartNumber>{}</PartNumber><ETag>{etag}</ETag></Part>",
            part.number
        );
    }
    document.push_str("</CompleteMultipartUpload>");
    document
}

fn plain(text: &str) -> String {
    text.trim()
        .replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_stores_list_them() {
        let list = "<?xml version=\"1.0\"?><ListPartsResult xmlns=\"x\"><UploadId>a&amp;b</UploadId><Part><PartNumber>1</PartNumber>\
                    <ETag>&quot;e1&quot;</ETag><Size>5</Size></Part><Part><ETag>\"e2\"</ETag><Size>3</Size><PartNumber>2</PartNumber>\
                    </Part></ListPartsResult>";
        assert_eq!(text_of(list, "UploadId").as_deref(), Some("a&b"));
        assert_eq!(
            parts(list),
            Some(vec![(1, "\"e1\"".into(), 5), (2, "\"e2\"".into(), 3)])
        );
        assert_eq!(parts("<html>"), None, "no list");
        assert_eq!(
            parts(&list.replace("<Size>3</Size>", "")),
            None,
            "half a part is none"
        );
        assert_eq!(text_of("<Message>no", "Message"), None, "cut off");
        let written = completion(&[Part {
            number: 1,
            etag: "\"e1\"".into(),
        }]);
        assert!(
            written.contains("<PartNumber>1</PartNumber><ETag>&quot;e1&quot;</ETag>"),
            "{written}"
        );
    }
}
