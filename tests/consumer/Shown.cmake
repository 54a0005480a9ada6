# What the guide to packaging shows, for the tests that build and run it. How a block is marked is said
# in readme.awk.

# shown(<name> <file>): puts the block of that name into a file
function(shown name file)
    need(awk awk mawk)
    set(blocks "${work_dir}/shown/${name}")
    file(REMOVE_RECURSE "${blocks}")
    file(MAKE_DIRECTORY "${blocks}")
    run(said "${awk}" -v "out=${blocks}" -f "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/readme.awk"
        "${source_dir}/docs/guides/packaging.md")
    if(NOT EXISTS "${blocks}/${name}")
        message(FATAL_ERROR "docs/guides/packaging.md shows no ${name}")
    endif()
    file(COPY_FILE "${blocks}/${name}" "${file}")
    set(shown_here /opt/qkeepalive/lib PARENT_SCOPE) # where the package is there
endfunction()
