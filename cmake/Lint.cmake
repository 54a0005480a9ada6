# Every lint that needs the build, warnings as errors. Run as
#
#   cmake -D source_dir=… -D target_dir=… -D cargo=… -D compiler=… -D out_dir_file=… -D qmllint=…
#         -D qml_modules=… -D qt_includes=a,b -D build_dir=… -P Lint.cmake

cmake_policy(VERSION 3.24)

function(run)
    execute_process(COMMAND ${ARGV} WORKING_DIRECTORY "${source_dir}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()

foreach(features IN ITEMS "" bridge qt qml)
    message(STATUS "clippy with features \"${features}\"")
    set(targets --all-targets)
    if(features MATCHES "^(qt|qml)$")
        set(targets --lib) # a test program of it would have to link Qt; Qt Test tests that layer
    endif()
    run("${cargo}" clippy --quiet --release --locked --no-default-features "--features=${features}"
        ${targets} --target-dir "${target_dir}" -- -D warnings)
endforeach()

message(STATUS "clippy of the examples")
run("${cargo}" clippy --quiet --release --locked --package rust_client --package rust_qml_client
    --target-dir "${target_dir}" -- -D warnings)
message(STATUS "clippy of qka")
run("${cargo}" clippy --quiet --release --locked --manifest-path tools/qka/Cargo.toml --all-targets
    --target-dir "${target_dir}/qka" -- -D warnings)

message(STATUS "rustdoc")
set(ENV{RUSTDOCFLAGS} "-D warnings")
run("${cargo}" doc --quiet --release --locked --no-deps --no-default-features
    --target-dir "${target_dir}")

message(STATUS "g++ -Wall -Wextra -Wpedantic on the library's own C++")
file(READ "${out_dir_file}" out_dir)
string(REPLACE "," ";" qt_includes "${qt_includes}")
set(includes -I cpp -I cpp/include
    -isystem "${out_dir}/cxxbridge/include" -isystem "${out_dir}/cxxbridge/crate"
    -isystem "${out_dir}/cxxqtbuild/include")
foreach(directory IN LISTS qt_includes)
    list(APPEND includes -isystem "${directory}")
endforeach()
file(GLOB sources RELATIVE "${source_dir}" "${source_dir}/cpp/*.cpp")
set(commands)
foreach(source IN LISTS sources)
    set(command "${compiler}" -std=c++17 -fPIC -fsyntax-only -Wall -Wextra -Wpedantic -Werror
        ${includes} "${source}")
    run(${command})
    list(JOIN command "\", \"" command)
    list(APPEND commands
        "{\"directory\": \"${source_dir}\", \"file\": \"${source}\", \"arguments\": [\"${command}\"]}")
endforeach()

message(STATUS "clang-tidy")
# CMake knows how it compiles the rest; what cargo compiles is told here.
list(JOIN commands ",\n" commands)
file(WRITE "${build_dir}/lint/compile_commands.json" "[\n${commands}\n]\n")
# Not what is generated, below the build directory.
string(REGEX REPLACE "([][+.*()^?|\\{}$])" "\\\\\\1" place "${source_dir}")
foreach(database IN ITEMS lint .)
    execute_process(
        COMMAND run-clang-tidy-14 -quiet -p "${build_dir}/${database}"
                "^${place}/(benches|cpp|examples|tests|tools)/"
        WORKING_DIRECTORY "${source_dir}" RESULT_VARIABLE result OUTPUT_VARIABLE said
        ERROR_VARIABLE said)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "${said}")
    endif()
endforeach()

message(STATUS "qmllint")
file(GLOB_RECURSE files RELATIVE "${source_dir}"
    "${source_dir}/tests/qml/*.qml" "${source_dir}/examples/*.qml")
# A module that is built; its test monitor.lint looks at it where its types are.
list(FILTER files EXCLUDE REGEX "^examples/monitor/")
execute_process(COMMAND "${qmllint}" -I "${qml_modules}" ${files}
    WORKING_DIRECTORY "${source_dir}" OUTPUT_VARIABLE said ERROR_VARIABLE said
    COMMAND_ERROR_IS_FATAL ANY)
if(said MATCHES "Warning|Error")
    message(FATAL_ERROR "${said}")
endif()
