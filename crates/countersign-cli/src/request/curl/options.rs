//! The options of a `curl` command and their values, split like
//! [`curl`](https://curl.se/docs/manpage.html) does.

use crate::request::captured::header_text;

/// One option or URL.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Item {
    /// An option, by its long name if it concerns the request, otherwise as written.
    Option(String, Option<Vec<u8>>),
    Url(String),
}

/// Splits the arguments of `curl`.
pub(super) fn items(words: Vec<Vec<u8>>) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    let mut words = words.into_iter();
    let mut is_option = true;
    while let Some(word) = words.next() {
        match word.as_slice() {
            b"--" if is_option => is_option = false,
            [b'-', b'-', ..] if is_option => items.push(long(&word, &mut words)?),
            [b'-', letters @ ..] if is_option && !letters.is_empty() => {
                short(letters, &mut words, &mut items)?;
            }
            _ => items.push(Item::Url(header_text(&word))),
        }
    }
    Ok(items)
}

/// Reads `--name`, with its value in the next word or, as for many other tools, after an equals sign.
fn long(word: &[u8], words: &mut impl Iterator<Item = Vec<u8>>) -> Result<Item, String> {
    let at = word.iter().position(|byte| *byte == b'=').unwrap_or(word.len());
    let (name, attached) = word.split_at_checked(at).unwrap_or((word, b""));
    let name = header_text(name);
    if !with_value(&name) {
        return Ok(Item::Option(name, None));
    }
    let value = attached.strip_prefix(b"=").map(<[u8]>::to_vec);
    let value = value.or_else(|| words.next()).ok_or_else(|| missing(&name))?;
    Ok(Item::Option(name, Some(value)))
}

/// Reads one-letter options, up to one that takes the rest of the word or the next word as its value.
fn short(
    letters: &[u8],
    words: &mut impl Iterator<Item = Vec<u8>>,
    items: &mut Vec<Item>,
) -> Result<(), String> {
    let mut rest = letters;
    while let Some((letter, after)) = rest.split_first() {
        rest = after;
        let option = format!("-{}", char::from(*letter));
        let name = long_name(*letter).map_or_else(|| option.clone(), str::to_owned);
        if !WITH_VALUE.contains(letter) {
            items.push(Item::Option(name, None));
            continue;
        }
        let attached = (!rest.is_empty()).then(|| rest.to_vec());
        let value = attached.or_else(|| words.next()).ok_or_else(|| missing(&option))?;
        items.push(Item::Option(name, Some(value)));
        break;
    }
    Ok(())
}

fn missing(option: &str) -> String {
    format!("`{option}`: has no value: add one")
}

/// The one-letter options that take a value.
const WITH_VALUE: &[u8] = b"AbcCdDeEFHKmoPQrtTuUwxXyYz";

/// Returns the long name of a one-letter option that concerns the request.
const fn long_name(letter: u8) -> Option<&'static str> {
    Some(match letter {
        b'X' => "--request",
        b'H' => "--header",
        b'A' => "--user-agent",
        b'e' => "--referer",
        b'b' => "--cookie",
        b'd' => "--data",
        b'G' => "--get",
        b'I' => "--head",
        b'F' => "--form",
        b'T' => "--upload-file",
        b'u' => "--user",
        b'K' => "--config",
        b':' => "--next",
        _ => return None,
    })
}

fn with_value(name: &str) -> bool {
    let name = name.trim_start_matches('-');
    name.starts_with("expand-") || LONG_WITH_VALUE.split_whitespace().any(|known| known == name)
}

/// The long options that take a value, as of curl 8.
const LONG_WITH_VALUE: &str = "
abstract-unix-socket alt-svc aws-sigv4 cacert capath cert cert-type ciphers config
connect-timeout connect-to continue-at cookie cookie-jar create-file-mode crlfile curves data
data-ascii data-binary data-raw data-urlencode delegation dns-interface dns-ipv4-addr
dns-ipv6-addr dns-servers doh-url dump-header ech egd-file engine etag-compare etag-save
expect100-timeout form form-string ftp-account ftp-alternative-to-user ftp-method ftp-port
ftp-ssl-ccc-mode happy-eyeballs-timeout-ms haproxy-clientip header hostpubmd5 hostpubsha256 hsts
interface ip-tos ipfs-gateway json keepalive-cnt keepalive-time key key-type krb libcurl
limit-rate local-port login-options mail-auth mail-from mail-rcpt max-filesize max-redirs
max-time netrc-file noproxy oauth2-bearer output output-dir parallel-max parallel-max-host pass
pinnedpubkey preproxy proto proto-default proto-redir proxy proxy-cacert proxy-capath proxy-cert
proxy-cert-type proxy-ciphers proxy-crlfile proxy-header proxy-key proxy-key-type proxy-pass
proxy-pinnedpubkey proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype proxy-tlspassword
proxy-tlsuser proxy-user proxy1.0 pubkey quote random-file range rate referer request
request-target resolve retry retry-delay retry-max-time sasl-authzid service-name sigalgs socks4
socks4a socks5 socks5-gssapi-service socks5-hostname speed-limit speed-time stderr telnet-option
tftp-blksize time-cond tls-max tls13-ciphers tlsauthtype tlspassword tlsuser trace trace-ascii
trace-config unix-socket upload-file upload-flags url url-query user user-agent variable
vlan-priority write-out
";
