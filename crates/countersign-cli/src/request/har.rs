//! HAR 1.2, the format that browsers and proxies save.

use serde_json::Value;

use super::captured::Captured;
use super::json::{decoded, form_body, pairs};

/// Reads the request of one entry, counted from 1; the default is the only `POST`.
pub(super) fn read(bytes: &[u8], entry: Option<usize>) -> Result<Captured, String> {
    let har: Value = super::json::parse(bytes)?;
    let entries = har.pointer("/log/entries").and_then(Value::as_array);
    let entries = entries.ok_or("`/log/entries`: is not a list: save the file as HAR 1.2")?;
    let number = match entry {
        Some(number) => number,
        None => only_post(entries)?,
    };
    let location = format!("`/log/entries/{}/request`", number.saturating_sub(1));
    let request = number.checked_sub(1).and_then(|at| entries.get(at)?.get("request"));
    let request = request.ok_or_else(|| {
        format!("{location}: is missing: use `--entry` with 1 to {}", entries.len())
    })?;
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let headers = request.get("headers").ok_or_else(|| format!("{location}: has no headers"))?;
    Ok(Captured {
        method: text("method").unwrap_or("POST").to_owned(),
        url: text("url").map(str::to_owned),
        headers: pairs(headers)
            .ok_or_else(|| format!("{location}: `headers` is not a list of names and values"))?,
        body: request
            .get("postData")
            .map_or_else(|| Ok(Vec::new()), |data| body(data, &location))?,
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
            "has {} POST requests: choose one of its {} requests with `--entry N`",
            others + usize::from(first.is_some()),
            entries.len()
        )),
    }
}

fn body(data: &Value, location: &str) -> Result<Vec<u8>, String> {
    let text = data.get("text").and_then(Value::as_str).filter(|text| !text.is_empty());
    let is_base64 = data.get("encoding").is_some_and(|encoding| encoding == "base64");
    let is_in_parts = data
        .get("mimeType")
        .and_then(Value::as_str)
        .is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("multipart/"));
    match (text, data.get("params")) {
        (Some(text), _) if is_base64 => decoded(text).ok_or_else(|| {
            format!("{location}: `postData.text` is not base64, as its `encoding` says")
        }),
        (Some(text), _) => Ok(text.as_bytes().to_vec()),
        // The parts cannot be written again byte for byte.
        (None, Some(_)) if is_in_parts => Err(format!(
            "{location}: has the fields of a multipart body, but not its bytes: capture the request as raw HTTP"
        )),
        (None, Some(params)) => pairs(params).map(|fields| form_body(&fields)).ok_or_else(|| {
            format!("{location}: `postData.params` is not a list of names and values")
        }),
        (None, None) => Ok(Vec::new()),
    }
}
