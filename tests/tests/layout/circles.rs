//! Finds circles of files that use one another.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::sources::Edge;

/// One shortest circle for each group of files that all reach one another.
pub(crate) fn circles(edges: &BTreeSet<Edge>) -> Vec<Vec<Edge>> {
    let mut uses: BTreeMap<&str, Vec<&Edge>> = BTreeMap::new();
    for edge in edges {
        uses.entry(&edge.from).or_default().push(edge);
    }
    let mut circles = Vec::new();
    let mut seen = BTreeSet::new();
    for file in uses.keys() {
        if seen.contains(file) {
            continue;
        }
        let Some(circle) = shortest_circle(&uses, file) else { continue };
        let reached = reached_from(&uses, file);
        seen.extend(reached.into_iter().filter(|other| reached_from(&uses, other).contains(file)));
        circles.push(circle);
    }
    circles
}

fn shortest_circle(uses: &BTreeMap<&str, Vec<&Edge>>, start: &str) -> Option<Vec<Edge>> {
    let mut last: BTreeMap<&str, &Edge> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(file) = next.pop_front() {
        for edge in uses.get(file).into_iter().flatten().copied() {
            if last.contains_key(&*edge.to) {
                continue;
            }
            last.insert(&edge.to, edge);
            if edge.to == start {
                return Some(back_from(&last, start));
            }
            next.push_back(&edge.to);
        }
    }
    None
}

fn back_from(last: &BTreeMap<&str, &Edge>, start: &str) -> Vec<Edge> {
    let mut circle = vec![last[start].clone()];
    while circle[circle.len() - 1].from != start {
        circle.push(last[&*circle[circle.len() - 1].from].clone());
    }
    circle.reverse();
    circle
}

fn reached_from<'e>(uses: &BTreeMap<&'e str, Vec<&'e Edge>>, start: &str) -> BTreeSet<&'e str> {
    let mut reached = BTreeSet::new();
    let mut next = vec![start];
    while let Some(file) = next.pop() {
        for edge in uses.get(file).into_iter().flatten() {
            if reached.insert(&*edge.to) {
                next.push(&edge.to);
            }
        }
    }
    reached
}
