//! `Dataset.splitBySequence`, `RowStream.holdOutBySequence`: tests on texts of which nothing was trained on.

use js_sys::{Array, Number};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use super::convert::{count, number, uint32s, whole};
use super::dataset::Dataset;
use super::error::Thrown;
use super::results::uint32;
use super::stream::RowStream;
use crate::data::Sequences;
use crate::error::Error;

/// Rows in a sequence, or the sequence of each row.
fn sequences(value: &JsValue) -> Result<Sequences, Thrown> {
    if value.is_instance_of::<Number>() || value.as_f64().is_some() {
        return Ok(Sequences::Every(count("sequences", value.unchecked_ref())?));
    }
    Ok(Sequences::Of(uint32s("sequences", value)?))
}

#[wasm_bindgen]
impl Dataset {
    /// Two parts of whole sequences: those drawn at random until they have the rows that `trainShare` leaves for it are the
    /// second. `sequences` is the number of rows in one, or a number for each row of the file: rows of the same number are of
    /// one sequence.
    #[wasm_bindgen(js_name = splitBySequence, unchecked_return_type = "[Dataset, Dataset]")]
    pub fn split_by_sequence(
        &self,
        #[wasm_bindgen(js_name = trainShare)] train_share: &Number,
        seed: &Number,
        #[wasm_bindgen(js_name = sequences, unchecked_param_type = "number | Uint32Array")] of: &JsValue,
    ) -> Result<Array, Thrown> {
        let (share, seed) = (number("trainShare", train_share)?, whole("seed", seed)?);
        let (train, test) = self.rows_here()?.split_by_sequence(share, seed, &sequences(of)?)?;
        Ok(Array::of2(&Self::new(train).into(), &Self::new(test).into()))
    }
}

#[wasm_bindgen]
impl RowStream {
    /// Two parts of whole sequences: those drawn at random until they have `rows` rows are the second. `sequences` is the number
    /// of rows in one, or a number for each row of all files; left out, the shapes `[batch, sequence, width]` tell.
    #[wasm_bindgen(js_name = holdOutBySequence, unchecked_return_type = "[RowStream, RowStream]")]
    pub fn hold_out_by_sequence(
        &self,
        rows: &Number,
        seed: &Number,
        #[wasm_bindgen(js_name = sequences, unchecked_optional_param_type = "number | Uint32Array")]
        of: &JsValue,
    ) -> Result<Array, Thrown> {
        let (rows, seed) = (count("rows", rows)?, whole("seed", seed)?);
        let stream = self.rows_here()?;
        let known = if of.is_null_or_undefined() {
            stream.sequences().ok_or_else(|| {
                let expected = "arrays [batch, sequence, width], or the sequences as an argument";
                Error::shape(format!("sequences of {}", stream.name()), "none in its shape", expected)
            })?
        } else {
            sequences(of)?
        };
        let (train, held) = stream.hold_out_sequences(rows, seed, &known)?;
        Ok(Array::of2(&Self::new(train).into(), &Self::new(held).into()))
    }

    /// The sequences that the shapes `[batch, sequence, width]` of the files tell: the number of rows in one, or a number for each
    /// row where lengths differ from file to file; nothing where one of the files is a matrix.
    #[wasm_bindgen(unchecked_return_type = "number | Uint32Array | undefined")]
    pub fn sequences(&self) -> Result<JsValue, Thrown> {
        Ok(match self.rows_here()?.sequences() {
            Some(Sequences::Every(length)) => length.into(),
            Some(Sequences::Of(of)) => uint32(&of),
            None => JsValue::UNDEFINED,
        })
    }
}
