//! `ka::KeepAlive`: settings and evidence go to the [`Guard`], its decisions to the C++ base.
//!
//! Each function here does the same three things: it lets the guard decide, compares the guard's
//! [`View`] before and after, and hands the differences to the base's `publish`, which emits. No
//! borrow of the guard is alive then, and nothing of this object is touched afterwards: a slot may
//! set properties, connect the socket anew, or delete the object.

use std::pin::Pin;
use std::time::{Duration, Instant};

use cxx_qt::CxxQtType as _;
use cxx_qt_lib::{QByteArray, QString};

use crate::bridge::{Fault, contain};
use crate::config::{Config, detect_within_range};
use crate::error::{Error, OptionName, Unit};
use crate::found::Found;
use crate::guard::{About, Clock, Guard, Orders, Settings, State, View};
use crate::kernel::{self, Kernel as _};
use crate::loss::{Evidence, LossReason, ReportedError};
use crate::plan::Range;
use crate::settings::{HEARTBEAT_INTERVAL, HEARTBEAT_TIMEOUT};
use crate::snapshot::ConnectionState;
use crate::{sys, witness};
use ffi::QObject;

// What the names mean is said where users read them: cpp/include/ka.
#[cxx_qt::bridge(namespace = "ka")]
pub mod ffi {
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

    #[namespace = "ka::detail"]
    #[repr(u32)]
    enum Change {
        Socket = 1,
        Enabled = 2,
        Idle = 4,
        Interval = 8,
        Count = 16,
        UserTimeout = 32,
        DetectWithin = 64,
        State = 128,
        LossReason = 256,
        ErrorString = 512,
        DetectionTime = 1024,
        HeartbeatInterval = 2048,
        HeartbeatTimeout = 4096,
        HeartbeatPayload = 8192,
        AbortOnLoss = 16384,
        Silence = 32768,
        UnansweredProbes = 65536,
        RoundTripTime = 131072,
        Suspected = 262144,
        Recovered = 524288,
        BeatDue = 1048576,
        MustAbort = 2097152,
        Capabilities = 4194304,
    }

    #[namespace = "ka::detail"]
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

        include!("ka/detail/socket_tap.h");
        #[namespace = "ka::detail"]
        type Change;
        #[namespace = "ka::detail"]
        type SocketError;

