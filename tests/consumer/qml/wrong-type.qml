import QtQuick
import QKeepAlive

Item {
    KeepAlive { detectWithin: "six seconds" }
}
