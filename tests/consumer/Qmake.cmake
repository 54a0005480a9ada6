# The qmake project that the guide shows, with the shared package: built by Qt's own qmake and make.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/OtherBuilds.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/Shown.cmake")

need(make make make)
other_build(qmake)
file(COPY "${CMAKE_CURRENT_LIST_DIR}/app/main.cpp" DESTINATION "${source}")
shown(app.pro "${source}/app.pro")
set(ENV{PKG_CONFIG_PATH} "${pkg_config_path}")
file(MAKE_DIRECTORY "${top}/build")
run(said "${CMAKE_COMMAND}" -E chdir "${top}/build" "${qmake_program}" "${source}/app.pro"
    "QMAKE_CXX=${cxx}" "QMAKE_LINK=${cxx}")
run(said "${make}" -C "${top}/build")
run_alone("${top}/build/app")