        include!("cxx-qt-lib/qstring.h");
        #[namespace = ""]
        type QString = cxx_qt_lib::QString;
        include!("cxx-qt-lib/qbytearray.h");
        #[namespace = ""]
        type QByteArray = cxx_qt_lib::QByteArray;
    }

    unsafe extern "C++Qt" {
        include!("ka/detail/socket_tap.h");
        #[qobject]
        #[namespace = "ka::detail"]
        type SocketTap;
    }

    #[auto_cxx_name]
    unsafe extern "RustQt" {
        #[qobject]
        #[base = SocketTap]
        #[qproperty(bool, enabled, READ = is_enabled, WRITE = set_enabled, NOTIFY = enabled_changed, FINAL)]
        #[qproperty(i32, idle, READ = idle, WRITE = set_idle, NOTIFY = idle_changed, FINAL)]
        #[qproperty(i32, interval, READ = interval, WRITE = set_interval, NOTIFY = interval_changed, FINAL)]
        #[qproperty(i32, count, READ = count, WRITE = set_count, NOTIFY = count_changed, FINAL)]
        #[qproperty(i32, user_timeout, READ = user_timeout, WRITE = set_user_timeout, NOTIFY = user_timeout_changed, FINAL)]
        #[qproperty(i32, detect_within, READ = detect_within, WRITE = set_detect_within, NOTIFY = detect_within_changed, FINAL)]
        #[qproperty(QString, error_string, READ = error_string, NOTIFY = error_string_changed, FINAL)]
        #[qproperty(i32, detection_time, READ = detection_time, NOTIFY = detection_time_changed, FINAL)]
        #[qproperty(i32, heartbeat_interval, READ = heartbeat_interval, WRITE = set_heartbeat_interval, NOTIFY = heartbeat_interval_changed, FINAL)]
        #[qproperty(i32, heartbeat_timeout, READ = heartbeat_timeout, WRITE = set_heartbeat_timeout, NOTIFY = heartbeat_timeout_changed, FINAL)]
        #[qproperty(QByteArray, heartbeat_payload, READ = heartbeat_payload, WRITE = set_heartbeat_payload, NOTIFY = heartbeat_payload_changed, FINAL)]
        #[qproperty(bool, abort_on_loss, READ = abort_on_loss, WRITE = set_abort_on_loss, NOTIFY = abort_on_loss_changed, FINAL)]
        #[qproperty(i32, silence, READ = silence, NOTIFY = silence_changed, FINAL)]
        #[qproperty(i32, unanswered_probes, READ = unanswered_probes, NOTIFY = unanswered_probes_changed, FINAL)]
        #[qproperty(i32, round_trip_time, READ = round_trip_time, NOTIFY = round_trip_time_changed, FINAL)]
        type KeepAlive = super::KeepAliveRust;

        #[cxx_name = "enabled"]
        fn is_enabled(self: &KeepAlive) -> bool;
        fn set_enabled(self: Pin<&mut KeepAlive>, enabled: bool);
        fn idle(self: &KeepAlive) -> i32;
        fn set_idle(self: Pin<&mut KeepAlive>, milliseconds: i32);
        fn interval(self: &KeepAlive) -> i32;
        fn set_interval(self: Pin<&mut KeepAlive>, milliseconds: i32);
        fn count(self: &KeepAlive) -> i32;
        fn set_count(self: Pin<&mut KeepAlive>, count: i32);
        fn user_timeout(self: &KeepAlive) -> i32;
        fn set_user_timeout(self: Pin<&mut KeepAlive>, milliseconds: i32);
        fn detect_within(self: &KeepAlive) -> i32;
        fn set_detect_within(self: Pin<&mut KeepAlive>, milliseconds: i32);
        #[cxx_override]
        fn state(self: &KeepAlive) -> State;
        #[cxx_override]
        fn loss_reason(self: &KeepAlive) -> LossReason;
        fn error_string(self: &KeepAlive) -> QString;
        fn detection_time(self: &KeepAlive) -> i32;
        fn heartbeat_interval(self: &KeepAlive) -> i32;
        fn set_heartbeat_interval(self: Pin<&mut KeepAlive>, milliseconds: i32);
        fn heartbeat_timeout(self: &KeepAlive) -> i32;
        fn set_heartbeat_timeout(self: Pin<&mut KeepAlive>, milliseconds: i32);
        #[cxx_override]
        fn heartbeat_payload(self: &KeepAlive) -> QByteArray;
        fn set_heartbeat_payload(self: Pin<&mut KeepAlive>, payload: &QByteArray);
        fn abort_on_loss(self: &KeepAlive) -> bool;
        fn set_abort_on_loss(self: Pin<&mut KeepAlive>, abort: bool);
        fn silence(self: &KeepAlive) -> i32;
        fn unanswered_probes(self: &KeepAlive) -> i32;
        fn round_trip_time(self: &KeepAlive) -> i32;
    }

    // What the base hears.
    #[auto_cxx_name]
    unsafe extern "RustQt" {
        #[cxx_override]
        fn socket_replaced(
            self: Pin<&mut KeepAlive>,
            present: bool,
            descriptor: i64,
            inherits: bool,
        );
        #[cxx_override]
        fn socket_renewed(self: Pin<&mut KeepAlive>, descriptor: i64);
        #[cxx_override]
        fn socket_connected(self: Pin<&mut KeepAlive>, descriptor: i64);
        #[cxx_override]
        fn socket_looked(self: Pin<&mut KeepAlive>, descriptor: i64, queued: i64);
        #[cxx_override]
        fn beat_written(self: Pin<&mut KeepAlive>, descriptor: i64, queued: i64);
        #[cxx_override]
        fn socket_received(self: Pin<&mut KeepAlive>);
        #[cxx_override]
        fn displayed(self: Pin<&mut KeepAlive>);
        #[cxx_override]
        fn socket_failed(self: Pin<&mut KeepAlive>, error: SocketError, descriptor: i64);
        #[cxx_override]
        fn socket_closing(self: Pin<&mut KeepAlive>, descriptor: i64);
        #[cxx_override]
        fn socket_disconnected(self: Pin<&mut KeepAlive>, error: SocketError, descriptor: i64);
        #[cxx_override]
        fn refused(self: Pin<&mut KeepAlive>, why: &QString);
        #[cxx_override]
        fn socket_kept(self: Pin<&mut KeepAlive>);
        #[cxx_override]
        fn is_refused(self: &KeepAlive, why: &QString) -> bool;
        #[cxx_override]
        fn is_blind(self: &KeepAlive) -> bool;
    }

    // What the base does.
    #[auto_cxx_name]
    unsafe extern "RustQt" {
        #[inherit]
        fn adopt_parent(self: Pin<&mut KeepAlive>);
        #[inherit]
        fn warn(self: &KeepAlive, words: &QString);
        #[inherit]
        fn descriptor(self: &KeepAlive) -> i64;
        #[inherit]
        fn drop_witness(self: Pin<&mut KeepAlive>);
        #[inherit]
        fn is_owned(self: &KeepAlive) -> bool;
        #[inherit]
        fn look_in(self: Pin<&mut KeepAlive>, milliseconds: i64, lateness: i64);
        #[inherit]
        fn hear_received(self: Pin<&mut KeepAlive>, hear: bool);
        #[inherit]
        fn hold_found(
            self: Pin<&mut KeepAlive>,
            enabled: i64,
            idle: i64,
            interval: i64,
            count: i64,
            user_timeout: i64,
            retransmit_within: i64,
        );
        #[inherit]
        fn inherited(self: &KeepAlive, number: i32) -> i64;
        #[inherit]
        fn publish(
            self: Pin<&mut KeepAlive>,
            changes: u32,
            loss: LossReason,
            detail: &QString,
            failure: &QString,
        );
    }

    // The signals that the properties name; they belong to the base, which alone emits them.
    #[auto_cxx_name]
    unsafe extern "RustQt" {
        #[inherit]
        #[qsignal]
        fn enabled_changed(self: Pin<&mut KeepAlive>);
        #[inherit]
        #[qsignal]
        fn idle_changed(self: Pin<&mut KeepAlive>);
        #[inherit]
        #[qsignal]
        fn interval_changed(self: Pin<&mut KeepAlive>);
        #[inherit]
        #[qsignal]
        fn count_changed(self: Pin<&mut KeepAlive>);
        #[inherit]
        #[qsignal]
        fn user_timeout_changed(self: Pin<&mut KeepAlive>);
        #[inherit]
        #[qsignal]
        fn detect_within_changed(self: Pin<&mut KeepAlive>);
        #[inherit]
        #[qsignal]
        fn error_string_changed(self: Pin<&mut KeepAlive>);
        #[inherit]
        #[qsignal]
        fn detection_time_changed(self: Pin<&mut KeepAlive>);
        #[inherit]
        #[qsignal]
        fn heartbeat_interval_changed(self: Pin<&mut KeepAlive>);
        #[inherit]
        #[qsignal]
        fn heartbeat_timeout_changed(self: Pin<&mut KeepAlive>);
        #[inherit]
        #[qsignal]
        fn heartbeat_payload_changed(self: Pin<&mut KeepAlive>);
        #[inherit]
        #[qsignal]
        fn abort_on_loss_changed(self: Pin<&mut KeepAlive>);
        #[inherit]
        #[qsignal]
        fn silence_changed(self: Pin<&mut KeepAlive>);
        #[inherit]
        #[qsignal]
        fn unanswered_probes_changed(self: Pin<&mut KeepAlive>);
        #[inherit]
        #[qsignal]
        fn round_trip_time_changed(self: Pin<&mut KeepAlive>);
    }

    impl cxx_qt::Constructor<()> for KeepAlive {}
    impl cxx_qt::Constructor<(*mut QObject,), BaseArguments = (*mut QObject,)> for KeepAlive {}
}

