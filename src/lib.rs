//! A program learns that its TCP peer is gone within the time it asked for, and why.
//!
//! This crate configures TCP keepalive on any socket descriptor and reads the kernel's evidence of
//! a loss. On top of that core lie the C++ API (feature `bridge`) and the Qt object
//! `ka::KeepAlive` (feature `qt`, the default). Data flows one way:
//!
//! * settings → plan → kernel: [`Config`] → `plan` → [`apply`]
//! * evidence → verdict → signal: [`Snapshot`] → [`liveness`], [`heartbeat`], [`loss`] → [`guard`] →
//!   `ka::KeepAlive`
//!
//! | Module | Holds |
//! |---|---|
//! | `config` | [`Config`] |
//! | `deadline` | [`Config::detect_within`], [`Config::detection_time`] |
//! | `plan` | ranges and rounding, pure |
//! | `error` | [`Error`]: which option, which value, which range |
//! | `socket` | [`apply`], [`query`], [`snapshot`] on one descriptor |
//! | `snapshot` | [`Snapshot`]: what the kernel knows |
//! | [`liveness`] | whether the peer lives: Healthy → Suspect → Lost, pure |
//! | [`heartbeat`] | the application's own heart-beat, pure |
//! | [`retransmission`] | how rarely the kernel may try again, pure |
//! | [`loss`] | why a connection was lost, from the evidence |
//! | [`kernel`] | what a guard asks of the kernel |
//! | [`witness`] | the second descriptor that still answers when the first is closed |
//! | [`found`] | what a guard found on a socket, and puts back |
//! | `refusals` | what was refused and is still wrong |
//! | `settings` | what a program asks of a guard |
//! | `link` | what a guard knows of one connection, and what the kernel is to be told |
//! | [`guard`] | one connection's whole policy, without I/O: inputs go in, outputs come out |
//! | [`driver`] | carries them: asks the kernel for a guard, and tells it |
//! | [`door`] | what goes into a guard, and what comes out |
//! | [`history`], [`replay`] | the flight recorder: what led to a loss, as text; and lived again |
//! | `record` | the state and the inputs of a guard as named numbers |
//! | `listener` | what a listening socket hands down (feature `bridge`) |
//! | `stream` | [`GuardedStream`]: the guard and a `TcpStream`, for a Rust program |
//! | `defaults` | the system-wide values |
//! | `capabilities` | [`Capabilities`]: what this system can do |
//! | `sys` | one contract, one file per system, all `unsafe` of the core |
//! | `duplicates`, `ends` | the descriptors that witnesses hold; whose a descriptor is |
//! | `counts` | the counts of probes that one guard leaves for the next |
//! | `bridge` | the C++ API, thin (feature `bridge`) |
//! | `qobject` | what stands behind `ka::KeepAlive` (feature `qt`) |
//! | `qml` | its registration in a Rust program (feature `qml`) |

mod capabilities;
mod config;
mod counts;
mod deadline;
mod defaults;
pub mod door;
pub mod driver;
mod duplicates;
#[cfg(feature = "bridge")]
mod ends;
mod error;
pub mod found;
pub mod guard;
pub mod heartbeat;
pub mod history;
pub mod kernel;
mod link;
pub mod liveness;
pub mod loss;
mod plan;
mod record;
mod refusals;
pub mod replay;
pub mod retransmission;
mod settings;
mod snapshot;
mod socket;
mod stream;
mod sys;
mod time;
pub mod witness;

#[cfg(feature = "bridge")]
mod bridge;
#[cfg(feature = "bridge")]
mod listener;
#[cfg(feature = "qml")]
mod qml;
#[cfg(feature = "qt")]
mod qobject;

pub use capabilities::{Capabilities, TimeRange, capabilities};
pub use config::Config;
pub use defaults::{set_system_defaults, system_defaults, system_user_timeout};
pub use error::{Attempt, Error, OptionName, Quantity, Unit};
pub use loss::LossReason;
#[cfg(feature = "qml")]
pub use qml::register_qml_types;
pub use snapshot::{ConnectionState, Snapshot};
pub use socket::{apply, query, snapshot};
pub use stream::{Event, GuardedStream};
pub use sys::AsDescriptor;
