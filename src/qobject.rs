//! `ka::KeepAlive`: settings and evidence go to the [`Guard`], its decisions to the C++ base.
//!
//! Each function here does the same three things: it lets the guard decide, compares the guard's
//! [`View`] before and after, and hands the differences to the base's `publish`, which emits. No
//! borrow of the guard is alive then, and nothing of this object is touched afterwards: a slot may
//! set properties, connect the socket anew, or delete the object.

use std::pin::Pin;
use std::time::Duration;

use cxx_qt::CxxQtType as _;
use cxx_qt_lib::QString;

use crate::bridge::{Fault, contain};
use crate::config::{Config, detect_within_range};
use crate::error::Error;
use crate::guard::{Guard, Kernel, Settings, State, View};
use crate::loss::{Evidence, Loss, LossReason, ReportedError};
use crate::snapshot::ConnectionState;
use crate::{socket, sys};
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
    }

    // What the base hears.
    #[auto_cxx_name]
    unsafe extern "RustQt" {
        #[cxx_override]
        fn socket_replaced(self: Pin<&mut KeepAlive>, present: bool, descriptor: i64);
        #[cxx_override]
        fn socket_connected(self: Pin<&mut KeepAlive>, descriptor: i64);
        #[cxx_override]
        fn socket_failed(self: Pin<&mut KeepAlive>, error: SocketError, descriptor: i64);
        #[cxx_override]
        fn socket_closing(self: Pin<&mut KeepAlive>, descriptor: i64);
        #[cxx_override]
        fn socket_disconnected(self: Pin<&mut KeepAlive>, error: SocketError, descriptor: i64);
        #[cxx_override]
        fn refused(self: Pin<&mut KeepAlive>, why: &QString);
    }

    // What the base does.
    #[auto_cxx_name]
    unsafe extern "RustQt" {
        #[inherit]
        fn adopt_parent(self: Pin<&mut KeepAlive>);
        #[inherit]
        fn descriptor(self: &KeepAlive) -> i64;
        #[inherit]
        fn drop_witness(self: Pin<&mut KeepAlive>);
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
    }

    impl cxx_qt::Constructor<()> for KeepAlive {}
    impl cxx_qt::Constructor<(*mut QObject,), BaseArguments = (*mut QObject,)> for KeepAlive {}
}