/// The Rust half of a `ka::KeepAlive`.
#[derive(Default)]
pub struct KeepAliveRust {
    guard: Guard,
    heartbeat_payload: QByteArray,
    /// The payload is refused because of whom the socket belongs to, and not for what it is.
    framed: bool,
    /// What was displayed last.
    shown: Shown,
}

/// What changes all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shown {
    silence: i32,
    unanswered_probes: i32,
    round_trip_time: i32,
}

impl Default for Shown {
    fn default() -> Self {
        Self { silence: -1, unanswered_probes: -1, round_trip_time: -1 }
    }
}

/// A beat is a few bytes; what does not fit a socket's buffer would wait behind itself.
const LONGEST_PAYLOAD: Range =
    Range { option: OptionName(c"heartbeatPayload"), unit: Unit::Bytes, min: 0, max: 65536 };

impl cxx_qt::Constructor<()> for ffi::KeepAlive {
    type NewArguments = ();
    type BaseArguments = ();
    type InitializeArguments = ();

    fn route_arguments(
        (): (),
    ) -> (Self::NewArguments, Self::BaseArguments, Self::InitializeArguments) {
        ((), (), ())
    }

    fn new((): ()) -> KeepAliveRust {
        KeepAliveRust::default()
    }
}

impl cxx_qt::Constructor<(*mut QObject,)> for ffi::KeepAlive {
    type NewArguments = ();
    type BaseArguments = (*mut QObject,);
    type InitializeArguments = ();

