# A program that has another static library with Rust and cxx in it, too. With the shared package both
# work; with the static one the linker refuses, which is a limit that docs/guides/limits.md names. (It would not
# where both have the very same cxx, compiled with the same features, as the Core has here.)
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

# The other library, from a copy that takes the versions which the machine has already. The network is
# asked only where one is missing.
fresh(top two-rusts)
file(COPY "${CMAKE_CURRENT_LIST_DIR}/other_rust/" DESTINATION "${top}/other_rust")
file(COPY "${source_dir}/Cargo.lock" DESTINATION "${top}/other_rust")
set(cargo_build "${CMAKE_COMMAND}" -E env "CXX=${cxx}" "${cargo}" build --release
    --manifest-path "${top}/other_rust/Cargo.toml" --target-dir "${cargo_target_dir}"
    --message-format json-render-diagnostics)
execute_process(COMMAND ${cargo_build} --offline
    OUTPUT_VARIABLE messages ERROR_VARIABLE why RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(STATUS "Not built without the network: ${why}")
    run(messages ${cargo_build})
endif()
string(REGEX MATCH "\"([^\"]*/libother_rust\\.a)\"" archive "${messages}")
set(archive "${CMAKE_MATCH_1}")
string(REGEX MATCHALL "\"out_dir\":\"[^\"]*/other_rust-[^\"]*\"" out_dir "${messages}")
string(REGEX REPLACE "\"out_dir\":\"([^\"]*)\"" "\\1" out_dir "${out_dir}")
if(NOT archive OR NOT EXISTS "${out_dir}/cxxbridge/include")
    message(FATAL_ERROR "cargo did not say where it put the other library:\n${messages}")
endif()

set(arguments "-DQt${qt_major}_DIR=${qt_dir}" "-Dother_archive=${archive}"
    "-Dother_headers=${out_dir}/cxxbridge/include")
set(source "${CMAKE_CURRENT_LIST_DIR}/two_rusts")

configure(said "${source}" "${top}/shared" "-DCMAKE_PREFIX_PATH=${shared_prefix}" ${arguments})
build(said "${top}/shared")
foreach(program IN ITEMS core_first core_last qt_first qt_last)
    run(said "${top}/shared/${program}")
endforeach()

configure(said "${source}" "${top}/static" "-DCMAKE_PREFIX_PATH=${static_prefix}" ${arguments})
run_refused(said "${CMAKE_COMMAND}" --build "${top}/static" --target qt_first)
expect("${said}" "multiple definition of `cxxbridge1\\$"
    "the limit that docs/guides/limits.md names is another one now")
file(READ "${source_dir}/docs/guides/limits.md" limits)
expect("${limits}" "multiple definition of" "docs/guides/limits.md should name the limit")
