# Each installed hand-written header compiles alone, without a warning, in C++17 and in C++20.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

fresh(scratch headers)
need(qmake_program "${qmake}" ${qt_package})
run(qt_headers "${qmake_program}" -query QT_INSTALL_HEADERS)
string(STRIP "${qt_headers}" qt_headers)
set(qt_flags -fPIC "-I${shared_prefix}/${includedir}/ka/generated" "-isystem${qt_headers}")
foreach(module IN ITEMS QtCore QtNetwork)
    list(APPEND qt_flags "-isystem${qt_headers}/${module}")
endforeach()

file(GLOB headers RELATIVE "${shared_prefix}/${includedir}" "${shared_prefix}/${includedir}/ka/*.h")
foreach(header IN ITEMS config.h error.h snapshot.h socket.h enums.h keepalive.h server.h)
    if(NOT "ka/${header}" IN_LIST headers)
        message(FATAL_ERROR "ka/${header} is not installed; only ${headers}")
    endif()
endforeach()
foreach(header IN LISTS headers)
    # All others do without Qt, so they are shown none.
    set(flags)
    if(header MATCHES "/(enums|keepalive|server)\\.h$")
        set(flags ${qt_flags})
    endif()
    # Included twice: the second time must do nothing.
    file(WRITE "${scratch}/alone.cpp" "#include <${header}>\n#include <${header}>\n")
    foreach(standard IN ITEMS 17 20)
        run(said "${cxx}" -std=c++${standard} -pedantic-errors -Wall -Wextra -Wpedantic -Werror
            "-I${shared_prefix}/${includedir}" ${flags}
            # Really compiled: with -fsyntax-only half of the warnings are not looked for.
            -c -o "${scratch}/alone.o" "${scratch}/alone.cpp")
    endforeach()
endforeach()
