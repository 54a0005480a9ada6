# Where the module and Qt's QML tools are. Those in /usr/bin may be Qt 5's, to which every import of
# a Qt 6 module is unknown and every file right; so Qt is asked for its own.

# find_qml_module(<directory for the build>): sets qml_dir, as the package itself tells it, and
# qt_bins
macro(find_qml_module directory)
    fresh(asks "${directory}")
    configure(said "${CMAKE_CURRENT_LIST_DIR}/asks" "${asks}" "-DQt6_DIR=${qt_dir}"
        "-DCMAKE_PREFIX_PATH=${shared_prefix}" -Dversion=0.1 -Drequest=REQUIRED,COMPONENTS,Qml)
    string(REGEX MATCH "qml: ([^\n]*)\\.\n" qml_dir "${said}")
    set(qml_dir "${CMAKE_MATCH_1}")
    string(FIND "${qml_dir}" "${shared_prefix}/" at)
    if(NOT at EQUAL 0 OR NOT EXISTS "${qml_dir}/QKeepAlive/qmldir")
        message(FATAL_ERROR "the package says that its QML module is in \"${qml_dir}\"")
    endif()
    need(qmake_program "${qmake}" qt6-base-dev)
    run(qt_bins "${qmake_program}" -query QT_INSTALL_BINS)
    string(STRIP "${qt_bins}" qt_bins)
endmacro()
