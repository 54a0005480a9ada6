# Runs cargo for one flavour of the library and puts what it made where CMake expects it. Run as
#
#   cmake -D cargo=… -D source_dir=… -D target_dir=… -D features=bridge|qt
#         -D archive=… -P CargoBuild.cmake
#
# What was made, and where, is asked of cargo itself: both flavours share one target directory.

# Another build with the same target directory would put its flavour there between cargo and the copy
# below: cargo's own lock is gone by then.
file(MAKE_DIRECTORY "${target_dir}")
file(LOCK "${target_dir}" DIRECTORY GUARD PROCESS)

execute_process(
    COMMAND "${cargo}" build --release --locked --lib --no-default-features --features ${features}
            --target-dir "${target_dir}" --message-format json-render-diagnostics
    WORKING_DIRECTORY "${source_dir}"
    OUTPUT_VARIABLE messages
    RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "cargo could not build qkeepalive with feature \"${features}\" (see above)")
endif()

# One message a line, as a CMake list: semicolons and brackets would split or join its elements.
string(REPLACE ";" "," messages "${messages}")
string(REPLACE "[" "(" messages "${messages}")
string(REPLACE "]" ")" messages "${messages}")
string(REGEX MATCHALL "[^\n]+" messages "${messages}")
foreach(message IN LISTS messages)
    if(NOT message MATCHES "\"package_id\":\"path\\+file:") # only this crate is not from a registry
        continue()
    endif()
    if(message MATCHES "\"reason\":\"build-script-executed\".*\"out_dir\":\"([^\"]*)\"")
        set(out_dir "${CMAKE_MATCH_1}")
    elseif(message MATCHES "\"reason\":\"compiler-artifact\".*\"([^\"]*libqkeepalive\\.a)\"")
        set(built "${CMAKE_MATCH_1}")
    endif()
endforeach()
if(NOT built OR NOT out_dir)
    message(FATAL_ERROR "cargo did not say where it put the archive and the generated headers")
endif()
# The lint compiles against what was generated there.
file(WRITE "${archive}.out_dir" "${out_dir}")
file(COPY_FILE "${built}" "${archive}")
file(TOUCH "${archive}")
