// SPDX-License-Identifier: MIT OR Apache-2.0
import QtQuick
import QtQuick.Layouts

/// One number under its name.
ColumnLayout {
    id: metric

    property string name
    property string value
    property color colour: Theme.text

    spacing: 2
    Accessible.role: Accessible.StaticText
    Accessible.name: name + ": " + value

    Text {
        text: metric.name
        color: Theme.muted
        font.pixelSize: Theme.small
        elide: Text.ElideRight
        Layout.fillWidth: true
    }
    Text {
        text: metric.value
        color: metric.colour
        font.pixelSize: Theme.large
        font.weight: Font.Medium
        Layout.fillWidth: true
    }
}
