//! What the base tells of its socket, as the guard wants to know it.

use std::iter;
use std::pin::Pin;

use cxx_qt::CxxQtType as _;
use cxx_qt_lib::QString;

use super::deciding::{CONNECTING, refuse};
use super::ffi;
use crate::bridge::contain;
use crate::found::Found;
use crate::guard::{About, Clock, Facts, Input};
use crate::loss::{Evidence, ReportedError};
use crate::snapshot::ConnectionState;
use crate::{sys, witness};

impl ffi::GuardObject {
    pub(super) fn socket_replaced(
        mut self: Pin<&mut Self>,
        present: bool,
        descriptor: i64,
        inherits: bool,
    ) {
        let inherited = inherits
            .then(|| Found::of_numbers([0, 1, 2, 3, 4, 5].map(|number| self.inherited(number))));
        // With another owner it is refused anew.
        let rare = self.as_mut().rust_mut().get_mut().rare.as_mut();
        let framed = rare.is_some_and(|rare| std::mem::take(&mut rare.framed));
        let accepted = framed.then_some(Input::Accepted(About::Payload));
        let attached = present.then_some(Input::Attached);
        let inputs = accepted.into_iter().chain([Input::Detached]).chain(attached);
        self.decide(
            CONNECTING | ffi::Change::Socket.repr,
            descriptor,
            inputs.chain(connected(descriptor, inherited)),
        );
    }

    pub(super) fn socket_renewed(self: Pin<&mut Self>, descriptor: i64) {
        let inputs = [Input::Renewed, Input::Accepted(About::Socket)].into_iter();
        self.decide(CONNECTING, descriptor, inputs.chain(connected(descriptor, None)));
    }

    pub(super) fn socket_connected(self: Pin<&mut Self>, descriptor: i64) {
        self.decide(CONNECTING, descriptor, connected(descriptor, None));
    }

    pub(super) fn socket_looked(self: Pin<&mut Self>, descriptor: i64, queued: i64) {
        let asks = queued >= 0;
        let queued = u64::try_from(queued).unwrap_or(0);
        self.decide(0, descriptor, [Input::Looked { queued, asks }]);
    }

    pub(super) fn beat_written(self: Pin<&mut Self>, descriptor: i64, queued: i64) {
        let queued = u64::try_from(queued).unwrap_or(0);
        self.decide(0, descriptor, [Input::BeatWritten { queued }]);
    }

    pub(super) fn socket_received(self: Pin<&mut Self>) {
        let guard = &mut self.rust_mut().get_mut().guard;
        let _ = guard.handle(Input::Received, Facts::default(), Clock::read());
    }

    pub(super) fn socket_failed(self: Pin<&mut Self>, error: ffi::SocketError, descriptor: i64) {
        let failed = || Input::Reported { error: reported(error), alive: is_alive(descriptor) };
        self.decide(0, descriptor, iter::once_with(failed));
    }

    pub(super) fn socket_closing(self: Pin<&mut Self>, descriptor: i64) {
        let closing = || Input::Closing { alive: takes_data(descriptor) };
        self.decide(0, descriptor, iter::once_with(closing));
    }

    pub(super) fn socket_disconnected(
        mut self: Pin<&mut Self>,
        error: ffi::SocketError,
        descriptor: i64,
    ) {
        let evidence = evidence(reported(error), descriptor);
        self.as_mut().drop_witness();
        self.decide(0, NO_CONNECTION, [Input::Disconnected(Box::new(evidence))]);
    }

    pub(super) fn refused(mut self: Pin<&mut Self>, why: &QString) {
        let why = String::from(why);
        // The base refuses sockets, and the bytes that a socket cannot be given.
        let about = match why.starts_with("heartbeatPayload: ") {
            true => About::Payload,
            false => About::Socket,
        };
        if about == About::Payload {
            self.as_mut().rust_mut().get_mut().rare().framed = true;
        }
        self.show(0, |guard| refuse(guard, about, why));
    }

    pub(super) fn socket_kept(self: Pin<&mut Self>) {
        self.decide(0, NO_CONNECTION, [Input::Accepted(About::Socket)]);
    }

    pub(super) fn is_refused(&self, why: &QString) -> bool {
        self.rust().guard.is_refused(&String::from(why))
    }

    pub(super) fn history(&self) -> QString {
        let history = contain(|| Ok(self.rust().guard.history()));
        QString::from(&history.unwrap_or_default())
    }

    pub(super) fn is_blind(&self) -> bool {
        self.rust().guard.view().blind
    }
}

/// No connection, where C++ speaks of a descriptor. (−2, its `noDescriptor`, is a connection without
/// one: a kernel that is asked about it refuses.)
const NO_CONNECTION: i64 = -1;

/// The socket is connected, if there is a connection.
fn connected(descriptor: i64, inherited: Option<Found>) -> Option<Input> {
    (descriptor != NO_CONNECTION).then_some(Input::Connected { inherited })
}

/// Whether the kernel holds the connection to be established. A closed descriptor is not.
fn state_of(descriptor: i64) -> Option<ConnectionState> {
    witness::view(descriptor, sys::snapshot).ok()?.state
}

fn is_alive(descriptor: i64) -> bool {
    state_of(descriptor) == Some(ConnectionState::Established)
}

/// Whether it is alive at least in this direction. The peer may have sent its FIN.
fn takes_data(descriptor: i64) -> bool {
    let state = state_of(descriptor);
    matches!(state, Some(ConnectionState::Established | ConnectionState::CloseWait))
}

fn evidence(reported: ReportedError, descriptor: i64) -> Evidence {
    Evidence {
        reported,
        heard: false,
        error_pending: witness::view(descriptor, sys::error_pending).unwrap_or(false),
        snapshot: witness::view(descriptor, sys::snapshot).ok(),
        config: None,
    }
}

fn reported(error: ffi::SocketError) -> ReportedError {
    match error {
        ffi::SocketError::None => ReportedError::None,
        ffi::SocketError::ClosedByPeer => ReportedError::ClosedByPeer,
        ffi::SocketError::TimedOut => ReportedError::TimedOut,
        ffi::SocketError::Unreachable if sys::diagnosis().unreachable_is_distinct => {
            ReportedError::Unreachable
        }
        _ => ReportedError::Other,
    }
}