    fn route_arguments(
        parent: (*mut QObject,),
    ) -> (Self::NewArguments, Self::BaseArguments, Self::InitializeArguments) {
        ((), parent, ())
    }

    fn new((): ()) -> KeepAliveRust {
        KeepAliveRust::default()
    }

    fn initialize(self: Pin<&mut Self>, (): ()) {
        self.adopt_parent();
    }
}

impl ffi::KeepAlive {
    fn is_enabled(&self) -> bool {
        self.settings().values.enabled
    }

    fn set_enabled(self: Pin<&mut Self>, enabled: bool) {
        self.change_value(About::Enabled, |values| Ok(Config { enabled, ..values }));
    }

    fn idle(&self) -> i32 {
        milliseconds(self.settings().values.idle, 0)
    }

    fn set_idle(self: Pin<&mut Self>, ms: i32) {
        self.doubt_seconds("idle", ms, self.idle());
        self.change_value(About::Idle, |values| {
            let range = sys::limits()?.idle.range()?;
            let idle = unless(ms, 0).map(|ms| range.milliseconds(ms)).transpose()?;
            Ok(Config { idle, ..values })
        });
    }

    fn interval(&self) -> i32 {
        milliseconds(self.settings().values.interval, 0)
    }

    fn set_interval(self: Pin<&mut Self>, ms: i32) {
        self.doubt_seconds("interval", ms, self.interval());
        self.change_value(About::Interval, |values| {
            let range = sys::limits()?.interval.range()?;
            let interval = unless(ms, 0).map(|ms| range.milliseconds(ms)).transpose()?;
            Ok(Config { interval, ..values })
        });
    }

    fn count(&self) -> i32 {
        let count = self.settings().values.count;
        count.and_then(|count| i32::try_from(count).ok()).unwrap_or(0)
    }

    fn set_count(self: Pin<&mut Self>, count: i32) {
        self.change_value(About::Count, |values| {
            let range = sys::limits()?.count.range()?;
            let count = unless(count, 0).map(|count| range.number(count)).transpose()?;
            Ok(Config { count, ..values })
        });
    }

    fn user_timeout(&self) -> i32 {
        milliseconds(self.settings().values.user_timeout, -1)
    }

    fn set_user_timeout(self: Pin<&mut Self>, ms: i32) {
        self.doubt_seconds("userTimeout", ms, self.user_timeout());
        self.change_value(About::UserTimeout, |values| {
            let range = sys::limits()?.user_timeout.range()?;
            let user_timeout = unless(ms, -1).map(|ms| range.milliseconds(ms)).transpose()?;
            Ok(Config { user_timeout, ..values })
        });
    }

    fn detect_within(&self) -> i32 {
        milliseconds(self.settings().detect_within, 0)
    }

    fn set_detect_within(self: Pin<&mut Self>, ms: i32) {
        self.change(About::DetectWithin, |settings| {
            let range = detect_within_range(sys::limits()?)?;
            let detect_within = unless(ms, 0).map(|ms| range.milliseconds(ms)).transpose()?;
            Ok(Settings { detect_within, ..settings })
        });
    }

