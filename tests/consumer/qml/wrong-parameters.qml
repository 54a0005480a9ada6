import QtQuick 2.15
import QKeepAlive 1.0

Item {
    KeepAlive { onConnectionLost: (reason, detail, more) => console.log(more) }
}
