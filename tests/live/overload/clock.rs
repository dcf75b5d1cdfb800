//! Tells the time that the machine has given to a thread.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

/// Stands still while the thread could run and other programs had the processor: what a thread can
/// take depends on the time that it gets, whatever else the machine does.
pub struct Clock {
    start: Instant,
    /// Two numbers of the kernel: nanoseconds on a processor, and waiting for one.
    schedule: Option<File>,
    waited_before: Duration,
    last: Duration,
}

impl Clock {
    /// A clock of the thread that calls.
    pub fn start() -> Self {
        let schedule = File::open("/proc/thread-self/schedstat").ok();
        let (start, last) = (Instant::now(), Duration::ZERO);
        let mut clock = Clock { start, schedule, waited_before: Duration::ZERO, last };
        clock.waited_before = clock.waited();
        clock
    }

    /// The thread's time since the start, and how far the wall clock is ahead of it.
    pub fn read(&mut self) -> (Duration, Duration) {
        let wall = self.start.elapsed();
        let waited = self.waited().saturating_sub(self.waited_before);
        // The thread may have had to wait between the two.
        self.last = wall.saturating_sub(waited).max(self.last);
        (self.last, wall.saturating_sub(self.last))
    }

    fn waited(&self) -> Duration {
        let mut text = [0; 64];
        let length = self.schedule.as_ref().and_then(|file| file.read_at(&mut text, 0).ok());
        let text = std::str::from_utf8(&text[..length.unwrap_or(0)]).unwrap_or_default();
        let waited = text.split_whitespace().nth(1).and_then(|number| number.parse().ok());
        Duration::from_nanos(waited.unwrap_or(0))
    }
}
