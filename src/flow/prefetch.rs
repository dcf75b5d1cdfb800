//! Prefetches memory that will be needed soon.
#![allow(unsafe_code)]

/// Asks the processor to fetch the cache line of `place`, without waiting for it as a load would.
#[inline(always)]
pub(super) fn prefetch<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the instruction is part of SSE, which every x86-64 processor has. It is a hint:
        // it reads nothing, writes nothing and raises no fault, whatever the address, and this one
        // is valid.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_prefetched_stays_as_it_was() {
        let places = vec![7u64; 1000];
        places.iter().for_each(prefetch);
        prefetch(&());
        assert!(places.iter().all(|&place| place == 7));
    }
}
