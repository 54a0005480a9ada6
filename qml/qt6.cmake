# Qt 6 makes the plugin by itself.

find_package(Qt6 ${QKEEPALIVE_QT_MINIMUM} REQUIRED COMPONENTS Qml QmlTools)

set(typeinfo qkeepalive.qmltypes)
set(metatypes "${CMAKE_CURRENT_BINARY_DIR}/qkeepalive_metatypes.json")
describe("${metatypes}" ${described})

qt_add_qml_module(qkeepaliveplugin
    URI QKeepAlive
    VERSION 1.0
    PLUGIN_TARGET qkeepaliveplugin
    TYPEINFO ${typeinfo}
    OUTPUT_DIRECTORY "${module_dir}"
    RESOURCE_PREFIX /qt/qml # what Qt's policy QTP0001 makes of it since 6.5
    SHARED
    SOURCES types.h keep_alive_in_qml.h keep_alive_in_qml.cpp "${metatypes}")
