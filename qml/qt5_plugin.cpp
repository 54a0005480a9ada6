// SPDX-License-Identifier: MIT OR Apache-2.0

// The plugin's entry for Qt 5. What qmltyperegistrar generates registers the types by itself when
// the plugin is loaded.

#include <QtQml/qqmlextensionplugin.h>

class QKeepAlivePlugin : public QQmlEngineExtensionPlugin
{
    Q_OBJECT
    Q_PLUGIN_METADATA(IID QQmlEngineExtensionInterface_iid)
};

#include "qt5_plugin.moc"
