//! A sink that appends lines to a file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{Frames, Sink, SinkError};
use crate::model::text::printable;

/// Permissions of a new file. Records name hosts and wallets, so not every user may read them.
const FILE_MODE: u32 = 0o640;

/// Appends frames as lines to a file. Each write has whole lines, so that a reader who follows the
/// file does not see half of one.
pub struct FileSink {
    path: PathBuf,
    name: String,
    file: File,
}

impl FileSink {
    /// Opens the file `path`, or creates it. A line that an earlier run could not finish (a full
    /// disk, a power cut) is ended first.
    ///
    /// # Errors
    /// When the file cannot be opened for writing; the error names it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let name = printable(&path.to_string_lossy());
        let file =
            open(path).map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))?;
        Ok(FileSink { path: path.to_owned(), name, file })
    }
}

impl Sink for FileSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn write(&mut self, frames: &Frames) -> Result<(), SinkError> {
        self.file.write_all(frames.lines()).map_err(SinkError::Fatal)
    }

    fn reopen(&mut self) -> Result<(), SinkError> {
        self.file = open(&self.path).map_err(SinkError::Fatal)?;
        Ok(())
    }
}

/// Opens a file to append lines, and ends an unfinished line.
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
        // A pipe or a device has no end to check.
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(sink: &mut FileSink, line: &str) {
        let mut frames = Frames::default();
        let pushed = frames.push(|frame| {
            frame.extend_from_slice(line.as_bytes());
            Ok::<_, io::Error>(true)
        });
        assert!(pushed.unwrap());
        sink.write(&frames).unwrap();
    }

    #[test]
    fn a_file_is_continued_on_a_line_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.json");
        fs::write(&path, "{\"whole\":1}\n{\"half\":").unwrap();
        for line in ["{\"b\":1}", "{\"b\":2}"] {
            write(&mut FileSink::open(&path).unwrap(), line);
        }
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "{\"whole\":1}\n{\"half\":\n{\"b\":1}\n{\"b\":2}\n");
    }

    #[test]
    fn a_file_that_was_renamed_gets_a_successor() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.json");
        let old = folder.path().join("alerts.json.1");
        let mut sink = FileSink::open(&path).unwrap();
        write(&mut sink, "1");
        fs::rename(&path, &old).unwrap();
        write(&mut sink, "2");
        sink.reopen().unwrap();
        write(&mut sink, "3");
        write(&mut sink, "4");
        assert_eq!(fs::read_to_string(&old).unwrap(), "1\n2\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "3\n4\n");
    }

    #[test]
    fn a_file_that_can_not_be_opened_is_named() {
        let error = FileSink::open(Path::new("/nowhere/x.json")).err().unwrap();
        assert!(error.to_string().starts_with("/nowhere/x.json: "), "{error}");
    }
}
