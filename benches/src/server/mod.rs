//! Whole servers under load: each contender in a process of its own, the load in another.

mod actix_apps;
mod axum_apps;
mod contender;
mod databases;
mod load;
mod measurement;
mod process;
mod processor;
mod requests;

pub use self::axum_apps::router;
pub use self::contender::Contender;
pub use self::databases::Databases;
pub use self::measurement::{Settings, measure, pin_load};
pub use self::process::serve_contender;
pub use self::requests::PATH;
