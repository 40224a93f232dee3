//! Editions of a layer project: rendered on all processors, stored in their order.

use std::collections::BTreeMap;
use std::sync::mpsc::sync_channel;

use salon_domain::{CancelToken, Digest};
use salon_layers::{ChooseOrder, Collection, Edition, LayersError};

use super::progress::Teller;
use super::read::{self, Loaded, Ready};
use super::store::Batch;
use super::work::TOGETHER;
use crate::api::{ApiError, ImportLayers};
use crate::layered;
use crate::studio::Inner;

/// A layer project that was read, with what was drawn from it.
pub(super) struct Prepared {
    collection: Collection,
    editions: Vec<Edition>,
    digests: Vec<Digest>,
}

/// Reads a layer project and draws its editions; nothing when that was cancelled.
pub(super) fn prepare_layers(
    order: &ImportLayers,
    cancel: &CancelToken,
    pool: &rayon::ThreadPool,
    teller: &mut Teller<'_>,
) -> Result<Option<Prepared>, ApiError> {
    teller.tell();
    let choice = ChooseOrder {
        count: order.count.map(u64::from),
        seed: order.seed.unwrap_or_default(),
        ..ChooseOrder::default()
    };
    let prepared = pool.install(|| -> Result<_, LayersError> {
        let collection = Collection::read(&order.path)?;
        let editions = collection.choose(&choice, cancel)?;
        let digests = collection.digests()?;
        Ok(Prepared {
            collection,
            editions,
            digests,
        })
    });
    match prepared {
        Err(LayersError::Cancelled { .. }) => Ok(None),
        prepared => Ok(Some(prepared?)),
    }
}

impl Inner {
    /// Renders and brings in what was prepared. A cancel leaves what came in.
    pub(super) fn render_in(
        &self,
        order: &ImportLayers,
        prepared: Prepared,
        cancel: &CancelToken,
        pool: &rayon::ThreadPool,
        teller: &mut Teller<'_>,
    ) -> Result<(), ApiError> {
        let Prepared {
            collection,
            editions,
            digests,
        } = prepared;
        let seed = order.seed.unwrap_or_default();
        teller.counted(editions.len(), 0);
        let (send, receive) = sync_channel::<(u64, Ready)>(TOGETHER);
        std::thread::scope(|scope| {
            let rendering = scope.spawn(|| {
                let each = |edition: &Edition, bytes: Vec<u8>| -> Result<(), ApiError> {
                    let ready =
                        read::ready(loaded(&collection, edition, bytes)).map_err(ApiError::internal)?;
                    send.send((edition.number, ready))
                        .map_err(|_| ApiError::internal("nobody takes the pictures in"))
                };
                let texts = |edition: &Edition| layered::texts(&collection, edition, seed, &digests);
                let outcome =
                    pool.install(|| collection.render_each(&editions, order.width, &texts, &each, cancel));
                drop(send);
                outcome
            });
            let stored = self.store_in_order(&editions, receive, teller);
            let rendered = rendering
                .join()
                .unwrap_or_else(|panic| Err(ApiError::from_panic("rendering layers", panic.as_ref())));
            match (stored, rendered) {
                (Err(fault), _) => Err(fault),
                (Ok(()), Err(_)) if cancel.is_cancelled() => Ok(()),
                (Ok(()), rendered) => rendered,
            }
        })
    }

    fn store_in_order(
        &self,
        editions: &[Edition],
        receive: std::sync::mpsc::Receiver<(u64, Ready)>,
        teller: &mut Teller<'_>,
    ) -> Result<(), ApiError> {
        let mut early = BTreeMap::new();
        let mut batch = Batch::default();
        let mut numbers = editions.iter().map(|edition| edition.number).peekable();
        for (number, ready) in receive {
            early.insert(number, ready);
            while let Some(ready) = numbers.peek().and_then(|next| early.remove(next)) {
                numbers.next();
                batch.ready.push(ready);
                if batch.ready.len() == TOGETHER {
                    self.finish(std::mem::take(&mut batch), teller)?;
                }
            }
        }
        // What a cancel left without its predecessors is whole, too.
        batch.ready.extend(early.into_values());
        self.finish(batch, teller)
    }
}

fn loaded(collection: &Collection, edition: &Edition, bytes: Vec<u8>) -> Loaded {
    Loaded {
        place: format!("edition {} of {}", edition.number, collection.name()),
        name: format!("{}.png", edition.number),
        sha256: Digest::of(&bytes),
        bytes,
        mark: None,
    }
}
