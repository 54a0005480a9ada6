# Qt 5.15 has the parts of which Qt 6 makes a plugin (moc's descriptions, qmltyperegistrar), and no
# CMake function that puts them together.

find_package(Qt5 ${QKEEPALIVE_QT_MINIMUM} REQUIRED COMPONENTS Qml)
execute_process(COMMAND "${qmake}" -query QT_HOST_BINS
    OUTPUT_VARIABLE qt_bin OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${qmake}" -query QT_INSTALL_LIBS
    OUTPUT_VARIABLE qt_libs OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
find_program(QKEEPALIVE_QMLTYPEREGISTRAR qmltyperegistrar PATHS "${qt_bin}" NO_DEFAULT_PATH REQUIRED
    DOC "Qt 5's qmltyperegistrar")

set(typeinfo plugins.qmltypes) # the only name for which Qt 5's qmllint looks
# moc has to know the macros of <QtQml/qqml.h> in it.
list(APPEND include_dirs "$<TARGET_PROPERTY:Qt5::Qml,INTERFACE_INCLUDE_DIRECTORIES>")
set(metatypes "${CMAKE_CURRENT_BINARY_DIR}/qkeepalive_metatypes.json")
describe("${metatypes}" "${CMAKE_CURRENT_SOURCE_DIR}/qt5_types.h" ${described})

set(registration "${CMAKE_CURRENT_BINARY_DIR}/registration.cpp")
add_custom_command(
    OUTPUT "${registration}" "${module_dir}/${typeinfo}"
    COMMAND "${QKEEPALIVE_QMLTYPEREGISTRAR}" --import-name QKeepAlive
            --major-version 1 --minor-version 0
            --generate-qmltypes "${module_dir}/${typeinfo}"
            --foreign-types "${qt_libs}/metatypes/qt5core_metatypes.json"
            -o "${registration}" "${metatypes}"
    DEPENDS "${metatypes}"
    COMMENT "Registering the QML types" VERBATIM)
file(CONFIGURE OUTPUT "${module_dir}/qmldir" CONTENT
    "module QKeepAlive\nplugin qkeepaliveplugin\ntypeinfo ${typeinfo}\n")

add_library(qkeepaliveplugin MODULE
    qt5_plugin.cpp qt5_types.h keep_alive_in_qml.h keep_alive_in_qml.cpp "${registration}")
set_target_properties(qkeepaliveplugin PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${module_dir}")
