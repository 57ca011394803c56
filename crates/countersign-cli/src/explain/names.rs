//! Header names as proxies and servers rewrite them.

/// What is put before names on the way.
const ADDED: [&str; 5] = ["http-", "x-amzn-remapped-", "x-original-", "x-forwarded-", "x-orig-"];

/// Whether `name` is `wanted` as a proxy, CGI or a framework may have written it.
pub(super) fn same(name: &str, wanted: &str) -> bool {
    let (name, wanted) = (lower(name), lower(wanted));
    name == wanted || ADDED.iter().any(|added| name.strip_prefix(added) == Some(wanted.as_str()))
}

/// A name without what was put before it on the way.
pub(super) fn plain(name: &str) -> String {
    let name = lower(name);
    let bare = ADDED.iter().find_map(|added| name.strip_prefix(added));
    bare.map(str::to_owned).unwrap_or(name)
}

fn lower(name: &str) -> String {
    name.trim().to_ascii_lowercase().replace('_', "-")
}
