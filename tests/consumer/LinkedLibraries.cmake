# What the shared libraries bring into a program: the Core no Qt, the other one no Qt Qml, and each
# only what it uses.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

need(readelf readelf binutils)
function(needed_by name expected)
    run(dynamic "${readelf}" -d "${shared_prefix}/${shared_libdir}/${name}")
    string(REGEX MATCHALL "NEEDED[^\n]*" lines "${dynamic}")
    string(REGEX MATCHALL "lib(Qt|QKeepAlive)[A-Za-z0-9]*" needed "${lines}")
    list(SORT needed)
    if(NOT needed STREQUAL expected)
        message(FATAL_ERROR "${name} links ${needed}, not ${expected}")
    endif()
endfunction()
needed_by(libQKeepAliveCore.so "")
needed_by(libQKeepAlive.so "libQt${qt_major}Core;libQt${qt_major}Network")
