// SPDX-License-Identifier: MIT OR Apache-2.0
import QtQuick
import QtQuick.Layouts
import QKeepAlive

/// What the guard knows of the connection at this moment.
Card {
    id: card

    required property KeepAlive guard
    /// The silence that was seen last, and what it had to stay below; both stay after a loss.
    property int silence: -1
    property int deadline: -1

    readonly property color colour: Words.colour(guard.state)
    readonly property bool roomy: availableWidth > 480
    readonly property real dial: Math.min(196, availableWidth * 0.5)

    contentItem: ColumnLayout {
        spacing: Theme.gap

        RowLayout {
            spacing: 10

            Rectangle {
                implicitWidth: 12
                implicitHeight: 12
                radius: 6
                color: card.colour
            }
            Text {
                objectName: "state"
                text: Words.state(card.guard.state)
                color: card.colour
                font.pixelSize: Theme.large
                font.weight: Font.DemiBold
                Accessible.role: Accessible.StaticText
                Accessible.name: qsTr("State: %1").arg(text)
            }
            Text {
                text: Words.explanation(card.guard.state)
                visible: card.roomy
                color: Theme.muted
                font.pixelSize: Theme.normal
                elide: Text.ElideRight
                Layout.fillWidth: true
            }
        }

        RowLayout {
            spacing: card.roomy ? 32 : Theme.padding

            Gauge {
                objectName: "gauge"
                silence: card.silence
                deadline: card.deadline
                colour: card.colour
                Layout.preferredWidth: card.dial
                Layout.preferredHeight: card.dial * 0.9
            }
            GridLayout {
                columns: card.roomy ? 3 : 1
                columnSpacing: 24
                rowSpacing: Theme.gap
                Layout.fillWidth: true

                Metric {
                    objectName: "probes"
                    name: qsTr("Unanswered probes")
                    value: card.guard.unansweredProbes < 0 ? "–" : card.guard.unansweredProbes
                    colour: card.guard.unansweredProbes > 0 ? card.colour : Theme.text
                    Layout.fillWidth: true
                    Layout.preferredWidth: 1
                }
                Metric {
                    objectName: "roundTrip"
                    name: qsTr("Round trip")
                    value: Words.milliseconds(card.guard.roundTripTime)
                    Layout.fillWidth: true
                    Layout.preferredWidth: 1
                }
                Metric {
                    objectName: "detection"
                    name: qsTr("Known within")
                    value: Words.seconds(card.guard.detectionTime, 0)
                    Layout.fillWidth: true
                    Layout.preferredWidth: 1
                }
            }
        }
    }
}
