//! Where lines go: standard output or a file, whole lines only.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Outlet, eve, native};
use crate::config::Format;
use crate::model::Alert;

/// Records are gathered to this many bytes, so that a million of them are not a million writes.
/// Alerts never wait.
const GATHER: usize = 64 * 1024;
/// Alerts name hosts and wallets: nothing for everybody on the machine to read.
const FILE_MODE: u32 = 0o640;

/// Writes alerts and records as JSON lines. No write ends inside a line, so whoever follows the
/// output never sees half of one.
pub struct Writer {
    sink: Box<dyn Write + Send>,
    /// For error messages.
    name: String,
    format: Format,
    sensor: Option<String>,
    /// Whole lines that are still to be written.
    gathered: Vec<u8>,
    /// A file that may be renamed under way, and the flag that says it was.
    rotation: Option<(PathBuf, Arc<AtomicBool>)>,
}

impl Writer {
    /// To standard output. `sensor` names this sensor in EVE records.
    pub fn stdout(format: Format, sensor: Option<String>) -> Self {
        Writer::new(Box::new(io::stdout()), "standard output", format, sensor)
    }

    /// To the end of a file, which is created if need be. A line that an earlier run could not
    /// finish (a full disk, a power cut) is ended first.
    ///
    /// # Errors
    /// When the file cannot be opened for writing; the error names it.
    pub fn append(path: &Path, format: Format, sensor: Option<String>) -> io::Result<Self> {
        let name = crate::model::text::printable(&path.to_string_lossy());
        let file = open(path).map_err(|error| named(&name, &error))?;
        Ok(Writer::new(Box::new(file), &name, format, sensor))
    }

    /// Like [`Writer::append`]. Whenever `renamed` is raised, `path` is opened anew before the next
    /// write or flush: a file that was renamed, as logrotate does, gets a successor.
    ///
    /// # Errors
    /// As [`Writer::append`].
    pub fn rotating(
        path: &Path,
        format: Format,
        sensor: Option<String>,
        renamed: Arc<AtomicBool>,
    ) -> io::Result<Self> {
        let rotation = Some((path.to_owned(), renamed));
        Ok(Writer { rotation, ..Writer::append(path, format, sensor)? })
    }

    /// To anything else; `name` is for error messages.
    pub fn new(
        sink: Box<dyn Write + Send>,
        name: &str,
        format: Format,
        sensor: Option<String>,
    ) -> Self {
        Writer { sink, name: name.to_owned(), format, sensor, gathered: Vec::new(), rotation: None }
    }

    /// Writes what is gathered, to the file that has the name now.
    fn write(&mut self) -> io::Result<()> {
        if let Some((path, renamed)) = &self.rotation
            && renamed.swap(false, Ordering::Relaxed)
        {
            self.sink = Box::new(open(path)?);
        }
        self.sink.write_all(&self.gathered)?;
        self.sink.flush()
    }

    fn gather(&mut self, line: &str) {
        self.gathered.extend_from_slice(line.as_bytes());
        self.gathered.push(b'\n');
    }
}

impl Outlet for Writer {
    fn alert(&mut self, alert: &Alert) -> io::Result<()> {
        let line = match self.format {
            Format::Eve => eve::line(alert, self.sensor.as_deref()),
            Format::Native => native::line(alert),
        }?;
        self.gather(&line);
        self.flush()
    }

    fn record(&mut self, line: &str) -> io::Result<()> {
        if self.gathered.len() + line.len() >= GATHER {
            self.flush()?;
        }
        self.gather(line);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.write();
        self.gathered.clear();
        written.map_err(|error| named(&self.name, &error))
    }
}

/// Whether a write failed since nobody reads any more, as with `minewatch … | head`: a reason to
/// stop, not a failure.
pub fn reader_left(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

fn named(name: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{name}: {error}"))
}

/// Opens a file for whole lines at its end.
fn open(path: &Path) -> io::Result<File> {
    let unfinished = ends_inside_a_line(path)?;
    let mut file = OpenOptions::new().append(true).create(true).mode(FILE_MODE).open(path)?;
    if unfinished {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

fn ends_inside_a_line(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() && found.len() > 0 => {
            let mut file = File::open(path)?;
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            Ok(last != *b"\n")
        }
        // A pipe or a device has no end to look at.
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::output::sample;

    /// Remembers each write.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<Vec<u8>>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn writer(sink: impl Write + Send + 'static) -> Writer {
        Writer::new(Box::new(sink), "test", Format::Native, None)
    }

    #[test]
    fn an_alert_is_written_at_once_and_after_what_came_before() {
        let log = Log::default();
        let mut writer = writer(log.clone());
        writer.record("{\"a\":1}").unwrap();
        assert!(log.0.lock().unwrap().is_empty());
        writer.alert(&sample::alert()).unwrap();
        let written = log.0.lock().unwrap().concat();
        let text = String::from_utf8(written).unwrap();
        assert!(text.starts_with("{\"a\":1}\n{\"schema\""));
        assert!(text.ends_with("}\n"));
        assert_eq!(log.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn no_write_ends_inside_a_line() {
        let log = Log::default();
        let mut writer = writer(log.clone());
        for _ in 0..1000 {
            writer.record(&"x".repeat(997)).unwrap();
        }
        writer.flush().unwrap();
        let writes = log.0.lock().unwrap();
        assert!(writes.iter().all(|bytes| bytes.ends_with(b"\n") && bytes.len() <= GATHER));
        assert_eq!(writes.concat().len(), 998 * 1000);
    }

    #[test]
    fn a_reader_that_leaves_is_told_from_a_failure() {
        let mut writer = writer(Failing(io::ErrorKind::BrokenPipe));
        assert!(reader_left(&writer.alert(&sample::alert()).unwrap_err()));
        let mut writer = self::writer(Failing(io::ErrorKind::StorageFull));
        let error = writer.alert(&sample::alert()).unwrap_err();
        assert!(!reader_left(&error));
        assert!(error.to_string().starts_with("test: "));
    }

    #[test]
    fn a_file_is_continued_on_a_line_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.json");
        fs::write(&path, "{\"whole\":1}\n{\"half\":").unwrap();
        for line in ["{\"b\":1}", "{\"b\":2}"] {
            let mut writer = Writer::append(&path, Format::Eve, None).unwrap();
            writer.record(line).unwrap();
            writer.flush().unwrap();
        }
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "{\"whole\":1}\n{\"half\":\n{\"b\":1}\n{\"b\":2}\n");
    }

    #[test]
    fn a_file_that_was_renamed_gets_a_successor() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.json");
        let old = folder.path().join("alerts.json.1");
        let renamed = Arc::new(AtomicBool::new(false));
        let mut writer = Writer::rotating(&path, Format::Eve, None, Arc::clone(&renamed)).unwrap();
        let mut write = |line| {
            writer.record(line).unwrap();
            writer.flush().unwrap();
        };
        write("1");
        fs::rename(&path, &old).unwrap();
        write("2");
        renamed.store(true, Ordering::Relaxed);
        write("3");
        write("4");
        assert_eq!(fs::read_to_string(&old).unwrap(), "1\n2\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "3\n4\n");
    }

    #[test]
    fn a_file_that_can_not_be_opened_is_named() {
        let error = Writer::append(Path::new("/nowhere/x.json"), Format::Eve, None).err().unwrap();
        assert!(error.to_string().starts_with("/nowhere/x.json: "), "{error}");
    }
}
