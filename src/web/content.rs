//! What the classes of the surface hold, and how one of their objects becomes an argument.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::broken::intact;
use super::convert::found;
use super::error::Thrown;
use crate::error::Error;

/// The content of an object of the surface. It is shared, so that work can keep it after the call that started it.
pub struct Content<T>(Rc<T>);

impl<T> Content<T> {
    /// Wraps what JavaScript shall own.
    pub fn new(content: T) -> Self {
        Self(Rc::new(content))
    }

    /// # Errors
    /// If the module is broken.
    pub fn get(&self) -> Result<&T, Thrown> {
        intact()?;
        Ok(&self.0)
    }

    /// # Errors
    /// If the module is broken.
    pub fn share(&self) -> Result<Rc<T>, Thrown> {
        intact()?;
        Ok(self.0.clone())
    }
}

/// The content of a class whose objects can be arguments. The class has a method [`METHOD`] that calls
/// [`Content::hand_over`].
pub trait Argument: 'static {
    /// Name of the class in JavaScript.
    const CLASS: &'static str;
}

/// JavaScript's name of the method through which an object hands over its content. wasm-bindgen itself would take the
/// object away from JavaScript, or throw an error that names no argument.
const METHOD: &str = "__content";

thread_local! {
    /// Between an object and the function that takes it as an argument.
    static HANDED_OVER: RefCell<Option<Rc<dyn Any>>> = const { RefCell::new(None) };
}

impl<T: Argument> Content<T> {
    /// Puts the content where [`content_of`] finds it.
    pub fn hand_over(&self) {
        HANDED_OVER.set(Some(self.0.clone()));
    }
}

/// The content of an argument that must be an object of a class.
///
/// # Errors
/// If it is anything else, or was freed.
pub fn content_of<T: Argument>(name: &'static str, value: &JsValue) -> Result<Rc<T>, Thrown> {
    intact()?;
    HANDED_OVER.take();
    let method = Reflect::get(value, &METHOD.into()).unwrap_or(JsValue::UNDEFINED);
    let called = method.dyn_ref::<Function>().map(|method| method.call0(value));
    let content = HANDED_OVER.take().and_then(|content| content.downcast::<T>().ok());
    match (called, content) {
        (Some(Ok(_)), Some(content)) => Ok(content),
        (Some(Err(_)), _) => {
            let freed = format!("{} that was freed", found(value));
            Err(Error::option(name, freed, format!("a {}", T::CLASS)).into())
        }
        _ => Err(Error::option(name, found(value), format!("a {}", T::CLASS)).into()),
    }
}
