//! The Rust half of `ka::KeepAlive`: settings and evidence go to the [`Guard`](crate::guard::Guard), its
//! decisions to the C++ base, which stands behind the class that users see.
//!
//! | Module | Holds |
//! |---|---|
//! | `properties` | what Qt reads and sets, as one table |
//! | `events` | what the base tells of its socket |
//! | `deciding` | how the guard is let decide, and what came of it is shown |

mod deciding;
mod events;
mod properties;

use cxx_qt_lib::QByteArray;
use ffi::QObject;

use crate::guard::Guard;
use properties::Live;

// What the names mean is said where users read them: cpp/include/ka.
#[cxx_qt::bridge(namespace = "ka::detail")]
pub mod ffi {
    /// What Qt shows as a number; see [`PROPERTIES`](super::PROPERTIES). As a change it is the bit of
    /// this number.
    #[repr(i32)]
    enum Property {
        Enabled = 0,
        Idle = 1,
        Interval = 2,
        Count = 3,
        UserTimeout = 4,
        DetectWithin = 5,
        HeartbeatInterval = 6,
        HeartbeatTimeout = 7,
        AbortOnLoss = 8,
        State = 9,
        LossReason = 10,
        DetectionTime = 11,
        // These are read from the kernel.
        Silence = 12,
        UnansweredProbes = 13,
        RoundTripTime = 14,
    }

    /// What else is worth a signal, or is to be done: bits beside those of the properties.
    #[repr(u32)]
    enum Change {
        Socket = 65536,
        ErrorString = 131_072,
        HeartbeatPayload = 262_144,
        Capabilities = 524_288,
        Suspected = 1_048_576,
        Recovered = 2_097_152,
        BeatDue = 4_194_304,
        MustAbort = 8_388_608,
    }

    #[namespace = "ka"]
    #[repr(i32)]
    enum State {
        Detached = 0,
        Waiting = 1,
        Healthy = 2,
        Suspect = 3,
        Lost = 4,
    }

    #[namespace = "ka"]
    #[repr(i32)]
    enum LossReason {
        NoLoss = 0,
        PeerClosed = 1,
        PeerReset = 2,
        ProbesUnanswered = 3,
        DataUnacknowledged = 4,
        HeartbeatMissed = 5,
        NetworkUnreachable = 6,
        UnknownLoss = 7,
    }

    #[repr(i32)]
    enum SocketError {
        None = 0,
        ClosedByPeer = 1,
        TimedOut = 2,
        Unreachable = 3,
        Other = 4,
    }

    unsafe extern "C++" {
        include!("ka/enums.h");
        #[namespace = "ka"]
        type State;
        #[namespace = "ka"]
        type LossReason;

        include!("socket_guard.h");
        type SocketError;

        include!("cxx-qt-lib/qstring.h");
        #[namespace = ""]
        type QString = cxx_qt_lib::QString;
        include!("cxx-qt-lib/qbytearray.h");
        #[namespace = ""]
        type QByteArray = cxx_qt_lib::QByteArray;
    }

    unsafe extern "C++Qt" {
        include!("socket_guard.h");
        #[qobject]
        type SocketGuard;
    }

    // For the class that users see, cpp/keepalive.cpp.
    #[auto_cxx_name]
    unsafe extern "RustQt" {
        #[qobject]
        #[base = SocketGuard]
        type GuardObject = super::GuardObjectRust;

        fn number(self: &GuardObject, property: Property) -> i32;
        fn set_number(self: Pin<&mut GuardObject>, property: Property, number: i64);
        fn error_string(self: &GuardObject) -> QString;
        #[cxx_override]
        fn heartbeat_payload(self: &GuardObject) -> QByteArray;
        fn set_heartbeat_payload(self: Pin<&mut GuardObject>, payload: &QByteArray);
    }

