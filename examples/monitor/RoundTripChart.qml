// SPDX-License-Identifier: MIT OR Apache-2.0
import QtQuick
import QtQuick.Shapes
import QKeepAlive

/// The round trip of the last minute as a line; times in which the peer was suspect or lost are
/// shaded.
Card {
    id: card

    /// Milliseconds; −1 leaves a gap.
    property int roundTrip: -1
    property int peerState: KeepAlive.Waiting

    readonly property int span: 120
    readonly property int interval: 500
    /// Newest last, each { roundTrip, peerState }.
    property var samples: []
    readonly property int ceiling: roundUp(Math.max(1, ...samples.map(sample => sample.roundTrip)))

    title: qsTr("Round trip, last minute")

    /// The next round number whose half is round, too.
    function roundUp(value) {
        const power = Math.pow(10, Math.floor(Math.log10(value)))
        return power * [1, 2, 4, 6, 8, 10, 20].find(step => step * power >= value * 1.15)
    }

    function at(index) {
        return plot.width * (span - samples.length + index + 1) / span
    }

    /// Runs of neighbouring samples that have something in common, as [first, last].
    function runs(belongs) {
        const found = []
        samples.forEach((sample, index) => {
            if (!belongs(sample))
                return
            const last = found[found.length - 1]
            if (last && last[1] === index - 1 && samples[last[0]].peerState === sample.peerState)
                last[1] = index
            else
                found.push([index, index])
        })
        return found
    }

    function lines() {
        const found = []
        let line = []
        samples.forEach((sample, index) => {
            if (sample.roundTrip < 0) {
                line = []
                return
            }
            if (line.length === 0)
                found.push(line)
            line.push(Qt.point(at(index), plot.height * (1 - sample.roundTrip / ceiling)))
        })
        return found
    }

    Timer {
        interval: card.interval
        repeat: true
        running: true
        onTriggered: card.samples = card.samples.slice(1 - card.span).concat({ roundTrip: card.roundTrip, peerState: card.peerState })
    }

    contentItem: Item {
        implicitHeight: 130
        Accessible.role: Accessible.Graphic
        Accessible.name: qsTr("Round trip: %1").arg(Words.milliseconds(card.roundTrip))

        Repeater {
            model: 3
            Item {
                id: rule
                required property int index
                y: plot.y + plot.height * index / 2
                width: parent.width

                Rectangle {
                    x: plot.x
                    width: plot.width
                    height: 1
                    color: Theme.track
                }
                Text {
                    anchors.verticalCenter: parent.top
                    width: plot.x - 8
                    horizontalAlignment: Text.AlignRight
                    text: card.ceiling * (2 - rule.index) / 2 + (rule.index === 0 ? " ms" : "")
                    color: Theme.muted
                    font.pixelSize: Theme.small - 1
                }
            }
        }

        Item {
            id: plot
            objectName: "plot"
            x: 52
            y: 8
            width: parent.width - x
            height: parent.height - 16

            Repeater {
                model: card.runs(sample => sample.peerState === KeepAlive.Suspect || sample.peerState === KeepAlive.Lost)
                Rectangle {
                    required property var modelData
                    readonly property int from: Math.max(0, card.at(modelData[0] - 1))
                    x: from
                    width: card.at(modelData[1]) - from
                    height: plot.height
                    color: Theme.tint(Words.colour(card.samples[modelData[0]].peerState), 0.16)
                }
            }

            Shape {
                anchors.fill: parent
                ShapePath {
                    strokeColor: Theme.accent
                    strokeWidth: 2
                    fillColor: "transparent"
                    joinStyle: ShapePath.RoundJoin
                    capStyle: ShapePath.RoundCap
                    PathMultiline { paths: card.lines() }
                }
            }
        }
    }
}
