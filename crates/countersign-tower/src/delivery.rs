use std::ops::Deref;

/// The authentic request: raw body, key, signed id and time.
///
/// It stands in the extensions of every request that the layer lets through; under axum it is an
/// extractor. It is the core's [`Delivery`](countersign::Delivery), wrapped.
#[derive(Clone, Debug)]
pub struct Delivery(pub countersign::Delivery);

impl Deref for Delivery {
    type Target = countersign::Delivery;

    fn deref(&self) -> &countersign::Delivery {
        &self.0
    }
}
