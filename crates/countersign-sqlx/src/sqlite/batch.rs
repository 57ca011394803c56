//! Operations that are carried out in one transaction.
//!
//! They all wait for their answers at the same time, so they may be taken in any order: those of a
//! kind together.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use countersign::Claim;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row, query, query_scalar, raw_sql};

use super::job::{Answer, Job, Operation, Settle};
use super::statements::{CLAIM, FIND_EACH, FORGET, GRANTED, PURGE, settle, settles};
use crate::row::{Found, TAKEN_OVER, from_fence, key_bytes, millis, to_fence};

/// The answers, by the jobs' places.
type Answers = HashMap<usize, Answer>;

/// Carries all out and commits; tells how many claims were granted, beside the answers.
pub(super) async fn carry_out(
    connection: &mut SqliteConnection,
    jobs: &[Job],
    purge: u32,
) -> Result<(Answers, u32), sqlx::Error> {
    query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    let mut answers = Answers::with_capacity(jobs.len());
    for how in [Settle::Renew, Settle::Commit, Settle::Release] {
        settle_all(connection, jobs, how, &mut answers).await?;
    }
    for (place, job) in jobs.iter().enumerate() {
        let done = match &job.operation {
            Operation::Forget { key } => query(FORGET).bind(key_bytes(key)),
            Operation::Purge { limit } => query(PURGE).bind(i64::from(*limit)),
            Operation::Claim { .. } | Operation::Settle { .. } => continue,
        };
        let rows = done.execute(&mut *connection).await?.rows_affected();
        answers.insert(place, Answer::Changed(rows));
    }
    let fences = claim_all(connection, jobs, &mut answers).await?;
    if purge > 0 {
        query(PURGE).bind(i64::from(purge)).execute(&mut *connection).await?;
    }
    let end = format!("UPDATE countersign_meta SET last_fence = last_fence + {fences}; COMMIT");
    let end = if fences > 0 { end } else { "COMMIT".to_owned() };
    raw_sql(AssertSqlSafe(end)).execute(&mut *connection).await?;
    let granted = |answer: &&Answer| matches!(answer, Answer::Claim(Claim::Acquired { .. }));
    let granted = answers.values().filter(granted).count();
    Ok((answers, u32::try_from(granted).unwrap_or(u32::MAX)))
}

async fn settle_all(
    connection: &mut SqliteConnection,
    jobs: &[Job],
    how: Settle,
    answers: &mut Answers,
) -> Result<(), sqlx::Error> {
    let mut asked = List::default();
    let mut places = Vec::new();
    let mut released = HashSet::new();
    for (place, job) in jobs.iter().enumerate() {
        match &job.operation {
            Operation::Settle { key, fence, how: own, span } if *own == how => {
                // What is given up is nobody's to give up once more.
                if how == Settle::Release && !released.insert((key, fence)) {
                    answers.insert(place, Answer::Changed(0));
                    continue;
                }
                let (fence, span) = (from_fence(*fence), millis(*span));
                asked.push(format_args!("[\"{key}\",{fence},{span},{place}]"));
                places.push(place);
            }
            _ => {}
        }
    }
    if places.is_empty() {
        return Ok(());
    }
    let asked = asked.end();
    let applied: Option<String> =
        query_scalar(settles(how)).bind(&*asked).fetch_one(&mut *connection).await?;
    if applied.is_some() {
        query(settle(how)).bind(&*asked).execute(connection).await?;
    }
    let applied: HashSet<usize> =
        listed(applied.as_deref()).filter_map(|place| place.parse().ok()).collect();
    let answer = |place| Answer::Changed(u64::from(applied.contains(&place)));
    answers.extend(places.into_iter().map(|place| (place, answer(place))));
    Ok(())
}

/// Tells by how much the fences have risen.
async fn claim_all(
    connection: &mut SqliteConnection,
    jobs: &[Job],
    answers: &mut Answers,
) -> Result<usize, sqlx::Error> {
    let mut fences = 0;
    loop {
        let mut asked = List::default();
        let mut open = HashMap::new();
        for (place, job) in jobs.iter().enumerate() {
            match &job.operation {
                Operation::Claim { key, fingerprint, lease } if !answers.contains_key(&place) => {
                    let (lease, body) = (millis(*lease), fingerprint.cast_signed());
                    let fence = fences + place + 1;
                    asked.push(format_args!("[\"{key}\",{fence},{lease},{body}]"));
                    open.insert(place, (key, *fingerprint));
                }
                _ => {}
            }
        }
        if open.is_empty() {
            return Ok(fences);
        }
        let asked = asked.end();
        query(CLAIM).bind(&*asked).execute(&mut *connection).await?;
        let granted: Option<String> =
            query_scalar(GRANTED).bind(&*asked).fetch_one(&mut *connection).await?;
        for granted in listed(granted.as_deref()) {
            let (place, claim) = read_grant(granted).ok_or_else(illegible)?;
            let place = place.wrapping_sub(fences + 1);
            open.remove(&place);
            answers.insert(place, Answer::Claim(claim));
        }
        fences += jobs.len();
        let mut denied = List::default();
        for (place, (key, _)) in &open {
            denied.push(format_args!("[\"{key}\",{}]", place + 1));
        }
        if open.is_empty() {
            return Ok(fences);
        }
        for row in query(FIND_EACH).bind(denied.end()).fetch_all(&mut *connection).await? {
            let place = usize::try_from(row.try_get::<i64, _>("place")?).unwrap_or(0);
            let place = place.wrapping_sub(1);
            let found = Found::read(&row)?;
            let denial = open.get(&place).and_then(|(_, body)| found.denial(*body));
            // The clock may have passed the lease's end just now: then it is claimed again.
            if let Some(denial) = denial {
                answers.insert(place, Answer::Claim(denial));
            }
        }
    }
}

/// What stands between commas; nothing where there is no text.
fn listed(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.into_iter().flat_map(|text| text.split(','))
}

/// `place:fence:state`, where places are counted from one.
fn read_grant(text: &str) -> Option<(usize, Claim)> {
    let (place, rest) = text.split_once(':')?;
    let (fence, state) = rest.split_once(':')?;
    let takeover = state.parse::<i16>().ok()? == TAKEN_OVER;
    let fence = to_fence(fence.parse().ok()?);
    Some((place.parse().ok()?, Claim::Acquired { fence, takeover }))
}

fn illegible() -> sqlx::Error {
    sqlx::Error::Protocol("SQLite gave a list that is none".to_owned())
}

/// A JSON array.
#[derive(Default)]
struct List(String);

impl List {
    fn push(&mut self, item: std::fmt::Arguments<'_>) {
        self.0.push(if self.0.is_empty() { '[' } else { ',' });
        // Writing into a text does not fail.
        let _ = self.0.write_fmt(item);
    }

    fn end(mut self) -> String {
        self.0.push(']');
        self.0
    }
}