    fn heartbeat_interval(&self) -> i32 {
        milliseconds(self.settings().heartbeat_interval, 0)
    }

    fn set_heartbeat_interval(self: Pin<&mut Self>, ms: i32) {
        self.change(About::HeartbeatInterval, |settings| {
            let range = &HEARTBEAT_INTERVAL;
            let heartbeat_interval = unless(ms, 0).map(|ms| range.milliseconds(ms)).transpose()?;
            Ok(Settings { heartbeat_interval, ..settings })
        });
    }

    fn heartbeat_timeout(&self) -> i32 {
        milliseconds(self.settings().heartbeat_timeout, 0)
    }

    fn set_heartbeat_timeout(self: Pin<&mut Self>, ms: i32) {
        self.change(About::HeartbeatTimeout, |settings| {
            let range = &HEARTBEAT_TIMEOUT;
            let heartbeat_timeout = unless(ms, 0).map(|ms| range.milliseconds(ms)).transpose()?;
            Ok(Settings { heartbeat_timeout, ..settings })
        });
    }

    fn heartbeat_payload(&self) -> QByteArray {
        self.rust().heartbeat_payload.clone()
    }

    fn set_heartbeat_payload(mut self: Pin<&mut Self>, payload: &QByteArray) {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        self.as_mut().rust_mut().get_mut().framed = false;
        if let Err(error) = LONGEST_PAYLOAD.check(length) {
            self.show(0, |guard| refuse(guard, About::Payload, error.to_string()));
        } else if length > 0 && self.is_owned() {
            let why = "heartbeatPayload: the socket belongs to another object, which frames what it \
                       sends; leave the payload empty and send a ping on heartbeatDue()";
            self.show(0, |guard| refuse(guard, About::Payload, why.to_owned()));
        } else {
            let old = &mut self.as_mut().rust_mut().get_mut().heartbeat_payload;
            let same = old == payload;
            *old = payload.clone();
            let changes = if same { 0 } else { ffi::Change::HeartbeatPayload.repr };
            self.decide(changes, |guard| {
                guard.accepted(About::Payload);
                Ok(Orders::default())
            });
        }
    }

    fn abort_on_loss(&self) -> bool {
        self.settings().abort_on_loss
    }

    fn set_abort_on_loss(self: Pin<&mut Self>, abort_on_loss: bool) {
        self.change(About::AbortOnLoss, |settings| Ok(Settings { abort_on_loss, ..settings }));
    }

    fn silence(&self) -> i32 {
        self.look_now().silence
    }

    fn unanswered_probes(&self) -> i32 {
        self.look_now().unanswered_probes
    }

    fn round_trip_time(&self) -> i32 {
        self.look_now().round_trip_time
    }

    /// What there is to show of the connection at this moment.
    fn look_now(&self) -> Shown {
        let connected = self.rust().guard.is_connected();
        let descriptor = if connected { self.descriptor() } else { -1 };
        kernel::Socket::numbered(descriptor).snapshot().map_or_else(Shown::default, |info| Shown {
            silence: milliseconds(info.silence(), -1),
            unanswered_probes: info
                .probes
                .and_then(|probes| i32::try_from(probes).ok())
                .unwrap_or(-1),
            round_trip_time: milliseconds(info.round_trip_time, -1),
        })
    }

    fn displayed(mut self: Pin<&mut Self>) {
        let now = self.look_now();
        let before = std::mem::replace(&mut self.as_mut().rust_mut().get_mut().shown, now);
        let changes = bits(&[
            (ffi::Change::Silence, before.silence != now.silence),
            (ffi::Change::UnansweredProbes, before.unanswered_probes != now.unanswered_probes),
            (ffi::Change::RoundTripTime, before.round_trip_time != now.round_trip_time),
        ]);
        if changes != 0 {
            self.publish(changes, qt_reason(None), &QString::default(), &QString::default());
        }
    }

    fn state(&self) -> ffi::State {
        match self.rust().guard.state() {
            State::Detached => ffi::State::Detached,
            State::Waiting => ffi::State::Waiting,
            State::Healthy => ffi::State::Healthy,
            State::Suspect => ffi::State::Suspect,
            State::Lost => ffi::State::Lost,
        }
    }

