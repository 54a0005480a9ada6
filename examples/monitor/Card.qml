// SPDX-License-Identifier: MIT OR Apache-2.0
import QtQuick
import QtQuick.Controls.Basic

/// A titled sheet that is as tall as what is on it.
Pane {
    id: card

    property string title

    padding: Theme.padding
    topPadding: title === "" ? Theme.padding : Theme.padding + heading.height + 10

    background: Rectangle {
        color: Theme.card
        border.color: Theme.border
        radius: Theme.radius

        Text {
            id: heading
            x: Theme.padding
            y: Theme.padding
            text: card.title
            visible: text !== ""
            color: Theme.muted
            font.pixelSize: Theme.small
            font.weight: Font.Medium
        }
    }
}
