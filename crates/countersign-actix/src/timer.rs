use actix_web::rt::time::{Instant, Sleep, sleep_until};
use countersign::adapter::Timer;

/// The timer of actix's runtime.
#[derive(Clone, Copy)]
pub(crate) struct ActixTimer;

impl Timer for ActixTimer {
    type Instant = Instant;
    type Sleep = Sleep;

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep_until(&self, deadline: Instant) -> Sleep {
        sleep_until(deadline)
    }
}
