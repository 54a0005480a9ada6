// SPDX-License-Identifier: MIT OR Apache-2.0
pragma Singleton

import QtQuick

/// Colours and sizes, light and dark. Follows the system until somebody chooses.
QtObject {
    id: theme

    readonly property SystemPalette system: SystemPalette { }
    readonly property bool systemIsDark: system.window.hslLightness < 0.5
    /// What was chosen; undefined follows the system.
    property var choice
    readonly property bool dark: choice ?? systemIsDark

    readonly property color window: dark ? "#0f151c" : "#f3f5f8"
    readonly property color card: dark ? "#18212b" : "#ffffff"
    readonly property color field: dark ? "#121a22" : "#f7f9fb"
    readonly property color border: dark ? "#2a3744" : "#dfe4ea"
    readonly property color track: dark ? "#27333f" : "#e7ebf0"
    readonly property color text: dark ? "#e9eff5" : "#16202a"
    readonly property color muted: dark ? "#97a6b5" : "#5a6876"
    readonly property color accent: dark ? "#6aa6ff" : "#2360d8"
    readonly property color accentText: dark ? "#0c1622" : "#ffffff"
    readonly property color healthy: dark ? "#3fc794" : "#12805a"
    readonly property color suspect: dark ? "#f2b04b" : "#b06000"
    readonly property color lost: dark ? "#ff7b72" : "#c62f2f"

    readonly property int gap: 12
    readonly property int padding: 16
    readonly property int radius: 12
    readonly property int small: 12
    readonly property int normal: 14
    readonly property int large: 22
    readonly property int huge: 40

    /// A colour that barely tints what is below it.
    function tint(colour, strength) {
        return Qt.rgba(colour.r, colour.g, colour.b, strength)
    }
}
