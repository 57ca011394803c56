//! A simulation of an unreliable sender, deterministic by a seed.

mod simulator;
mod run;
mod schedule;
mod config;

pub use self::simulator::SenderSimulator;