    // What the base hears.
    #[auto_cxx_name]
    unsafe extern "RustQt" {
        #[cxx_override]
        fn socket_replaced(
            self: Pin<&mut GuardObject>,
            present: bool,
            descriptor: i64,
            inherits: bool,
        );
        #[cxx_override]
        fn socket_renewed(self: Pin<&mut GuardObject>, descriptor: i64);
        #[cxx_override]
        fn socket_connected(self: Pin<&mut GuardObject>, descriptor: i64);
        #[cxx_override]
        fn socket_looked(self: Pin<&mut GuardObject>, descriptor: i64, queued: i64);
        #[cxx_override]
        fn beat_written(self: Pin<&mut GuardObject>, descriptor: i64, queued: i64);
        #[cxx_override]
        fn socket_received(self: Pin<&mut GuardObject>);
        #[cxx_override]
        fn displayed(self: Pin<&mut GuardObject>);
        #[cxx_override]
        fn socket_failed(self: Pin<&mut GuardObject>, error: SocketError, descriptor: i64);
        #[cxx_override]
        fn socket_closing(self: Pin<&mut GuardObject>, descriptor: i64);
        #[cxx_override]
        fn socket_disconnected(self: Pin<&mut GuardObject>, error: SocketError, descriptor: i64);
        #[cxx_override]
        fn refused(self: Pin<&mut GuardObject>, why: &QString);
        #[cxx_override]
        fn socket_kept(self: Pin<&mut GuardObject>);
        #[cxx_override]
        fn is_refused(self: &GuardObject, why: &QString) -> bool;
        #[cxx_override]
        fn is_blind(self: &GuardObject) -> bool;
        #[cxx_override]
        fn history(self: &GuardObject) -> QString;
    }

    // What the base does.
    #[auto_cxx_name]
    unsafe extern "RustQt" {
        #[inherit]
        fn warn(self: &GuardObject, words: &QString);
        #[inherit]
        fn descriptor(self: &GuardObject) -> i64;
        #[inherit]
        fn drop_witness(self: Pin<&mut GuardObject>);
        #[inherit]
        fn is_owned(self: &GuardObject) -> bool;
        #[inherit]
        fn look_in(self: Pin<&mut GuardObject>, milliseconds: i64, lateness: i64);
        #[inherit]
        fn hear_received(self: Pin<&mut GuardObject>, hear: bool);
        #[inherit]
        fn hold_found(
            self: Pin<&mut GuardObject>,
            enabled: i64,
            idle: i64,
            interval: i64,
            count: i64,
            user_timeout: i64,
            retransmit_within: i64,
        );
        #[inherit]
        fn inherited(self: &GuardObject, number: i32) -> i64;
        #[inherit]
        fn publish(
            self: Pin<&mut GuardObject>,
            changes: u32,
            loss: LossReason,
            detail: &QString,
            failure: &QString,
        );
    }

    impl cxx_qt::Constructor<(*mut QObject,), BaseArguments = (*mut QObject,)> for GuardObject {}
}

/// The Rust half of the object.
#[derive(Default)]
pub struct GuardObjectRust {
    guard: Guard,
    /// What few guards have.
    rare: Option<Box<Rare>>,
}

#[derive(Default)]
struct Rare {
    heartbeat_payload: QByteArray,
    /// The payload is refused because of whom the socket belongs to, and not for what it is.
    framed: bool,
    /// What was displayed last.
    displayed: Live,
}

impl GuardObjectRust {
    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}

impl cxx_qt::Constructor<(*mut QObject,)> for ffi::GuardObject {
    type NewArguments = ();
    type BaseArguments = (*mut QObject,);
    type InitializeArguments = ();

    fn route_arguments(
        face: (*mut QObject,),
    ) -> (Self::NewArguments, Self::BaseArguments, Self::InitializeArguments) {
        ((), face, ())
    }

    fn new((): ()) -> GuardObjectRust {
        GuardObjectRust::default()
    }
}
