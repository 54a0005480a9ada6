# The package has one build type, Release; programs of every other one link it all the same, also
# where the generator has several at once. It lies in lib64, as on a system that has its libraries
# there; CMake looks there by itself on such a system alone.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

set(source "${CMAKE_CURRENT_LIST_DIR}/build_types")
file(WRITE "${work_dir}/lib64.cmake"
    "set_property(GLOBAL PROPERTY FIND_LIBRARY_USE_LIB64_PATHS TRUE)\n")
set(arguments "-DCMAKE_PREFIX_PATH=${lld_prefix}" "-DQt${qt_major}_DIR=${qt_dir}"
    "-DCMAKE_PROJECT_INCLUDE=${work_dir}/lib64.cmake")

# try(<directory of the programs> <argument of the build>...)
function(try programs)
    run(said "${CMAKE_COMMAND}" --build "${build}" ${ARGN})
    foreach(program IN ITEMS core qt)
        run(said "${programs}/${program}")
    endforeach()
endfunction()

foreach(type IN ITEMS "" Debug)
    fresh(build build-types)
    configure(said "${source}" "${build}" ${arguments} "-DCMAKE_BUILD_TYPE=${type}")
    try("${build}")
endforeach()

need(make_program ninja ninja-build)
set(generator "Ninja Multi-Config")
set(types Debug Release RelWithDebInfo MinSizeRel)
fresh(build build-types)
file(WRITE "${build}/types.cmake" "set(CMAKE_CONFIGURATION_TYPES ${types} CACHE STRING \"\")\n")
configure(said "${source}" "${build}" ${arguments} -C "${build}/types.cmake")
foreach(type IN LISTS types)
    try("${build}/${type}" --config ${type})
endforeach()
