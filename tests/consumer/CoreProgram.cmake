# Programs without Qt: they find, compile against and link the Core where Qt cannot even be looked
# for, with exceptions and without.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

need(readelf readelf binutils)
need(ldd ldd libc-bin)
forget_rust()
fresh(build "core-program-${package}${linker}")
configure(said "${CMAKE_CURRENT_LIST_DIR}/core" "${build}"
    "-DCMAKE_PREFIX_PATH=${${package}_prefix}" ${without_qt})
build(said "${build}")

foreach(program IN ITEMS throwing not_throwing)
    expect_linker("${build}/${program}")
    run(said "${build}/${program}")
    run(dynamic "${readelf}" -d "${build}/${program}")
    run(loaded "${ldd}" "${build}/${program}")
    foreach(list IN ITEMS dynamic loaded)
        expect("${${list}}" NOT "libQt|libQKeepAlive\\." "a program of the Core needs Qt")
        if(package STREQUAL "shared")
            expect("${${list}}" "libQKeepAliveCore\\.so" "the shared library is not used")
        else()
            expect("${${list}}" NOT "libQKeepAlive" "the static package brings a shared library")
        endif()
    endforeach()
endforeach()

# The headers behind <ka/socket.h>, one a line, with dots for the depth in front.
set(source "${build}/includes.cpp")
file(WRITE "${source}" "#include <ka/socket.h>\n")
run(included "${cxx}" -std=c++17 -H -fsyntax-only
    "-I${${package}_prefix}/${includedir}" "${source}")
string(REGEX MATCHALL "\n?\\.+ [^\n]+" included "${included}")
set(ours)
foreach(line IN LISTS included)
    string(REGEX REPLACE "^\n?\\.+ " "" header "${line}")
    file(RELATIVE_PATH relative "${${package}_prefix}/${includedir}" "${header}")
    if(NOT relative MATCHES "^\\.\\./")
        list(APPEND ours "${relative}")
    endif()
    expect("${header}" NOT "/[Qq]t[0-9]*/|/Qt[A-Z]|cxx-qt|/cxx\\.h|/rust/"
        "<ka/socket.h> includes what it should not")
endforeach()
list(SORT ours)
set(expected
    ka/capabilities.h ka/config.h ka/error.h ka/export.h ka/snapshot.h ka/socket.h)
if(NOT ours STREQUAL "${expected}")
    message(FATAL_ERROR "<ka/socket.h> includes ${ours}")
endif()
