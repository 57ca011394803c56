//! HAR 1.2, as browsers and proxies save it.

use serde_json::Value;

use super::Captured;
use super::json::{decoded, form_body, pairs};

/// Reads the request of one entry, counted from 1; the only `POST` unless one is named.
pub(super) fn read(bytes: &[u8], entry: Option<usize>) -> Result<Captured, String> {
    let har: Value = super::json::parse(bytes)?;
    let entries = har.pointer("/log/entries").and_then(Value::as_array);
    let entries = entries.ok_or("`/log/entries`: is no list: save it as HAR 1.2")?;
    let number = match entry {
        Some(number) => number,
        None => only_post(entries)?,
    };
    let place = format!("`/log/entries/{}/request`", number.saturating_sub(1));
    let request = number.checked_sub(1).and_then(|at| entries.get(at)?.get("request"));
    let request = request
        .ok_or_else(|| format!("{place}: is missing: `--entry` takes 1 to {}", entries.len()))?;
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let headers = request.get("headers").ok_or_else(|| format!("{place}: has no headers"))?;
    Ok(Captured {
        method: text("method").unwrap_or("POST").to_owned(),
        url: text("url").map(str::to_owned),
        headers: pairs(headers)
            .ok_or_else(|| format!("{place}: `headers` is no list of names and values"))?,
        body: request.get("postData").map_or_else(|| Ok(Vec::new()), |data| body(data, &place))?,
    })
}

fn only_post(entries: &[Value]) -> Result<usize, String> {
    let is_post =
        |entry: &&Value| entry.pointer("/request/method").is_some_and(|method| method == "POST");
    let mut posts = entries.iter().zip(1..).filter(|(entry, _)| is_post(entry));
    match (posts.next(), posts.count()) {
        (Some((_, number)), 0) => Ok(number),
        (None, _) if entries.len() == 1 => Ok(1),
        (first, others) => Err(format!(
            "has {} requests with POST: choose one of its {} with `--entry N`",
            others + usize::from(first.is_some()),
            entries.len()
        )),
    }
}

fn body(data: &Value, place: &str) -> Result<Vec<u8>, String> {
    let text = data.get("text").and_then(Value::as_str).filter(|text| !text.is_empty());
    let is_base64 = data.get("encoding").is_some_and(|encoding| encoding == "base64");
    match (text, data.get("params")) {
        (Some(text), _) if is_base64 => decoded(text).ok_or_else(|| {
            format!("{place}: `postData.text` is not base64, as its `encoding` says")
        }),
        (Some(text), _) => Ok(text.as_bytes().to_vec()),
        (None, Some(params)) => pairs(params)
            .map(|fields| form_body(&fields))
            .ok_or_else(|| format!("{place}: `postData.params` is no list of names and values")),
        (None, None) => Ok(Vec::new()),
    }
}