/// The Rust half of a `ka::KeepAlive`.
#[derive(Default)]
pub struct KeepAliveRust {
    guard: Guard,
}

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
        self.change_value(|values| Ok(Config { enabled, ..values }));
    }

    fn idle(&self) -> i32 {
        milliseconds(self.settings().values.idle, 0)
    }

    fn set_idle(self: Pin<&mut Self>, ms: i32) {
        self.change_value(|values| {
            let range = &sys::limits()?.idle;
            let idle = unless(ms, 0).map(|ms| range.milliseconds(ms)).transpose()?;
            Ok(Config { idle, ..values })
        });
    }

    fn interval(&self) -> i32 {
        milliseconds(self.settings().values.interval, 0)
    }

    fn set_interval(self: Pin<&mut Self>, ms: i32) {
        self.change_value(|values| {
            let range = &sys::limits()?.interval;
            let interval = unless(ms, 0).map(|ms| range.milliseconds(ms)).transpose()?;
            Ok(Config { interval, ..values })
        });
    }

    fn count(&self) -> i32 {
        let count = self.settings().values.count;
        count.and_then(|count| i32::try_from(count).ok()).unwrap_or(0)
    }

    fn set_count(self: Pin<&mut Self>, count: i32) {
        self.change_value(|values| {
            let range = &sys::limits()?.count;
            let count = unless(count, 0).map(|count| range.number(count)).transpose()?;
            Ok(Config { count, ..values })
        });
    }

    fn user_timeout(&self) -> i32 {
        milliseconds(self.settings().values.user_timeout, -1)
    }

    fn set_user_timeout(self: Pin<&mut Self>, ms: i32) {
        self.change_value(|values| {
            let range = &sys::limits()?.user_timeout;
            let user_timeout = unless(ms, -1).map(|ms| range.milliseconds(ms)).transpose()?;
            Ok(Config { user_timeout, ..values })
        });
    }

    fn detect_within(&self) -> i32 {
        milliseconds(self.settings().detect_within, 0)
    }

    fn set_detect_within(self: Pin<&mut Self>, ms: i32) {
        self.change(|settings| {
            let range = detect_within_range(sys::limits()?);
            let detect_within = unless(ms, 0).map(|ms| range.milliseconds(ms)).transpose()?;
            Ok(Settings { detect_within, ..settings })
        });
    }

    fn state(&self) -> ffi::State {
        match self.rust().guard.view().state {
            State::Detached => ffi::State::Detached,
            State::Waiting => ffi::State::Waiting,
            State::Healthy => ffi::State::Healthy,
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

    fn socket_replaced(self: Pin<&mut Self>, present: bool, descriptor: i64) {
        self.decide(ffi::Change::Socket.repr, |guard| {
            guard.detached();
            if present {
                guard.attached();
            }
            if descriptor >= 0 {
                guard.connected(&mut Descriptor(descriptor))?;
            }
            Ok(None)
        });
    }

    fn socket_connected(self: Pin<&mut Self>, descriptor: i64) {
        self.decide(0, |guard| {
            guard.connected(&mut Descriptor(descriptor))?;
            Ok(None)
        });
    }

    fn socket_failed(self: Pin<&mut Self>, error: ffi::SocketError, descriptor: i64) {
        self.decide(0, |guard| {
            guard.reported(reported(error), is_alive(descriptor));
            Ok(None)
        });
    }

    fn socket_closing(self: Pin<&mut Self>, descriptor: i64) {
        self.decide(0, |guard| {
            guard.closing(is_alive(descriptor));
            Ok(None)
        });
    }

    fn socket_disconnected(mut self: Pin<&mut Self>, error: ffi::SocketError, descriptor: i64) {
        let evidence = evidence(reported(error), descriptor);
        self.as_mut().drop_witness();
        self.decide(0, |guard| Ok(guard.disconnected(evidence)));
    }

    fn refused(self: Pin<&mut Self>, why: &QString) {
        let why = String::from(why);
        self.show(0, |guard| {
            guard.refused(why.clone());
            (None, Some(why))
        });
    }

    fn settings(&self) -> &Settings {
        self.rust().guard.settings()
    }

    /// A setter of one of the values.
    fn change_value(self: Pin<&mut Self>, wanted: impl FnOnce(Config) -> Result<Config, Error>) {
        self.change(|settings| Ok(Settings { values: wanted(settings.values)?, ..settings }));
    }

    /// A setter: the wanted settings, or why they cannot be.
    fn change(self: Pin<&mut Self>, wanted: impl FnOnce(Settings) -> Result<Settings, Error>) {
        let mut kernel = Descriptor(self.descriptor());
        self.decide(0, |guard| {
            let wanted = wanted(*guard.settings());
            guard.change(wanted, &mut kernel)?;
            Ok(None)
        });
    }

    /// Lets the guard decide, and shows what came of it.
    fn decide(
        self: Pin<&mut Self>,
        changes: u32,
        decision: impl FnOnce(&mut Guard) -> Result<Option<Loss>, Error>,
    ) {
        self.show(changes, |guard| match contain(|| decision(guard)) {
            Ok(loss) => (loss, None),
            Err(Fault::Refused(error)) => (None, Some(error.to_string())),
            Err(Fault::Panic(words)) => {
                guard.refused(words.clone());
                (None, Some(words))
            }
        });
    }

    /// Runs `act` on the guard, and emits what has changed by it. The last thing that a function
    /// does: a slot may have deleted the object.
    fn show(
        mut self: Pin<&mut Self>,
        changes: u32,
        act: impl FnOnce(&mut Guard) -> (Option<Loss>, Option<String>),
    ) {
        let (changes, loss, failure) = {
            let guard = &mut self.as_mut().rust_mut().get_mut().guard;
            let before = guard.view();
            let (loss, failure) = act(guard);
            (changes | differences(&before, &guard.view()), loss, failure)
        };
        let detail = loss.map(|loss| QString::from(&loss.to_string())).unwrap_or_default();
        let failure = failure.map(|words| QString::from(&words)).unwrap_or_default();
        self.publish(changes, qt_reason(loss.map(|loss| loss.reason)), &detail, &failure);
    }
}

/// The kernel behind a descriptor that Qt holds open.
struct Descriptor(i64);

impl Kernel for Descriptor {
    fn apply(&mut self, config: &Config) -> Result<Config, Error> {
        let socket = sys::borrow(self.0)?;
        socket::apply_to(socket, config)?;
        sys::query(socket)
    }
}

/// Whether the kernel holds the connection to be established. A closed descriptor is not.
fn is_alive(descriptor: i64) -> bool {
    let state = sys::borrow(descriptor).and_then(sys::snapshot).ok().and_then(|info| info.state);
    state == Some(ConnectionState::Established)
}

fn evidence(reported: ReportedError, descriptor: i64) -> Evidence {
    let duplicate = sys::borrow(descriptor).ok();
    Evidence {
        reported,
        heard: false,
        error_pending: duplicate.is_some_and(|fd| sys::error_pending(fd).unwrap_or(false)),
        snapshot: duplicate.and_then(|fd| sys::snapshot(fd).ok()),
        config: None,
    }
}

fn reported(error: ffi::SocketError) -> ReportedError {
    match error {
        ffi::SocketError::None => ReportedError::None,
        ffi::SocketError::ClosedByPeer => ReportedError::ClosedByPeer,
        ffi::SocketError::TimedOut => ReportedError::TimedOut,
        ffi::SocketError::Unreachable => ReportedError::Unreachable,
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
    let (old, new) = (&before.settings.values, &after.settings.values);
    let within = |view: &View| view.settings.detect_within;
    let changes = [
        (ffi::Change::Enabled, old.enabled != new.enabled),
        (ffi::Change::Idle, old.idle != new.idle),
        (ffi::Change::Interval, old.interval != new.interval),
        (ffi::Change::Count, old.count != new.count),
        (ffi::Change::UserTimeout, old.user_timeout != new.user_timeout),
        (ffi::Change::DetectWithin, within(before) != within(after)),
        (ffi::Change::State, before.state != after.state),
        (ffi::Change::LossReason, before.loss_reason != after.loss_reason),
        (ffi::Change::ErrorString, before.error != after.error),
        (ffi::Change::DetectionTime, before.detection_time != after.detection_time),
    ];
    changes.iter().filter(|(_, changed)| *changed).fold(0, |bits, (change, _)| bits | change.repr)
}
