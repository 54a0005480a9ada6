// SPDX-License-Identifier: MIT OR Apache-2.0
import QtQuick
import QtQuick.Controls.Basic

/// A button: filled with its colour if it is what one comes for, else in outline.
Button {
    id: button

    property bool filled: false
    property color colour: Theme.accent

    implicitHeight: 40
    leftPadding: 16
    rightPadding: 16
    font.pixelSize: Theme.normal
    font.weight: Font.Medium
    Accessible.name: text
    Keys.onReturnPressed: button.clicked()
    Keys.onEnterPressed: button.clicked()

    contentItem: Text {
        text: button.text
        font: button.font
        color: !button.enabled ? Theme.muted : button.filled ? Theme.accentText : button.colour
        horizontalAlignment: Text.AlignHCenter
        verticalAlignment: Text.AlignVCenter
        elide: Text.ElideRight
    }

    background: Rectangle {
        radius: 8
        color: !button.enabled ? Theme.track
             : button.filled ? (button.down ? Qt.darker(button.colour, 1.15) : button.hovered ? Qt.lighter(button.colour, 1.08) : button.colour)
             : Theme.tint(button.colour, button.down ? 0.18 : button.hovered ? 0.12 : 0.06)
        border.color: button.filled || !button.enabled ? "transparent" : Theme.tint(button.colour, 0.5)

        FocusRing { shown: button.visualFocus }
    }
}
