//! The process among others: its signals, its files, its settings.

mod backup;
mod dev;
mod files;
mod place;
mod settings;
mod signals;
mod space;
