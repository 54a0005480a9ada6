# A project that fetches the sources, as the guide shows it. What it fetches lies here already.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/Shown.cmake")

fresh(top fetched)
file(COPY "${CMAKE_CURRENT_LIST_DIR}/app/main.cpp" DESTINATION "${top}/source")
shown(fetch.CMakeLists.txt "${top}/source/CMakeLists.txt")
configure(said "${top}/source" "${top}/build"
    "-DFETCHCONTENT_SOURCE_DIR_QKEEPALIVE=${source_dir}" -DFETCHCONTENT_FULLY_DISCONNECTED=ON
    -DQKEEPALIVE_QT_MAJOR=${qt_major} "-DQt${qt_major}_DIR=${qt_dir}"
    "-DQKEEPALIVE_CARGO=${cargo}" "-DQKEEPALIVE_CARGO_TARGET_DIR=${cargo_target_dir}")
build(said "${top}/build")
run(said "${top}/build/app")
