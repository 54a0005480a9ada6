# qkeepalive_qml_import_path(<directory>): tells the tools of the project that uses QKeepAlive where
# the QML module is: qmllint, qmlcachegen and their like, which Qt's CMake functions call for each
# QML module of the project, and Qt Creator. A program that runs does not need it.

function(qkeepalive_qml_import_path directory)
    # Qt Creator looks into the cache.
    if(NOT directory IN_LIST QML_IMPORT_PATH)
        set(QML_IMPORT_PATH ${QML_IMPORT_PATH} "${directory}" CACHE STRING
            "Where Qt Creator looks for QML modules" FORCE)
    endif()

    # Qt's functions look at their target, which is not there yet.
    set_property(GLOBAL PROPERTY QKEEPALIVE_QML_IMPORT_PATH "${directory}")
    get_property(announced GLOBAL PROPERTY QKEEPALIVE_QML_ANNOUNCED)
    if(NOT announced AND CMAKE_VERSION VERSION_GREATER_EQUAL 3.19)
        set_property(GLOBAL PROPERTY QKEEPALIVE_QML_ANNOUNCED TRUE)
        cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}"
            CALL _qkeepalive_qml_announce "${CMAKE_SOURCE_DIR}")
    endif()
endfunction()

# For every QML module in and below that directory.
function(_qkeepalive_qml_announce source_dir)
    get_property(directory GLOBAL PROPERTY QKEEPALIVE_QML_IMPORT_PATH)
    get_property(targets DIRECTORY "${source_dir}" PROPERTY BUILDSYSTEM_TARGETS)
    foreach(target IN LISTS targets)
        get_property(uri TARGET ${target} PROPERTY QT_QML_MODULE_URI)
        get_property(paths TARGET ${target} PROPERTY QT_QML_IMPORT_PATH)
        if(uri AND NOT directory IN_LIST paths)
            set_property(TARGET ${target} APPEND PROPERTY QT_QML_IMPORT_PATH "${directory}")
        endif()
    endforeach()
    get_property(folders DIRECTORY "${source_dir}" PROPERTY SUBDIRECTORIES)
    foreach(folder IN LISTS folders)
        _qkeepalive_qml_announce("${folder}")
    endforeach()
endfunction()
