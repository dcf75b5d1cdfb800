//! The lines of a summary on a screen: width, colours, labels.

use std::fmt::Write;

use super::Screen;
use super::figures::cut;
use crate::model::text::printable;

/// Width of the labels on the left of a section.
const LABEL: usize = 9;

/// Colours of a terminal (ECMA-48 SGR parameters).
#[derive(Clone, Copy)]
pub(super) enum Colour {
    Bold,
    Dim,
    Red,
    Yellow,
    Cyan,
}

impl Colour {
    const fn code(self) -> &'static str {
        match self {
            Colour::Bold => "1",
            Colour::Dim => "2",
            Colour::Red => "1;31",
            Colour::Yellow => "33",
            Colour::Cyan => "36",
        }
    }
}

/// Lines that fit the width of the screen and have only printable characters.
pub(super) struct Page {
    text: String,
    screen: Screen,
}

impl Page {
    pub(super) fn new(screen: Screen) -> Self {
        Page { text: String::new(), screen }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    pub(super) fn title(&mut self, text: &str) {
        self.coloured(text, Colour::Bold);
    }

    pub(super) fn line(&mut self, text: &str) {
        let text = self.fit(text);
        self.text.push_str(&text);
        self.text.push('\n');
    }

    pub(super) fn coloured(&mut self, text: &str, colour: Colour) {
        if !self.screen.colour {
            return self.line(text);
        }
        let text = self.fit(text);
        let _ = writeln!(self.text, "\u{1b}[{}m{text}\u{1b}[0m", colour.code());
    }

    /// Adds a label with its text, or nothing if the text is empty.
    pub(super) fn entry(&mut self, label: &str, text: &str) {
        self.labelled(label, text, None);
    }

    /// Adds an entry in the colour of a warning; see [`Page::entry`].
    pub(super) fn warning(&mut self, label: &str, text: &str) {
        self.labelled(label, text, Some(Colour::Yellow));
    }

    /// Adds a labelled text, broken between words; further lines are indented like the first.
    fn labelled(&mut self, label: &str, text: &str, colour: Option<Colour>) {
        let mut label = label;
        for part in wrap(&printable(text), self.screen.columns.saturating_sub(LABEL + 3)) {
            let line = format!("  {label:<LABEL$} {part}");
            match colour {
                Some(colour) => self.coloured(&line, colour),
                None => self.line(&line),
            }
            label = "";
        }
    }

    /// The text, printable, and cut with `...` where the screen ends.
    fn fit(&self, text: &str) -> String {
        cut(printable(text).trim_end(), self.screen.columns)
    }
}

/// Lines of at most `width` characters, broken at blanks where there are any.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
