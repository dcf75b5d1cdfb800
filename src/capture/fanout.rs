//! The two socket calls that neither `std` nor the `pcap` crate has: `PACKET_FANOUT` and `poll`.
//!
//! A fanout group distributes the packets of one interface over several sockets
//! (packet(7), <https://docs.kernel.org/networking/packet_mmap.html>). In hash mode both
//! directions of a flow go to the same socket. With the defragment flag, fragments follow their
//! flow.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

/// `PACKET_FANOUT_FLAG_UNIQUEID` of linux/if_packet.h: the kernel picks a free group number, so
/// that two sensors on one machine do not share a group by accident.
const FLAG_UNIQUE_ID: u32 = 0x2000;

/// Joins a packet socket to a fanout group; `None` creates one. Returns the group's number.
pub(super) fn join(socket: BorrowedFd<'_>, group: Option<u16>) -> io::Result<u16> {
    let mode = libc::PACKET_FANOUT_HASH | libc::PACKET_FANOUT_FLAG_DEFRAG;
    let argument = match group {
        Some(group) => u32::from(group) | mode << 16,
        None => (mode | FLAG_UNIQUE_ID) << 16,
    };
    // SAFETY: the descriptor is open as long as it is borrowed, and the kernel reads the four
    // bytes of `argument`, which lives until after the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_FANOUT,
            (&raw const argument).cast(),
            size_of_val(&argument) as libc::socklen_t,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    match group {
        Some(group) => Ok(group),
        None => joined(socket),
    }
}

/// The number of the group that a socket has joined.
fn joined(socket: BorrowedFd<'_>) -> io::Result<u16> {
    let mut value = 0u32;
    let mut length = size_of_val(&value) as libc::socklen_t;
    // SAFETY: the descriptor is open as long as it is borrowed; the kernel writes at most
    // `length` bytes to `value`, and both live until after the call.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_FANOUT,
            (&raw mut value).cast(),
            &raw mut length,
        )
    };
    if result == 0 { Ok((value & 0xffff) as u16) } else { Err(io::Error::last_os_error()) }
}

/// Waits until a descriptor is readable, has an error or is at its end.
///
/// Returns `false` if none is within `time`, or if a Unix signal interrupts the wait.
pub(super) fn wait_readable(fds: &[BorrowedFd<'_>], time: Duration) -> io::Result<bool> {
    let mut polled: Vec<libc::pollfd> = fds
        .iter()
        .map(|fd| libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 })
        .collect();
    let milliseconds = libc::c_int::try_from(time.as_millis()).unwrap_or(libc::c_int::MAX);
    // SAFETY: the pointer and the count describe `polled`, which outlives the call; the
    // descriptors are open as long as they are borrowed.
    let ready =
        unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, milliseconds) };
    match ready {
        0 => Ok(false),
        1.. => Ok(true),
        _ => match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            error => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn waiting_ends_when_something_can_be_read() {
        let (reader, mut writer) = io::pipe().expect("a pipe");
        let wait = || wait_readable(&[reader.as_fd()], Duration::from_millis(1));
        assert!(!wait().expect("polled"));
        writer.write_all(b"x").expect("written");
        assert!(wait().expect("polled"));
    }

    #[test]
    fn only_packet_sockets_can_join_a_group() {
        let (reader, _writer) = io::pipe().expect("a pipe");
        assert!(join(reader.as_fd(), None).is_err());
        assert!(join(reader.as_fd(), Some(7)).is_err());
    }
}
