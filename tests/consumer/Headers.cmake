# Each installed header compiles alone, without a warning, in C++17 and in C++20, by both compilers.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

set(include_dir "${shared_prefix}/${includedir}")
file(GLOB_RECURSE headers RELATIVE "${include_dir}" "${include_dir}/*")
list(JOIN headers "," with_commas)
fresh(build "headers-${compiler}")
configure(said "${CMAKE_CURRENT_LIST_DIR}/headers" "${build}"
    "-DCMAKE_PREFIX_PATH=${shared_prefix}" "-DQt${qt_major}_DIR=${qt_dir}" -Dqt=Qt${qt_major}
    "-Dheaders=${with_commas}")
build(said "${build}")

# One object for each header and standard, or some were not compiled at all.
file(GLOB_RECURSE objects "${build}/*.o")
list(LENGTH objects compiled)
list(LENGTH headers count)
math(EXPR count "2 * ${count}")
if(NOT compiled EQUAL count)
    message(FATAL_ERROR "${compiled} headers were compiled, not ${count}: ${headers}")
endif()
