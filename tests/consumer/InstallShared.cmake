# Installs what was built and moves it: nothing in a package may remember where it came from.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")

if(NOT shared)
    message(FATAL_ERROR "the shared package comes from this build: configure it with "
        "-DBUILD_SHARED_LIBS=ON")
endif()
fresh(first "installed first")
run(said "${CMAKE_COMMAND}" --install "${build_dir}" --prefix "${first}")
get_filename_component(parent "${shared_prefix}" DIRECTORY)
file(REMOVE_RECURSE "${parent}")
file(MAKE_DIRECTORY "${parent}")
file(RENAME "${first}" "${shared_prefix}")

need(readelf readelf binutils)
need(objcopy objcopy binutils)
file(GLOB_RECURSE files LIST_DIRECTORIES FALSE "${shared_prefix}/*")
foreach(file IN LISTS files)
    if(file MATCHES "\\.so(\\.|$)")
        # Debug information names the sources, as it should; what is looked for is a path that the
        # loader would follow.
        run(text "${readelf}" -d "${file}")
    elseif(file MATCHES "\\.a$")
        run(text "${objcopy}" --strip-debug "${file}" "${work_dir}/without debug information.a")
        file(READ "${work_dir}/without debug information.a" text)
    else()
        file(READ "${file}" text)
    endif()
    foreach(place IN ITEMS "${source_dir}" "${build_dir}" "${cargo_target_dir}")
        # As a path of its own: "/src" is no part of "qkeepalive/src".
        string(REGEX REPLACE "([][+.*()^$?|\\\\])" "\\\\\\1" pattern "${place}")
        if(text MATCHES "(^|[^A-Za-z0-9_.-])${pattern}(/|[^A-Za-z0-9_.-]|$)")
            message(FATAL_ERROR "${file} speaks of ${place}")
        endif()
    endforeach()
endforeach()
