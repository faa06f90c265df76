//! Labels of rows: a column of texts as numbers of classes.

use std::collections::HashMap;

/// Classes that labels can tell apart.
const CLASSES: usize = 256;

/// Labels as they are read: numbers up to 255 stay, other texts are numbered in the order in which they appear.
#[derive(Default)]
pub struct ClassLabels {
    /// Which of the texts each row has.
    rows: Vec<u8>,
    texts: HashMap<String, u8>,
    /// More texts than labels can tell apart: a column of words, not of classes.
    too_many: bool,
}

impl ClassLabels {
    /// Takes the label of the next row.
    pub fn push(&mut self, text: &str) {
        if self.too_many {
            return;
        }
        let next = self.texts.len();
        let label = match self.texts.get(text) {
            Some(&label) => label,
            None if next == CLASSES => {
                *self = Self { too_many: true, ..Self::default() };
                return;
            }
            None => *self.texts.entry(text.to_owned()).or_insert(next as u8),
        };
        self.rows.push(label);
    }

    /// The label of each row, if there were any.
    pub fn finish(self) -> Option<Vec<u8>> {
        if self.rows.is_empty() {
            return None;
        }
        let mut meaning: Vec<u8> = (0..=255).collect();
        let whole: Option<Vec<(u8, u8)>> =
            self.texts.iter().map(|(text, &label)| Some((label, text.parse().ok()?))).collect();
        for (label, number) in whole.unwrap_or_default() {
            meaning[usize::from(label)] = number;
        }
        Some(self.rows.iter().map(|&label| meaning[usize::from(label)]).collect())
    }
}