    fn loss_reason(&self) -> ffi::LossReason {
        qt_reason(self.rust().guard.view().loss_reason)
    }

    fn error_string(&self) -> QString {
        QString::from(&self.rust().guard.view().error)
    }

    fn detection_time(&self) -> i32 {
        milliseconds(self.rust().guard.view().detection_time, -1)
    }

    fn socket_replaced(mut self: Pin<&mut Self>, present: bool, descriptor: i64, inherits: bool) {
        let inherited = inherits
            .then(|| Found::of_numbers([0, 1, 2, 3, 4, 5].map(|number| self.inherited(number))));
        // With another owner it is refused anew.
        let framed = std::mem::take(&mut self.as_mut().rust_mut().get_mut().framed);
        self.decide(CONNECTING | ffi::Change::Socket.repr, |guard| {
            if framed {
                guard.accepted(About::Payload);
            }
            guard.detached();
            if present {
                guard.attached();
            }
            connect(guard, descriptor, inherited)
        });
    }

    fn socket_renewed(self: Pin<&mut Self>, descriptor: i64) {
        self.decide(CONNECTING, |guard| {
            guard.renewed();
            guard.accepted(About::Socket);
            connect(guard, descriptor, None)
        });
    }

    fn socket_connected(self: Pin<&mut Self>, descriptor: i64) {
        self.decide(CONNECTING, |guard| connect(guard, descriptor, None));
    }

    fn socket_looked(self: Pin<&mut Self>, descriptor: i64, queued: i64) {
        let asks = queued >= 0;
        let queued = u64::try_from(queued).unwrap_or(0);
        self.decide(0, |guard| {
            if !asks {
                guard.put_beats_off(Clock::read());
            }
            Ok(guard.look(queued, Clock::read(), &mut kernel::Socket::numbered(descriptor)))
        });
    }

    fn beat_written(self: Pin<&mut Self>, descriptor: i64, queued: i64) {
        let queued = u64::try_from(queued).unwrap_or(0);
        self.decide(0, |guard| {
            let mut kernel = kernel::Socket::numbered(descriptor);
            guard.beat_written(queued, Clock::read(), &mut kernel);
            Ok(Orders::default())
        });
    }

    fn socket_received(self: Pin<&mut Self>) {
        self.rust_mut().get_mut().guard.received(Clock::read());
    }

    fn socket_failed(self: Pin<&mut Self>, error: ffi::SocketError, descriptor: i64) {
        self.decide(0, |guard| {
            guard.reported(reported(error), is_alive(descriptor), Clock::read());
            Ok(Orders::default())
        });
    }

    fn socket_closing(self: Pin<&mut Self>, descriptor: i64) {
        self.decide(0, |guard| {
            guard.closing(takes_data(descriptor), Clock::read());
            Ok(Orders::default())
        });
    }

    fn socket_disconnected(mut self: Pin<&mut Self>, error: ffi::SocketError, descriptor: i64) {
        let evidence = evidence(reported(error), descriptor);
        self.as_mut().drop_witness();
        self.decide(0, |guard| {
            Ok(Orders { loss: guard.disconnected(evidence), ..Orders::default() })
        });
    }

    fn refused(mut self: Pin<&mut Self>, why: &QString) {
        let why = String::from(why);
        // The base refuses sockets, and the bytes that a socket cannot be given.
        let about = match why.starts_with("heartbeatPayload: ") {
            true => About::Payload,
            false => About::Socket,
        };
        if about == About::Payload {
            self.as_mut().rust_mut().get_mut().framed = true;
        }
        self.show(0, |guard| refuse(guard, about, why));
    }

    fn socket_kept(self: Pin<&mut Self>) {
        self.decide(0, |guard| {
            guard.accepted(About::Socket);
            Ok(Orders::default())
        });
    }

    fn is_refused(&self, why: &QString) -> bool {
        self.rust().guard.is_refused(&String::from(why))
    }

    fn is_blind(&self) -> bool {
        self.rust().guard.view().blind
    }

    fn settings(&self) -> &Settings {
        self.rust().guard.settings()
    }

