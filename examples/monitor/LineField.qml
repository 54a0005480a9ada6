// SPDX-License-Identifier: MIT OR Apache-2.0
import QtQuick
import QtQuick.Controls.Basic

/// One line to type, under its name.
TextField {
    id: field

    property string name

    implicitHeight: 58
    topPadding: 22
    bottomPadding: 4
    leftPadding: 12
    rightPadding: 12
    verticalAlignment: TextInput.AlignVCenter
    font.pixelSize: Theme.normal + 1
    color: enabled ? Theme.text : Theme.muted
    selectionColor: Theme.accent
    selectedTextColor: Theme.accentText
    selectByMouse: true
    Accessible.name: name

    background: Rectangle {
        color: Theme.field
        radius: 8
        border.color: field.activeFocus ? Theme.accent : Theme.border
        border.width: field.activeFocus ? 2 : 1

        Text {
            x: 12
            y: 9
            text: field.name
            color: Theme.muted
            font.pixelSize: Theme.small - 1
        }
    }
}
