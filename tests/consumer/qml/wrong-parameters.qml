import QtQuick
import QKeepAlive

Item {
    KeepAlive { onConnectionLost: (reason, detail, more) => console.log(more) }
}