    /// A time of less than a second is a rare wish for these, and a usual mistake: Qt 6.11's own
    /// options count in seconds.
    fn doubt_seconds(&self, name: &str, ms: i32, before: i32) {
        if (1..1000).contains(&ms) && ms != before {
            let words = format!(
                "{name}: {ms} is taken for milliseconds, as all times here are; {ms} s are {}",
                i64::from(ms) * 1000
            );
            self.warn(&QString::from(&words));
        }
    }

    /// A setter of one of the values.
    fn change_value(
        self: Pin<&mut Self>,
        about: About,
        wanted: impl FnOnce(Config) -> Result<Config, Error>,
    ) {
        self.change(about, |settings| {
            Ok(Settings { values: wanted(settings.values)?, ..settings })
        });
    }

    /// A setter: the wanted settings, or why they cannot be.
    fn change(
        self: Pin<&mut Self>,
        about: About,
        wanted: impl FnOnce(Settings) -> Result<Settings, Error>,
    ) {
        let mut kernel = kernel::Socket::numbered(self.descriptor());
        self.decide(0, |guard| {
            // Of the heart-beat's two times one may wait for the other.
            let settings = match about {
                About::HeartbeatInterval | About::HeartbeatTimeout => guard.settings_asked(),
                _ => *guard.settings(),
            };
            let wanted = wanted(settings);
            guard.change(about, wanted, Clock::read(), &mut kernel)
        });
    }

    /// Lets the guard decide, and shows what came of it.
    fn decide(
        self: Pin<&mut Self>,
        changes: u32,
        decision: impl FnOnce(&mut Guard) -> Result<Orders, Error>,
    ) {
        self.show(changes, |guard| match contain(|| decision(guard)) {
            Ok(orders) => (orders, None),
            Err(Fault::Refused(error)) => (Orders::default(), Some(error.to_string())),
            Err(Fault::Panic(words)) => refuse(guard, About::Connection, words),
        });
    }

    /// Runs `act` on the guard, does what it ordered, and emits what has changed by it. The last
    /// thing that a function does: a slot may have deleted the object.
    fn show(
        mut self: Pin<&mut Self>,
        changes: u32,
        act: impl FnOnce(&mut Guard) -> (Orders, Option<String>),
    ) {
        let guard = &mut self.as_mut().rust_mut().get_mut().guard;
        let before = guard.view();
        let found = guard.found().filter(|_| changes & CONNECTING == 0);
        let refusals = guard.refusals();
        let (orders, failure) = act(guard);
        let after = guard.view();
        // Not only what a call has returned.
        let failure =
            failure.or_else(|| (guard.refusals() != refusals).then(|| after.error.clone()));
        let differences = differences(&before, &after) | acts(&orders);
        let changes = (changes & !CONNECTING) | differences;
        let (next_look, hears) = (guard.next_look(), guard.wants_received());

        // It outlives the guard by the moment that it takes to put it back.
        let now_found = guard.found().filter(|now| Some(*now) != found);
        if let Some([enabled, idle, interval, count, user_timeout, retransmit_within]) =
            now_found.map(|found| found.numbers())
        {
            let this = self.as_mut();
            this.hold_found(enabled, idle, interval, count, user_timeout, retransmit_within);
        }
        self.as_mut().hear_received(hears);

        // Lost and not aborted: Qt may take long to find out, and the FIN is not to wait for it.
        if orders.loss.is_some() {
            self.as_mut().drop_witness();
        }
        let (after, lateness) = next_look.map_or((-1, 0), |look| {
            let now = Instant::now();
            let wait = look.at.saturating_duration_since(now);
            // Rounded up: a look that comes early finds nothing and has to come again.
            let after = i64::from(milliseconds(Some(wait), 0)) + 1;
            // One that is due is not put off by each call in between.
            let spent = now.saturating_duration_since(look.at);
            let lateness = look.lateness.saturating_sub(spent);
            (after, i64::from(milliseconds(Some(lateness), 0)))
        });
        self.as_mut().look_in(after, lateness);

        if changes == 0 && orders.loss.is_none() && failure.is_none() {
            return; // as nearly always
        }
        // With the order to abort it is what the socket says of itself.
        let said = orders.loss.or(orders.verdict);
        let detail = said.map(|loss| QString::from(&loss.to_string())).unwrap_or_default();
        let failure = failure.map(|words| QString::from(&words)).unwrap_or_default();
        self.publish(changes, qt_reason(orders.loss.map(|loss| loss.reason)), &detail, &failure);
    }
}

