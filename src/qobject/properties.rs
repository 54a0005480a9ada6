//! What Qt reads of a guard and sets on it. A new property has its row here, its declaration in
//! cpp/include/ka/keepalive.h, and its two lines in cpp/keepalive.cpp.

use std::iter;
use std::pin::Pin;
use std::time::Duration;

use cxx_qt::CxxQtType as _;
use cxx_qt_lib::{QByteArray, QString};

use super::deciding::refuse;
use super::ffi;
use crate::config::Config;
use crate::deadline::detect_within_range;
use crate::error::{Error, OptionName, Unit};
use crate::guard::{About, Input, Settings, State, View};
use crate::kernel::{self, Kernel as _};
use crate::loss::LossReason;
use crate::plan::Range;
use crate::settings::{HEARTBEAT_INTERVAL, HEARTBEAT_TIMEOUT};
use crate::sys;

/// What Qt has as a number: a bool, an int, or an enum.
pub(super) struct Property {
    pub(super) property: ffi::Property,
    pub(super) get: fn(&View) -> i32,
    set: Option<Setter>,
}

/// How it is set.
struct Setter {
    about: About,
    /// The settings with that number. They are wanted, and may not be possible.
    wanted: fn(Settings, i64) -> Result<Settings, Error>,
    /// A time of less than a second is hardly meant: by this name it is doubted aloud.
    doubted: Option<&'static str>,
}

impl Property {
    const fn shown(property: ffi::Property, get: fn(&View) -> i32) -> Self {
        Self { property, get, set: None }
    }

    const fn setting(
        property: ffi::Property,
        about: About,
        get: fn(&View) -> i32,
        wanted: fn(Settings, i64) -> Result<Settings, Error>,
    ) -> Self {
        Self { property, get, set: Some(Setter { about, wanted, doubted: None }) }
    }

    const fn doubted(mut self, name: &'static str) -> Self {
        if let Some(setter) = &mut self.set {
            setter.doubted = Some(name);
        }
        self
    }
}

/// All but those that are read from the kernel, in the order of [`ffi::Property`].
pub(super) const PROPERTIES: [Property; 12] = [
    Property::setting(
        ffi::Property::Enabled,
        About::Enabled,
        |view| i32::from(view.settings.values.enabled),
        |settings, on| with_values(settings, |values| Config { enabled: on != 0, ..values }),
    ),
    Property::setting(
        ffi::Property::Idle,
        About::Idle,
        |view| milliseconds(view.settings.values.idle, 0),
        |settings, ms| {
            let range = sys::limits()?.idle.range()?;
            let idle = unless(ms, 0).map(|ms| range.milliseconds(ms)).transpose()?;
            with_values(settings, |values| Config { idle, ..values })
        },
    )
    .doubted("idle"),
    Property::setting(
        ffi::Property::Interval,
        About::Interval,
        |view| milliseconds(view.settings.values.interval, 0),
        |settings, ms| {
            let range = sys::limits()?.interval.range()?;
            let interval = unless(ms, 0).map(|ms| range.milliseconds(ms)).transpose()?;
            with_values(settings, |values| Config { interval, ..values })
        },
    )
    .doubted("interval"),
    Property::setting(
        ffi::Property::Count,
        About::Count,
        |view| {
            let count = view.settings.values.count;
            count.and_then(|count| i32::try_from(count).ok()).unwrap_or(0)
        },
        |settings, count| {
            let range = sys::limits()?.count.range()?;
            let count = unless(count, 0).map(|count| range.number(count)).transpose()?;
            with_values(settings, |values| Config { count, ..values })
        },
    ),
    Property::setting(
        ffi::Property::UserTimeout,
        About::UserTimeout,
        |view| milliseconds(view.settings.values.user_timeout, -1),
        |settings, ms| {
            let range = sys::limits()?.user_timeout.range()?;
            let user_timeout = unless(ms, -1).map(|ms| range.milliseconds(ms)).transpose()?;
            with_values(settings, |values| Config { user_timeout, ..values })
        },
    )
    .doubted("userTimeout"),
    Property::setting(
        ffi::Property::DetectWithin,
        About::DetectWithin,
        |view| milliseconds(view.settings.detect_within, 0),
        |settings, ms| {
            let range = detect_within_range(sys::limits()?)?;
            let detect_within = unless(ms, 0).map(|ms| range.milliseconds(ms)).transpose()?;
            Ok(Settings { detect_within, ..settings })
        },
    ),
    Property::setting(
        ffi::Property::HeartbeatInterval,
        About::HeartbeatInterval,
        |view| milliseconds(view.settings.heartbeat_interval, 0),
        |settings, ms| {
            let range = &HEARTBEAT_INTERVAL;
            let heartbeat_interval = unless(ms, 0).map(|ms| range.milliseconds(ms)).transpose()?;
            Ok(Settings { heartbeat_interval, ..settings })
        },
    ),
    Property::setting(
        ffi::Property::HeartbeatTimeout,
        About::HeartbeatTimeout,
        |view| milliseconds(view.settings.heartbeat_timeout, 0),
        |settings, ms| {
            let range = &HEARTBEAT_TIMEOUT;
            let heartbeat_timeout = unless(ms, 0).map(|ms| range.milliseconds(ms)).transpose()?;
            Ok(Settings { heartbeat_timeout, ..settings })
        },
    ),
    Property::setting(
        ffi::Property::AbortOnLoss,
        About::AbortOnLoss,
        |view| i32::from(view.settings.abort_on_loss),
        |settings, abort| Ok(Settings { abort_on_loss: abort != 0, ..settings }),
    ),
    Property::shown(ffi::Property::State, |view| qt_state(view.state).repr),
    Property::shown(ffi::Property::LossReason, |view| qt_reason(view.loss_reason).repr),
    Property::shown(ffi::Property::DetectionTime, |view| milliseconds(view.detection_time, -1)),
];

