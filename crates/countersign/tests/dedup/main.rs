//! Deduplication: the stores, the contract suite that checks them, and the receiver above them.
//!
//! Properties are checked against a model of one event (`model`), over random operations
//! (`schedule`) and over workers that crash (`simulation`, watched by `monitor`). A reference store
//! with planted faults (`reference`) shows that each check can fail.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod capacity;
mod contract;
mod crashes;
mod expiry;
mod memory;
mod month;
mod outages;
mod receiver;
mod state_machine;

mod check;
mod model;
mod monitor;
mod poll;
mod reference;
mod schedule;
mod simulation;