/// No connection, where C++ speaks of a descriptor. (−2, its `noDescriptor`, is a connection without
/// one: a kernel that is asked about it refuses.)
const NO_CONNECTION: i64 = -1;

/// Beside the changes: there may be another connection now. No change has this bit.
const CONNECTING: u32 = 1 << 31;

/// The socket is connected, if there is a connection.
fn connect(guard: &mut Guard, descriptor: i64, inherited: Option<Found>) -> Result<Orders, Error> {
    if descriptor == NO_CONNECTION {
        return Ok(Orders::default());
    }
    guard.connected(inherited, Clock::read(), &mut kernel::Socket::numbered(descriptor))
}

fn refuse(guard: &mut Guard, about: About, why: String) -> (Orders, Option<String>) {
    guard.refused(about, why.clone());
    (Orders::default(), Some(why))
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

fn qt_reason(reason: Option<LossReason>) -> ffi::LossReason {
    match reason {
        None => ffi::LossReason::NoLoss,
        Some(LossReason::PeerClosed) => ffi::LossReason::PeerClosed,
        Some(LossReason::PeerReset) => ffi::LossReason::PeerReset,
        Some(LossReason::ProbesUnanswered) => ffi::LossReason::ProbesUnanswered,
        Some(LossReason::DataUnacknowledged) => ffi::LossReason::DataUnacknowledged,
        Some(LossReason::HeartbeatMissed) => ffi::LossReason::HeartbeatMissed,
        Some(LossReason::NetworkUnreachable) => ffi::LossReason::NetworkUnreachable,
        Some(LossReason::Unknown) => ffi::LossReason::UnknownLoss,
    }
}

/// A number as Qt gives it, unless it is the one that means "leave alone".
fn unless(given: i32, alone: i32) -> Option<i64> {
    (given != alone).then_some(i64::from(given))
}

/// Qt's int of milliseconds; `none` where there is nothing.
fn milliseconds(time: Option<Duration>, none: i32) -> i32 {
    time.map_or(none, |time| i32::try_from(time.as_millis()).unwrap_or(i32::MAX))
}

fn differences(before: &View, after: &View) -> u32 {
    let (old, new) = (&before.settings, &after.settings);
    let (was, is) = (before.state, after.state);
    bits(&[
        (ffi::Change::Enabled, old.values.enabled != new.values.enabled),
        (ffi::Change::Idle, old.values.idle != new.values.idle),
        (ffi::Change::Interval, old.values.interval != new.values.interval),
        (ffi::Change::Count, old.values.count != new.values.count),
        (ffi::Change::UserTimeout, old.values.user_timeout != new.values.user_timeout),
        (ffi::Change::DetectWithin, old.detect_within != new.detect_within),
        (ffi::Change::HeartbeatInterval, old.heartbeat_interval != new.heartbeat_interval),
        (ffi::Change::HeartbeatTimeout, old.heartbeat_timeout != new.heartbeat_timeout),
        (ffi::Change::AbortOnLoss, old.abort_on_loss != new.abort_on_loss),
        (ffi::Change::State, was != is),
        (ffi::Change::LossReason, before.loss_reason != after.loss_reason),
        (ffi::Change::ErrorString, before.error != after.error),
        (ffi::Change::DetectionTime, before.detection_time != after.detection_time),
        (ffi::Change::Capabilities, before.blind != after.blind),
        (ffi::Change::Suspected, was != State::Suspect && is == State::Suspect),
        (ffi::Change::Recovered, was == State::Suspect && is == State::Healthy),
    ])
}

fn acts(orders: &Orders) -> u32 {
    bits(&[(ffi::Change::BeatDue, orders.beat), (ffi::Change::MustAbort, orders.abort)])
}

fn bits(changes: &[(ffi::Change, bool)]) -> u32 {
    changes.iter().filter(|(_, changed)| *changed).fold(0, |bits, (change, _)| bits | change.repr)
}
