//! The value of `content-encoding`.

/// The content codings of the
/// [IANA registry](https://www.iana.org/assignments/http-parameters/http-parameters.xhtml#content-coding)
/// that change a body's bytes: all but `identity`.
const CODINGS: [&str; 12] = [
    "aes128gcm",
    "br",
    "compress",
    "dcb",
    "dcz",
    "deflate",
    "exi",
    "gzip",
    "pack200-gzip",
    "x-compress",
    "x-gzip",
    "zstd",
];

/// Returns the first registered coding that the value of a `content-encoding` header lists, in lower
/// case; `None` if the body is in its plain form.
///
/// A value that names no registered coding, such as `UTF-8` or the empty text, does not change the
/// body: some senders and proxies write a character set or a content type there. The signature covers
/// the bytes as received in any case, so such a value cannot pass another body off as the signed one.
pub(crate) fn named_coding(value: &[u8]) -> Option<&'static str> {
    value.split(|byte| *byte == b',').find_map(|item| {
        // A coding has no parameters; what stands after a `;` does not make it another coding.
        let name = item.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        CODINGS.into_iter().find(|coding| name.eq_ignore_ascii_case(coding.as_bytes()))
    })
}

/// Returns whether the value of a `content-encoding` header names gzip, once and alone.
pub(crate) fn is_gzip(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    value.eq_ignore_ascii_case(b"gzip") || value.eq_ignore_ascii_case(b"x-gzip")
}

#[cfg(test)]
mod tests {
    use super::{CODINGS, is_gzip, named_coding};

    #[test]
    fn every_registered_coding_counts_in_any_case_and_in_lists() {
        for coding in CODINGS {
            for value in [
                coding.to_owned(),
                coding.to_ascii_uppercase(),
                format!("identity, {coding}"),
                format!("{coding},identity"),
                format!("utf-8 ,\t{coding} "),
                format!("{coding};q=1.0"),
            ] {
                assert_eq!(named_coding(value.as_bytes()), Some(coding), "{value}");
            }
        }
    }

    #[test]
    fn only_one_gzip_coding_is_gzip() {
        for value in ["gzip", "GZIP", "x-gzip", " gzip\t"] {
            assert!(is_gzip(value.as_bytes()), "{value}");
        }
        for value in ["gzip, gzip", "identity, gzip", "gzip;q=1", "gzip,", "pack200-gzip", "br", ""]
        {
            assert!(!is_gzip(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn a_value_without_a_registered_coding_is_identity() {
        for value in [
            "",
            " ",
            ",",
            "identity",
            "IDENTITY",
            "identity, identity",
            "none",
            "None",
            "UTF-8",
            "utf8",
            "utf-8, identity",
            "text/plain",
            "application/json; charset=utf-8",
            "binary",
            "8bit",
            "ascii",
            "gzipped",
            "x-br",
            "br/1",
            "aws-chunked",
        ] {
            assert_eq!(named_coding(value.as_bytes()), None, "{value}");
        }
        assert_eq!(named_coding(b"\xff\xfe"), None);
    }
}
