//! Finds the line and column of a byte in a text.

use serde_json::value::RawValue;

use super::super::builder::Position;

/// Bytes between two marks, and so the most that is scanned for each place.
const STEP: usize = 512;

/// A text with a mark of line and column every [`STEP`] bytes. With the marks a place costs the
/// same wherever it is: a list on a single line has a hundred thousand places.
pub(super) struct Places<'a> {
    text: &'a str,
    /// Index and position of the first character at or after each multiple of [`STEP`].
    marks: Vec<(usize, Position)>,
}

impl<'a> Places<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut marks = Vec::with_capacity(text.len() / STEP + 1);
        let mut at = Position { line: 1, column: 1 };
        for (index, character) in text.char_indices() {
            if index >= marks.len() * STEP {
                marks.push((index, at));
            }
            step(&mut at, character);
        }
        Places { text, marks }
    }

    /// The position of the byte with this index.
    pub(super) fn at(&self, index: usize) -> Position {
        let mark = self.marks.get(index / STEP).or(self.marks.last());
        let (start, mut at) = mark.copied().unwrap_or((0, Position { line: 1, column: 1 }));
        let between = self.text.get(start..index).unwrap_or_default();
        between.chars().for_each(|character| step(&mut at, character));
        at
    }

    /// The position of a value that borrows from the text.
    pub(super) fn of(&self, value: &RawValue) -> Position {
        self.at(value.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr()))
    }
}

fn step(at: &mut Position, character: char) {
    if character == '\n' {
        *at = Position { line: at.line + 1, column: 1 };
    } else {
        at.column += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn lines_and_columns_are_those_of_an_editor(text in "([a-zé€\n]|\n\n){0,2000}") {
            let places = Places::new(&text);
            let mut expected = (1, 1);
            for (index, character) in text.char_indices() {
                let Position { line, column } = places.at(index);
                proptest::prop_assert_eq!((line, column), expected);
                expected = match character {
                    '\n' => (expected.0 + 1, 1),
                    _ => (expected.0, expected.1 + 1),
                };
            }
        }
    }
}