// Each has the row of its number.
const _: () = {
    let mut row = 0;
    while row < PROPERTIES.len() {
        assert!(PROPERTIES[row].property.repr as usize == row);
        row += 1;
    }
    assert!(ffi::Property::Silence.repr as usize == PROPERTIES.len());
};

/// What changes all the time, and is read from the kernel by whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Live {
    pub(super) silence: i32,
    pub(super) unanswered_probes: i32,
    pub(super) round_trip_time: i32,
}

impl Default for Live {
    fn default() -> Self {
        Self { silence: -1, unanswered_probes: -1, round_trip_time: -1 }
    }
}

/// A beat is a few bytes; what does not fit a socket's buffer would wait behind itself.
const LONGEST_PAYLOAD: Range =
    Range { option: OptionName(c"heartbeatPayload"), unit: Unit::Bytes, min: 0, max: 65536 };

impl ffi::GuardObject {
    pub(super) fn number(&self, property: ffi::Property) -> i32 {
        match property {
            ffi::Property::Silence => self.live().silence,
            ffi::Property::UnansweredProbes => self.live().unanswered_probes,
            ffi::Property::RoundTripTime => self.live().round_trip_time,
            property => row(property).map_or(-1, |row| (row.get)(&self.rust().guard.view())),
        }
    }

    pub(super) fn set_number(self: Pin<&mut Self>, property: ffi::Property, number: i64) {
        let Some(setter) = row(property).and_then(|row| row.set.as_ref()) else {
            return;
        };
        if let Some(name) = setter.doubted {
            self.doubt_seconds(name, number, self.number(property).into());
        }
        let guard = &self.rust().guard;
        // Of the heart-beat's two times one may wait for the other.
        let settings = match setter.about {
            About::HeartbeatInterval | About::HeartbeatTimeout => guard.settings_asked(),
            _ => *guard.settings(),
        };
        let descriptor = self.descriptor();
        let wanted =
            || Input::Settings { about: setter.about, wanted: (setter.wanted)(settings, number) };
        self.decide(0, descriptor, iter::once_with(wanted));
    }

    /// A time of less than a second is a rare wish for these, and a usual mistake: Qt 6.11's own
    /// options count in seconds.
    fn doubt_seconds(&self, name: &str, ms: i64, before: i64) {
        if (1..1000).contains(&ms) && ms != before {
            let words = format!(
                "{name}: {ms} is taken for milliseconds, as all times here are; {ms} s are {}",
                ms * 1000
            );
            self.warn(&QString::from(&words));
        }
    }

