// SPDX-License-Identifier: MIT OR Apache-2.0
pragma Singleton

import QtQuick
import QKeepAlive

/// What the library's states and reasons are called for a person, and their colours.
QtObject {
    function state(value) {
        switch (value) {
        case KeepAlive.Healthy: return qsTr("Healthy")
        case KeepAlive.Suspect: return qsTr("Suspect")
        case KeepAlive.Lost: return qsTr("Lost")
        default: return qsTr("Not connected")
        }
    }

    function explanation(value) {
        switch (value) {
        case KeepAlive.Healthy: return qsTr("Nothing speaks against the peer.")
        case KeepAlive.Suspect: return qsTr("An answer of the peer is overdue.")
        case KeepAlive.Lost: return qsTr("The peer is gone.")
        default: return ""
        }
    }

    function colour(value) {
        switch (value) {
        case KeepAlive.Healthy: return Theme.healthy
        case KeepAlive.Suspect: return Theme.suspect
        case KeepAlive.Lost: return Theme.lost
        default: return Theme.muted
        }
    }

    /// A reason as the library spells it.
    function reason(value) {
        const keys = ["NoLoss", "PeerClosed", "PeerReset", "ProbesUnanswered", "DataUnacknowledged",
                      "HeartbeatMissed", "NetworkUnreachable", "UnknownLoss"]
        return keys[value]
    }

    /// A time in milliseconds; those that were never measured are a dash.
    function milliseconds(value) {
        if (value < 0)
            return "–"
        return value < 1 ? qsTr("< 1 ms") : qsTr("%1 ms").arg(value)
    }

    function seconds(value, digits) {
        return value < 0 ? "–" : qsTr("%1 s").arg((value / 1000).toFixed(digits))
    }
}
