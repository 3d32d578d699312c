//! From a collection's folder or list to the features of its files.
#![forbid(unsafe_code)]

mod extraction;
mod folders;
mod lists;
mod sounds;
mod store;