    pub(super) fn error_string(&self) -> QString {
        QString::from(&self.rust().guard.view().error)
    }

    pub(super) fn heartbeat_payload(&self) -> QByteArray {
        self.rust()
            .rare
            .as_ref()
            .map_or_else(QByteArray::default, |it| it.heartbeat_payload.clone())
    }

    pub(super) fn set_heartbeat_payload(mut self: Pin<&mut Self>, payload: &QByteArray) {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        if let Some(rare) = &mut self.as_mut().rust_mut().get_mut().rare {
            rare.framed = false;
        }
        if let Err(error) = LONGEST_PAYLOAD.check(length) {
            self.show(0, |guard| refuse(guard, About::Payload, error.to_string()));
        } else if length > 0 && self.is_owned() {
            let why = "heartbeatPayload: the socket belongs to another object, which frames what it \
                       sends; leave the payload empty and send a ping on heartbeatDue()";
            self.show(0, |guard| refuse(guard, About::Payload, why.to_owned()));
        } else {
            let mut changes = 0;
            if self.heartbeat_payload() != *payload {
                self.as_mut().rust_mut().get_mut().rare().heartbeat_payload = payload.clone();
                changes = ffi::Change::HeartbeatPayload.repr;
            }
            self.decide(changes, -1, [Input::Accepted(About::Payload)]);
        }
    }

    /// What there is to show of the connection at this moment.
    fn live(&self) -> Live {
        let connected = self.rust().guard.is_connected();
        let descriptor = if connected { self.descriptor() } else { -1 };
        kernel::Socket::numbered(descriptor).snapshot().map_or_else(Live::default, |info| Live {
            silence: milliseconds(info.silence(), -1),
            unanswered_probes: info
                .probes
                .and_then(|probes| i32::try_from(probes).ok())
                .unwrap_or(-1),
            round_trip_time: milliseconds(info.round_trip_time, -1),
        })
    }

    pub(super) fn displayed(mut self: Pin<&mut Self>) {
        let now = self.live();
        let before =
            std::mem::replace(&mut self.as_mut().rust_mut().get_mut().rare().displayed, now);
        let changes = [
            (ffi::Property::Silence, before.silence != now.silence),
            (ffi::Property::UnansweredProbes, before.unanswered_probes != now.unanswered_probes),
            (ffi::Property::RoundTripTime, before.round_trip_time != now.round_trip_time),
        ];
        let changes = changes.into_iter().filter(|(_, changed)| *changed);
        let changes = changes.fold(0, |bits, (property, _)| bits | bit(property));
        if changes != 0 {
            self.publish(changes, qt_reason(None), &QString::default(), &QString::default());
        }
    }
}

fn row(property: ffi::Property) -> Option<&'static Property> {
    const ROWS: &[Property] = &PROPERTIES;
    ROWS.get(usize::try_from(property.repr).ok()?)
}

/// As a change.
pub(super) fn bit(property: ffi::Property) -> u32 {
    1 << property.repr
}

fn with_values(
    settings: Settings,
    wanted: impl FnOnce(Config) -> Config,
) -> Result<Settings, Error> {
    Ok(Settings { values: wanted(settings.values), ..settings })
}

fn qt_state(state: State) -> ffi::State {
    match state {
        State::Detached => ffi::State::Detached,
        State::Waiting => ffi::State::Waiting,
        State::Healthy => ffi::State::Healthy,
        State::Suspect => ffi::State::Suspect,
        State::Lost => ffi::State::Lost,
    }
}

pub(super) fn qt_reason(reason: Option<LossReason>) -> ffi::LossReason {
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
fn unless(given: i64, alone: i64) -> Option<i64> {
    (given != alone).then_some(given)
}

/// Qt's int of milliseconds; `none` where there is nothing.
pub(super) fn milliseconds(time: Option<Duration>, none: i32) -> i32 {
    time.map_or(none, |time| i32::try_from(time.as_millis()).unwrap_or(i32::MAX))
}
