//! The event of every request.

use std::fmt::Write;
use std::hint::black_box;

use bytes::Bytes;
use serde::Deserialize;

/// An invoice that was paid.
#[derive(Debug, Deserialize)]
pub struct Event {
    r#type: String,
    data: Invoice,
}

#[derive(Debug, Deserialize)]
struct Invoice {
    id: String,
    customer: String,
    memo: String,
    lines: Vec<Line>,
}

#[derive(Debug, Deserialize)]
struct Line {
    id: String,
    amount: i64,
    quantity: u32,
    description: String,
}

impl Event {
    /// Returns the JSON of an event of exactly `length` bytes, which must be at least 128.
    ///
    /// It has as many lines as its length allows. The memory is never freed, so that a clone of the body
    /// counts no references.
    #[must_use]
    pub fn json(length: usize) -> Bytes {
        let head =
            r#"{"type":"invoice.paid","data":{"id":"in_1Nx4Yq","customer":"cus_9s6XKz","memo":""#;
        let (lines, tail) = (r#"","lines":["#, "]}}");
        let rest = length.saturating_sub(head.len() + lines.len() + tail.len());
        let mut items = String::new();
        for number in 1.. {
            let mut item = String::new();
            let comma = if items.is_empty() { "" } else { "," };
            let _ = write!(
                item,
                r#"{comma}{{"id":"il_{number:06}","amount":{},"quantity":{},"description":"Seats of the plan for teams, from the first to the last day of the month"}}"#,
                1250 + number % 7 * 100,
                1 + number % 5
            );
            if items.len() + item.len() > rest {
                break;
            }
            items.push_str(&item);
        }
        let memo: String = "thanks ".chars().cycle().take(rest - items.len()).collect();
        Bytes::from_static([head, &memo, lines, &items, tail].concat().leak().as_bytes())
    }

    /// The handler's work: reads every field.
    pub fn handle(&self) {
        let Invoice { id, customer, memo, lines } = &self.data;
        black_box((&self.r#type, id, customer, memo));
        for Line { id, amount, quantity, description } in lines {
            black_box((id, amount, quantity, description));
        }
    }
}
