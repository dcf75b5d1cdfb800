//! Asks the system for huge pages for large tables that are read in random order.
#![allow(unsafe_code)]

/// Bytes of a huge page on systems with 4 KiB pages; on others, a multiple of the page size.
const HUGE_PAGE: usize = 2 << 20;

/// Asks the system to back the spare capacity of `table` with huge pages.
///
/// This applies only to whole huge pages, only on Linux, and the system may ignore it. Huge pages
/// cause fewer page faults, and look-ups do not wait for page tables.
pub(super) fn advise<T>(table: &mut Vec<T>) {
    let room = table.spare_capacity_mut().as_mut_ptr_range();
    let start = room.start.addr().next_multiple_of(HUGE_PAGE);
    let end = room.end.addr() / HUGE_PAGE * HUGE_PAGE;
    #[cfg(target_os = "linux")]
    if start < end {
        let start = room.start.with_addr(start).cast();
        // SAFETY: the range lies within the vector's allocation, in capacity that is not in use
        // yet. The advice changes how the system backs the memory and never its content. If it
        // fails, nothing changes.
        unsafe { libc::madvise(start, end - start.addr(), libc::MADV_HUGEPAGE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (start, end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_any_size_stays_as_it_was() {
        for size in [0, 1, HUGE_PAGE - 1, 3 * HUGE_PAGE] {
            let mut table: Vec<u8> = Vec::with_capacity(size + 3);
            table.extend([1, 2, 3]);
            advise(&mut table);
            table.resize(size + 3, 7);
            assert_eq!(table[..3], [1, 2, 3]);
            assert!(table[3..].iter().all(|&byte| byte == 7), "{size}");
        }
    }
}
