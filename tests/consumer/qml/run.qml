import QtQuick 2.15
import QKeepAlive 1.0

// Ends with 0 if the type works, with the number of what does not otherwise.
Item {
    id: root
    property int changes: 0
    property string refusal: ""

    KeepAlive {
        id: link
        detectWithin: 6000
        onDetectWithinChanged: ++root.changes
        onApplyFailed: message => root.refusal = message
    }
    Timer {
        running: true
        interval: 1
        onTriggered: {
            if (link.state !== KeepAlive.Detached || link.lossReason !== KeepAlive.NoLoss)
                return Qt.exit(1);
            link.detectWithin = 8000;
            if (link.detectWithin !== 8000 || root.changes < 1)
                return Qt.exit(2);
            link.detectWithin = 1; // too short
            if (link.detectWithin !== 8000 || root.refusal === "" || link.errorString === "")
                return Qt.exit(3);
            Qt.exit(0);
        }
    }
}
