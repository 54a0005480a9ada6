// SPDX-License-Identifier: MIT OR Apache-2.0
import QtQuick

/// Shows where the keyboard is.
Rectangle {
    property bool shown

    anchors.fill: parent
    anchors.margins: -3
    visible: shown
    color: "transparent"
    radius: 11
    border.color: Theme.accent
    border.width: 2
}
