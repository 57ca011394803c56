//! Header names that proxies and servers rewrote.

/// The prefixes that proxies and servers add to names.
const PREFIXES: [&str; 5] = ["http-", "x-amzn-remapped-", "x-original-", "x-forwarded-", "x-orig-"];

/// Returns whether `name` is `wanted`, possibly as rewritten by a proxy, CGI or a framework.
pub(crate) fn same(name: &str, wanted: &str) -> bool {
    let (name, wanted) = (lower(name), lower(wanted));
    name == wanted
        || PREFIXES.iter().any(|prefix| name.strip_prefix(prefix) == Some(wanted.as_str()))
}

/// Returns a name in lower case, without an added prefix.
pub(crate) fn plain(name: &str) -> String {
    let name = lower(name);
    let bare = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix));
    bare.map(str::to_owned).unwrap_or(name)
}

fn lower(name: &str) -> String {
    name.trim().to_ascii_lowercase().replace('_', "-")
}
