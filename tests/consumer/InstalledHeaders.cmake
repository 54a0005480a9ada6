# The headers that are installed are those of the reviewed list, and each of them is needed by one of
# the three that a program includes.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/Reviewed.cmake")

set(include_dir "${shared_prefix}/${includedir}")
file(GLOB_RECURSE installed RELATIVE "${include_dir}" "${include_dir}/*")
reviewed(installed-headers.txt "${installed}")

need(qmake_program "${qmake}" ${qt_package})
run(qt_headers "${qmake_program}" -query QT_INSTALL_HEADERS)
string(STRIP "${qt_headers}" qt_headers)
fresh(scratch installed-headers)
file(WRITE "${scratch}/all.cpp"
    "#include <ka/socket.h>\n#include <ka/keepalive.h>\n#include <ka/server.h>\n")
# -MM leaves out what is included as a system's header.
run(needed "${cxx}" -std=c++17 -fPIC -MM "-I${include_dir}"
    "-isystem${qt_headers}" "-isystem${qt_headers}/QtCore" "-isystem${qt_headers}/QtNetwork"
    "${scratch}/all.cpp")
foreach(header IN LISTS installed)
    # As make reads it: the space of the directory has a backslash before it.
    string(REPLACE " " "\\ " path "${include_dir}/${header}")
    string(FIND "${needed} " "${path}" at)
    if(at EQUAL -1)
        message(FATAL_ERROR "${header} is installed, and nothing that a program includes needs it:\n"
            "${needed}")
    endif()
endforeach()
