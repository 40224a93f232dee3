//! AWS Signature Version 4 (docs.aws.amazon.com, Signature Version 4): what is asked, hashed, under a key of the day.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use salon_domain::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::names::{encoded, hexadecimal};

/// Who signs, and for which region and service.
pub(super) struct Credentials<'a> {
    pub(super) access: &'a str,
    pub(super) secret: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
}

/// What is signed.
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    /// Encoded.
    pub(super) path: &'a str,
    pub(super) query: &'a [(&'a str, String)],
    /// By lower-case name, the host among them. All of them are signed.
    pub(super) headers: BTreeMap<String, String>,
    /// SHA-256 of what is sent, in hexadecimal.
    pub(super) payload: String,
}

impl Signed<'_> {
    /// The query as it is to be sent, and the headers with the signature among them.
    pub(super) fn headers(
        mut self,
        credentials: &Credentials<'_>,
        now: Timestamp,
    ) -> (String, BTreeMap<String, String>) {
        self.headers.insert("x-amz-date".into(), moment(now));
        self.headers
            .insert("x-amz-content-sha256".into(), self.payload.clone());
        let authorization = self.authorization(credentials, now);
        let query = self.canonical_query();
        let mut headers = self.headers;
        headers.insert("authorization".into(), authorization);
        (query, headers)
    }

    fn canonical_query(&self) -> String {
        let mut pairs: Vec<(String, String)> = self
            .query
            .iter()
            .map(|(name, value)| (encoded(name, false), encoded(value, false)))
            .collect();
        pairs.sort();
        let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("&")
    }

    /// The header's value, over the headers as they are.
    fn authorization(&self, credentials: &Credentials<'_>, now: Timestamp) -> String {
        let moment = moment(now);
        let day = &moment[..8];
        let names: Vec<&str> = self.headers.keys().map(String::as_str).collect();
        let names = names.join(";");
        let lines = self.headers.iter().map(|(name, value)| {
            let words: Vec<&str> = value.split_whitespace().collect();
            format!("{name}:{}\n", words.join(" "))
        });
        let canonical = format!(
            "{}\n{}\n{}\n{}\n{names}\n{}",
            self.method,
            self.path,
            self.canonical_query(),
            lines.collect::<String>(),
            self.payload
        );
        let Credentials {
            access,
            secret,
            region,
            service,
        } = credentials;
        let scope = format!("{day}/{region}/{service}/aws4_request");
        let hashed = hexadecimal(&Sha256::digest(canonical));
        let text = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashed}");
        let mut key = code(format!("AWS4{secret}").as_bytes(), day);
        for word in [*region, *service, "aws4_request"] {
            key = code(&key, word);
        }
        let signature = hexadecimal(&code(&key, &text));
        format!("AWS4-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={names}, Signature={signature}")
    }
}

fn code(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes a key of any length, so the empty one is never reached.
    let Ok(mut code) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    code.update(text.as_bytes());
    code.finalize().into_bytes().to_vec()
}

/// A moment as signatures write it: `20130524T000000Z`.
fn moment(now: Timestamp) -> String {
    let seconds = now.0.div_euclid(1000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to a date of the Gregorian calendar, counted in eras of 400 years from 1 March of the year 0.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 24 May 2013, 00:00:00 UTC: the moment of the examples in S3's documentation.
    const EXAMPLE: Timestamp = Timestamp(1_369_353_600_000);
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn moments_are_written_as_signatures_have_them() {
        for (milliseconds, expected) in [
            (0, "19700101T000000Z"),
            (951_782_400_000, "20000229T000000Z"),
            (1_369_353_600_000, "20130524T000000Z"),
            (1_440_938_160_000, "20150830T123600Z"),
            (1_795_478_399_999, "20261123T235959Z"),
            (4_107_542_400_000, "21000301T000000Z"),
        ] {
            assert_eq!(moment(Timestamp(milliseconds)), expected);
        }
    }

    /// Method, path, query, headers, hash of what is sent, and the signature.
    type Example<'a> = (
        &'a str,
        &'a str,
        &'a [(&'a str, String)],
        &'a [(&'a str, &'a str)],
        &'a str,
        &'a str,
    );

    /// The examples of "Signature Calculations for the Authorization Header" in S3's documentation.
    #[test]
    fn the_examples_of_s3_are_signed_alike() {
        let credentials = Credentials {
            access: "AKIAIOSFODNN7EXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            service: "s3",
        };
        let stored = hexadecimal(&Sha256::digest("Welcome to Amazon S3."));
        let lifecycle = [("lifecycle", String::new())];
        let listing = [("max-keys", "2".to_owned()), ("prefix", "J".to_owned())];
        let examples: [Example<'_>; 4] = [
            (
                "GET",
                "/test.txt",
                &[],
                &[("range", "bytes=0-9")],
                EMPTY,
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            (
                "PUT",
                "/test%24file.text",
                &[],
                &[
                    ("date", "Fri, 24 May 2013 00:00:00 GMT"),
                    ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ],
                &stored,
                "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            ),
            (
                "GET",
                "/",
                &lifecycle,
                &[],
                EMPTY,
                "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            ),
            (
                "GET",
                "/",
                &listing,
                &[],
                EMPTY,
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
        ];
        for (method, path, query, extra, payload, expected) in examples {
            let mut headers: BTreeMap<String, String> = extra
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            headers.insert("host".into(), "examplebucket.s3.amazonaws.com".into());
            let signed = Signed {
                method,
                path,
                query,
                headers,
                payload: payload.into(),
            };
            let (_, headers) = signed.headers(&credentials, EXAMPLE);
            let signature = headers["authorization"].rsplit('=').next().unwrap().to_owned();
            assert_eq!(signature, expected, "{method} {path}");
        }
    }

    /// `get-vanilla` and `get-vanilla-query-order-key-case` of AWS's signature test suite.
    #[test]
    fn the_test_suite_of_aws_is_signed_alike() {
        let credentials = Credentials {
            access: "AKIDEXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            service: "service",
        };
        let now = Timestamp(1_440_938_160_000);
        let swapped = [("Param2", "value2".to_owned()), ("Param1", "value1".to_owned())];
        let vectors: [(&[(&str, String)], &str); 2] = [
            (
                &[],
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                &swapped,
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
        ];
        for (query, expected) in vectors {
            let headers = BTreeMap::from([
                ("host".to_owned(), "example.amazonaws.com".to_owned()),
                ("x-amz-date".to_owned(), moment(now)),
            ]);
            let signed = Signed {
                method: "GET",
                path: "/",
                query,
                headers,
                payload: EMPTY.into(),
            };
            let authorization = signed.authorization(&credentials, now);
            assert_eq!(
                authorization,
                format!(
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                     SignedHeaders=host;x-amz-date, Signature={expected}"
                )
            );
        }
    }
}
