//! How often an address may try to come in.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Tries that cost nothing; a link is followed, not typed.
const FREE: u32 = 5;

/// The wait after the last free try; doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// An address that did not try for so long is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(1);

/// Most addresses remembered; beyond it the one that waited longest goes.
const MOST_ADDRESSES: usize = 4096;

struct Tries {
    failed: u32,
    last: Instant,
    closed_until: Option<Instant>,
}

/// Failed tries by address.
#[derive(Default)]
pub(crate) struct Limits {
    tries: Mutex<BTreeMap<IpAddr, Tries>>,
}

/// An IPv6 host has a whole network of addresses: they count as one.
fn bucket(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        four @ IpAddr::V4(_) => four,
    }
}

impl Limits {
    /// Counts a try, as a failed one until [`Limits::succeeded`]; so that tries at the same time are all counted. Refused
    /// with the time to wait.
    pub(crate) fn attempt(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.retain(|_, entry| now.duration_since(entry.last) < FORGOTTEN_AFTER);
        let address = bucket(address);
        if tries.len() >= MOST_ADDRESSES
            && !tries.contains_key(&address)
            && let Some(oldest) = tries
                .iter()
                .min_by_key(|(_, entry)| entry.last)
                .map(|(key, _)| *key)
        {
            tries.remove(&oldest);
        }
        let entry = tries.entry(address).or_insert(Tries {
            failed: 0,
            last: now,
            closed_until: None,
        });
        if let Some(until) = entry.closed_until
            && now < until
        {
            return Err(until - now);
        }
        entry.failed += 1;
        entry.last = now;
        if entry.failed >= FREE {
            let doubled = FIRST_WAIT.saturating_mul(1 << (entry.failed - FREE).min(10));
            entry.closed_until = Some(now + doubled.min(LONGEST_WAIT));
        }
        Ok(())
    }

    /// The try went well: the address starts anew.
    pub(crate) fn succeeded(&self, address: IpAddr) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.remove(&bucket(address));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUEST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    #[test]
    fn waits_grow_and_success_forgives() {
        let limits = Limits::default();
        let start = Instant::now();
        for _ in 0..FREE {
            assert_eq!(limits.attempt(GUEST, start), Ok(()), "a free try");
        }
        assert_eq!(limits.attempt(GUEST, start), Err(FIRST_WAIT), "then one waits");
        let later = start + FIRST_WAIT;
        assert_eq!(limits.attempt(GUEST, later), Ok(()), "and may try once more");
        assert_eq!(
            limits.attempt(GUEST, later),
            Err(FIRST_WAIT * 2),
            "for twice the wait"
        );
        let other = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 8));
        assert_eq!(limits.attempt(other, later), Ok(()), "another address is free");
        limits.succeeded(GUEST);
        assert_eq!(limits.attempt(GUEST, later), Ok(()), "who came in starts anew");
    }

    #[test]
    fn a_network_of_addresses_counts_as_one_and_memory_is_bounded() {
        let limits = Limits::default();
        let now = Instant::now();
        for host in 0..FREE {
            let address = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host as u16);
            assert_eq!(limits.attempt(address.into(), now), Ok(()));
        }
        let one_more = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 9, 9, 9, 9);
        assert!(limits.attempt(one_more.into(), now).is_err(), "the same network");
        for host in 0..2 * MOST_ADDRESSES as u32 {
            let _ = limits.attempt(IpAddr::V4(host.into()), now);
        }
        assert!(limits.tries.lock().unwrap().len() <= MOST_ADDRESSES);
    }
}
