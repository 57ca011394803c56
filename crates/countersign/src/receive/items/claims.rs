//! The claims of items in a receiver's store.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use crate::dedup::{ClaimOutcome, Store, StoreError, UpdateOutcome};
use crate::event::{ClaimToken, FencingToken, Identity};
use crate::receive::receiver::Receiver;
use crate::receive::store_call::call_store;
use crate::receive::timer::{Timer, sleep};
use crate::receive::{recorder, trace};
use crate::verify::{Delivery, Item, ItemClaims, ItemFuture};

impl Receiver {
    /// Lets [`Delivery::for_each_item`] claim the delivery's items in this receiver's store.
    ///
    /// [`drive`](crate::adapter::drive) does so for the handler of an adapter. Call it in a program without
    /// one, after [`claim`](Self::claim) has granted the delivery's own claim. Without dedup, and for a
    /// sender whose deliveries hold one event, it changes nothing.
    ///
    /// ```
    /// use countersign::adapter::Timer;
    /// use countersign::{Delivery, Receiver};
    ///
    /// async fn handle<T>(receiver: &Receiver, mut delivery: Delivery, timer: T) -> bool
    /// where
    ///     T: Timer<Sleep: Send + 'static> + Send + Sync + 'static,
    /// {
    ///     receiver.prepare_items(&mut delivery, timer);
    ///     let handled = delivery.for_each_item(|item| async move {
    ///         println!("{}", item.pointer());
    ///         Ok(())
    ///     });
    ///     handled.await.is_ok()
    /// }
    /// ```
    pub fn prepare_items<T>(&self, delivery: &mut Delivery, timer: T)
    where
        T: Timer<Sleep: Send + 'static> + Send + Sync + 'static,
    {
        if let Some(store) = self.store() {
            self.prepare_items_in(Arc::clone(store), delivery, timer);
        }
    }

    /// Lets [`Delivery::for_each_item`] claim the delivery's items in `store`.
    pub(crate) fn prepare_items_in<T>(
        &self,
        store: Arc<dyn Store>,
        delivery: &mut Delivery,
        timer: T,
    ) where
        T: Timer<Sleep: Send + 'static> + Send + Sync + 'static,
    {
        if self.scheme().items.is_some() {
            let receiver = self.clone();
            let claims = Claims { store, receiver, unnamed_scope: delivery.unnamed_scope(), timer };
            delivery.item_claims = Some(Arc::new(claims));
        }
    }
}

struct Claims<T> {
    receiver: Receiver,
    store: Arc<dyn Store>,
    /// What the items' keys depend on at an endpoint without a name.
    unnamed_scope: [u8; 32],
    timer: T,
}

impl<T> Claims<T>
where
    T: Timer<Sleep: Send + 'static> + Send + Sync + 'static,
{
    fn call<'c, A: Send + 'c>(
        &'c self,
        operation: &'static str,
        call: impl Future<Output = Result<A, StoreError>> + Send + 'c,
    ) -> ItemFuture<'c, Result<A, StoreError>> {
        Box::pin(
            async move { call_store(&self.receiver, &self.timer, operation, pin!(call)).await },
        )
    }
}

impl<T> ItemClaims for Claims<T>
where
    T: Timer<Sleep: Send + 'static> + Send + Sync + 'static,
{
    fn claim<'c>(
        &'c self,
        identity: &'c Identity,
        fingerprint: u64,
    ) -> ItemFuture<'c, Result<ClaimOutcome, StoreError>> {
        let key = self.receiver.key(identity, &self.unnamed_scope);
        let claim = async move { self.store.claim(&key, fingerprint, self.lease()).await };
        self.call("claim", claim)
    }

    fn token(&self, identity: &Identity, fencing_token: FencingToken) -> ClaimToken {
        let retention = self.receiver.retention(identity);
        ClaimToken::new(self.receiver.key(identity, &self.unnamed_scope), fencing_token, retention)
    }

    fn renew(&self, token: ClaimToken) -> ItemFuture<'_, Result<UpdateOutcome, StoreError>> {
        let renew =
            async move { self.store.renew(token.key(), token.fencing_token(), self.lease()).await };
        self.call("renew", renew)
    }

    fn commit(&self, token: ClaimToken) -> ItemFuture<'_, Result<UpdateOutcome, StoreError>> {
        let commit = async move {
            let retention = self.receiver.with_horizon(token.retention());
            self.store.commit(token.key(), token.fencing_token(), retention).await
        };
        self.call("commit", commit)
    }

    fn release(&self, token: ClaimToken) -> ItemFuture<'_, Result<UpdateOutcome, StoreError>> {
        let release = async move { self.store.release(token.key(), token.fencing_token()).await };
        self.call("release", release)
    }

    fn lease(&self) -> Duration {
        self.receiver.timeouts().lease
    }

    fn sleep(&self, duration: Duration) -> ItemFuture<'static, ()> {
        Box::pin(sleep(&self.timer, duration))
    }

    fn ended(&self, item: &Item, result: &'static str) {
        trace::item_ended(
            &self.receiver,
            item,
            &self.receiver.key(item.identity(), &self.unnamed_scope),
            result,
        );
        recorder::item_ended(&self.receiver, result);
    }
}

impl<T> fmt::Debug for Claims<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").field("receiver", &self.receiver).finish_non_exhaustive()
    }
}
