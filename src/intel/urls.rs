//! A table of URL prefixes: a host and the first part of a path.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Path prefixes on one host and their values, longest first.
type Paths = Vec<(Box<str>, u32)>;

/// URL prefixes with a `u32` each.
#[derive(Default)]
pub(super) struct Urls {
    hosts: HashMap<Box<str>, Paths, FixedState>,
    entries: usize,
    bytes: usize,
}

impl Urls {
    /// Inserts `value` as new and returns `None`, or returns the value of a known prefix for
    /// the caller to change. `host` is in lower case, without a port; `path` begins with a slash.
    pub(super) fn insert(&mut self, host: &str, path: &str, value: u32) -> Option<&mut u32> {
        let paths = self.hosts.entry(host.into()).or_default();
        if let Some(index) = paths.iter().position(|(known, _)| **known == *path) {
            return paths.get_mut(index).map(|(_, value)| value);
        }
        // Longest first, so that the most specific prefix is found first.
        let place = paths.partition_point(|(known, _)| known.len() >= path.len());
        paths.insert(place, (path.into(), value));
        self.entries += 1;
        self.bytes += host.len() + path.len() + size_of::<(Box<str>, u32)>();
        None
    }

    /// Finds the entries that are a prefix of `host` + `target`, longest first. The host has to be
    /// equal; after the prefix, `target` ends or goes on with `/`, `?`, `&` or `#`, unless the
    /// prefix itself ends with a slash.
    pub(super) fn matches<'a>(
        &'a self,
        host: &str,
        target: &'a str,
    ) -> impl Iterator<Item = (&'a str, u32)> + 'a {
        let host = host.strip_suffix('.').unwrap_or(host);
        let paths = self.hosts.get(host).map_or(&[][..], Vec::as_slice);
        paths.iter().filter(|(path, _)| begins(target, path)).map(|(path, value)| (&**path, *value))
    }

    pub(super) fn len(&self) -> usize {
        self.entries
    }

    pub(super) fn bytes(&self) -> usize {
        self.hosts.allocation_size() + self.bytes
    }
}

fn begins(target: &str, path: &str) -> bool {
    target.strip_prefix(path).is_some_and(|rest| {
        rest.is_empty() || path.ends_with('/') || rest.starts_with(['/', '?', '&', '#'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_matches_by_its_beginning_on_the_same_host() {
        let mut urls = Urls::default();
        urls.insert("pastebin.com", "/raw/sByq0rym", 1);
        urls.insert("example.org", "/x/", 2);
        urls.insert("example.org", "/x/y", 3);
        let get = |host, target| urls.matches(host, target).next();
        assert_eq!(get("pastebin.com", "/raw/sByq0rym"), Some(("/raw/sByq0rym", 1)));
        assert_eq!(get("pastebin.com.", "/raw/sByq0rym?dl=1"), Some(("/raw/sByq0rym", 1)));
        assert_eq!(get("example.org", "/x/z.sh"), Some(("/x/", 2)));
        assert_eq!(get("example.org", "/x/y/z"), Some(("/x/y", 3)));
        for (host, target) in [
            ("pastebin.com", "/raw/sByq0ryma"),
            ("pastebin.com", "/raw/sbyq0rym"),
            ("pastebin.com", "/"),
            ("www.pastebin.com", "/raw/sByq0rym"),
            ("example.org", "/xx"),
        ] {
            assert_eq!(get(host, target), None, "{host}{target}");
        }
        assert_eq!(urls.len(), 3);
    }
}
