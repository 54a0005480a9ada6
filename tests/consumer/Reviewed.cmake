# reviewed(<file> <list>): what a program outside sees of the library stands in a file, so that a
# change of it shows in the review. Run the test's script with -D update=ON to write the file anew.

function(reviewed file actual)
    set(path "${CMAKE_CURRENT_LIST_DIR}/${file}")
    list(SORT actual)
    list(REMOVE_DUPLICATES actual)
    list(JOIN actual "\n" text)
    if(update)
        file(WRITE "${path}" "${text}\n")
        return()
    endif()
    file(STRINGS "${path}" expected)
    set(added ${actual})
    list(REMOVE_ITEM added ${expected})
    set(gone ${expected})
    list(REMOVE_ITEM gone ${actual})
    if(added OR gone)
        list(TRANSFORM added PREPEND "\n  + ")
        list(TRANSFORM gone PREPEND "\n  - ")
        message(FATAL_ERROR "Programs see something else than tests/consumer/${file} says:"
            ${gone} ${added} "\n"
            "If that is meant, write the file anew and have it reviewed with the change:\n"
            "  cmake -D settings=${settings} -D update=ON -P ${CMAKE_SCRIPT_MODE_FILE}")
    endif()
endfunction()
