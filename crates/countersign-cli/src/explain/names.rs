//! Header names as proxies and servers rewrite them.

/// What is put before names on the way.
const ADDED: [&str; 5] = ["http-", "x-amzn-remapped-", "x-original-", "x-forwarded-", "x-orig-"];

/// Whether `name` is `wanted` as a proxy, CGI or a framework may have written it.
pub(super) fn same(name: &str, wanted: &str) -> bool {
    let plain = |name: &str| name.trim().to_ascii_lowercase().replace('_', "-");
    let (name, wanted) = (plain(name), plain(wanted));
    name == wanted || ADDED.iter().any(|added| name.strip_prefix(added) == Some(wanted.as_str()))
}
