# A project that has the source tree in a folder of its own and adds it with add_subdirectory().
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

fresh(build embedded)
configure(said "${CMAKE_CURRENT_LIST_DIR}/embedded" "${build}"
    -DQKEEPALIVE_QT_MAJOR=${qt_major} "-DQt${qt_major}_DIR=${qt_dir}"
    "-Dqkeepalive=${source_dir}" -DQKEEPALIVE_QML_INSTALL_DIR=some/qml
    "-DQKEEPALIVE_CARGO=${cargo}" "-DQKEEPALIVE_CARGO_TARGET_DIR=${cargo_target_dir}")
build(said "${build}")
run(said "${build}/app")

file(READ "${build}/CMakeCache.txt" cache)
expect("${cache}" "\nQKEEPALIVE_TESTS:BOOL=OFF\n" "the tests should be off")
expect("${cache}" "\nQKEEPALIVE_EXAMPLES:BOOL=OFF\n" "the examples should be off")
expect("${cache}" "\nQKEEPALIVE_QML_INSTALL_DIR:[A-Z]*=some/qml\n"
    "a directory relative to the prefix should stay so")
if(EXISTS "${build}/libown.so")
    message(FATAL_ERROR "the other libraries of the project became shared ones")
endif()
