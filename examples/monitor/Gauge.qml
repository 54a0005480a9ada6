// SPDX-License-Identifier: MIT OR Apache-2.0
import QtQuick
import QtQuick.Shapes

/// How much of the deadline has passed in silence: an arc that fills up.
Item {
    id: gauge

    /// Milliseconds; −1 if there is nothing to show.
    property int silence: -1
    property int deadline: -1
    property color colour: Theme.muted

    readonly property real filled: deadline > 0 && silence >= 0 ? Math.min(1, silence / deadline) : 0
    readonly property real thickness: 14

    implicitWidth: 190
    implicitHeight: 176
    Accessible.role: Accessible.ProgressBar
    Accessible.name: qsTr("Silence: %1 of %2").arg(Words.seconds(silence, 1)).arg(Words.seconds(deadline, 0))

    component Arc: ShapePath {
        id: arc
        property real part: 1
        strokeWidth: gauge.thickness
        fillColor: "transparent"
        capStyle: ShapePath.RoundCap
        PathAngleArc {
            centerX: gauge.width / 2
            centerY: gauge.width / 2
            radiusX: (gauge.width - gauge.thickness) / 2 - 1
            radiusY: radiusX
            startAngle: 140
            sweepAngle: 260 * arc.part
        }
    }

    Shape {
        anchors.fill: parent
        Arc { strokeColor: Theme.track }
        Arc { strokeColor: gauge.filled > 0 ? gauge.colour : "transparent"; part: Math.max(gauge.filled, 0.001) }
    }

    Column {
        anchors.horizontalCenter: parent.horizontalCenter
        y: gauge.width / 2 - height / 2
        spacing: 2

        Text {
            anchors.horizontalCenter: parent.horizontalCenter
            text: qsTr("Silence")
            color: Theme.muted
            font.pixelSize: Theme.small
        }
        Text {
            anchors.horizontalCenter: parent.horizontalCenter
            text: Words.seconds(gauge.silence, 1)
            color: Theme.text
            font.pixelSize: Theme.huge
            font.weight: Font.Medium
        }
        Text {
            anchors.horizontalCenter: parent.horizontalCenter
            visible: gauge.deadline > 0
            text: qsTr("of %1").arg(Words.seconds(gauge.deadline, 0))
            color: Theme.muted
            font.pixelSize: Theme.normal
        }
    }
}
