// SPDX-License-Identifier: MIT OR Apache-2.0
import QtQuick
import QtQuick.Controls.Basic

/// A switch with its words to the left.
Switch {
    id: toggle

    implicitHeight: 36
    leftPadding: 0
    rightPadding: 0
    font.pixelSize: Theme.normal
    Accessible.name: text

    contentItem: Text {
        rightPadding: toggle.indicator.width + 8
        text: toggle.text
        font: toggle.font
        color: Theme.text
        verticalAlignment: Text.AlignVCenter
        elide: Text.ElideRight
    }
    indicator: Rectangle {
        x: toggle.width - width
        y: toggle.height / 2 - height / 2
        implicitWidth: 40
        implicitHeight: 22
        radius: 11
        color: toggle.checked ? Theme.accent : Theme.muted

        Rectangle {
            x: toggle.checked ? parent.width - width - 3 : 3
            y: 3
            width: 16
            height: 16
            radius: 8
            color: Theme.card
        }
        FocusRing { shown: toggle.visualFocus; radius: 14 }
    }
}
