//! Seedable randomness: the same seed gives the same CA, but for its keys.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use acme_jose::base64url;

/// SplitMix64. Predictable: right for a test, wrong for a CA that anybody trusts.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(seed.unwrap_or_else(|| RandomState::new().build_hasher().finish()))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn octets<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_le_bytes()[0])
    }

    /// `N` octets as base64url.
    pub(crate) fn text<const N: usize>(&mut self) -> String {
        base64url::encode(&self.octets::<N>())
    }

    /// True in `percent` of 100 cases.
    pub(crate) fn percent(&mut self, percent: u8) -> bool {
        self.next() % 100 < u64::from(percent)
    }

    /// A number below `count`; 0 when there is none.
    pub(crate) fn choose(&mut self, count: usize) -> usize {
        (self.next() % (count.max(1) as u64)) as usize
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.choose(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_kept_and_seeds_repeat() {
        for percent in [0, 5, 50, 100] {
            let mut random = Random::new(Some(7));
            let hits = (0..10_000).filter(|_| random.percent(percent)).count();
            assert!(hits.abs_diff(usize::from(percent) * 100) < 150, "{percent} %: {hits} of 10000");
        }
        assert_eq!(Random::new(Some(7)).text::<16>(), Random::new(Some(7)).text::<16>());
        assert_ne!(Random::new(Some(7)).text::<16>(), Random::new(Some(8)).text::<16>());
    }

    #[test]
    fn shuffling_loses_nothing_and_moves_something() {
        let mut items: Vec<_> = (0..50).collect();
        Random::new(Some(1)).shuffle(&mut items);
        assert!(!items.is_sorted());
        items.sort();
        assert!(items.into_iter().eq(0..50));
    }
}
