# How a test of this folder does what an outside user does. Each test is a script, run as
#
#   cmake -D settings=… [-D package=shared|lld|static] [-D compiler=clang++] [-D linker=lld] -P Test.cmake
#
# It fails when a command does, or by expect(); there is no other way out than to pass.
cmake_minimum_required(VERSION 3.24)
include("${settings}")

# What could find another QKeepAlive than the one meant, or put this one elsewhere.
foreach(variable IN ITEMS
        LD_LIBRARY_PATH CMAKE_PREFIX_PATH CMAKE_GENERATOR CMAKE_BUILD_TYPE QML_IMPORT_PATH
        QML2_IMPORT_PATH DESTDIR QKeepAlive_DIR QKeepAlive_ROOT)
    unset(ENV{${variable}})
endforeach()
set(ENV{LC_ALL} C.UTF-8) # Qt 6.8 speaks up where the encoding is another

# Where no Qt can even be looked for.
set(without_qt -DCMAKE_DISABLE_FIND_PACKAGE_Qt6=ON -DCMAKE_DISABLE_FIND_PACKAGE_Qt5=ON)

# What Debian calls the parts of Qt.
if(qt_major EQUAL 5)
    set(qt_package qtbase5-dev)
    set(qml_tools_package qtdeclarative5-dev-tools)
    set(qml_package qml)
    set(qml_modules "qml-module-qtquick2 qml-module-qtquick-window2")
else()
    set(qt_package qt6-base-dev)
    set(qml_tools_package qt6-declarative-dev-tools)
    set(qml_package qml-qt6)
    set(qml_modules
        "qml6-module-qtquick qml6-module-qtquick-window qml6-module-qtqml-workerscript")
endif()
set(ENV{NINJA_STATUS} "")

# run(<output variable> <command>...): the output, both streams of it, of a command that must work
function(run output)
    execute_process(COMMAND ${ARGN}
        OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE result TIMEOUT 300)
    if(NOT result EQUAL 0)
        list(JOIN ARGN " " command)
        message(FATAL_ERROR "${command}\nended with ${result}:\n${said}")
    endif()
    set(${output} "${said}" PARENT_SCOPE)
endfunction()

# run_refused(<output variable> <command>...): the output of a command that must not work
function(run_refused output)
    execute_process(COMMAND ${ARGN}
        OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE result TIMEOUT 300)
    if(result EQUAL 0)
        list(JOIN ARGN " " command)
        message(FATAL_ERROR "${command}\nshould have failed, but said:\n${said}")
    endif()
    set(${output} "${said}" PARENT_SCOPE)
endfunction()

# expect(<text> [NOT] <regular expression> <what it would mean if this were not so>)
function(expect text expression)
    set(wanted TRUE)
    if(expression STREQUAL "NOT")
        set(wanted FALSE)
        list(POP_FRONT ARGN expression)
    endif()
    set(found FALSE)
    if(text MATCHES "${expression}")
        set(found TRUE)
    endif()
    if(NOT found STREQUAL wanted)
        message(FATAL_ERROR "${ARGN}\n${expression}\n${text}")
    endif()
endfunction()

# need(<variable> <program> <Debian package> [<directory>]): a tool; to be without it is a failure
function(need variable program package)
    unset(${variable}) # find_program does nothing for a variable that is set
    if(ARGN)
        find_program(${variable} ${program} PATHS ${ARGN} NO_DEFAULT_PATH NO_CACHE)
    else()
        find_program(${variable} ${program} NO_CACHE)
    endif()
    if(NOT ${variable})
        message(FATAL_ERROR "${program} is missing ${ARGN}; on Debian: apt install ${package}")
    endif()
    set(${variable} "${${variable}}" PARENT_SCOPE)
endfunction()

# forget_rust(): from here on the PATH leads to what g++ needs, and to no cargo or rustc. Leaving
# out their directories would not do: Debian's are in /usr/bin like everything else.
#
# The compiler forgets its variables too. Not so in the tests that run cargo: they are part of what
# it takes for a reason to compile everything again.
function(forget_rust)
    foreach(variable IN ITEMS CPATH LIBRARY_PATH CXXFLAGS CPPFLAGS LDFLAGS)
        unset(ENV{${variable}})
    endforeach()
    get_filename_component(test "${CMAKE_SCRIPT_MODE_FILE}" NAME_WE)
    set(bin "${work_dir}/bin-of-${test}-${package}${linker}")
    file(REMOVE_RECURSE "${bin}")
    file(MAKE_DIRECTORY "${bin}")
    foreach(tool IN ITEMS as ld ar ranlib nm objcopy objdump strip sh env)
        need(path ${tool} binutils)
        file(CREATE_LINK "${path}" "${bin}/${tool}" SYMBOLIC)
    endforeach()
    if(linker)
        need(path ld.${linker} ${linker})
        file(CREATE_LINK "${path}" "${bin}/ld.${linker}" SYMBOLIC)
    endif()
    set(ENV{PATH} "${bin}")
    foreach(tool IN ITEMS cargo rustc)
        run_refused(said sh -c "command -v ${tool}")
    endforeach()
endfunction()

# Another compiler than the library's, and another linker.
if(compiler)
    string(REPLACE "++" "" package_of_compiler "${compiler}")
    need(cxx ${compiler} ${package_of_compiler})
endif()
set(linker_flags)
if(linker)
    set(linker_flags "-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=${linker}")
endif()

# configure(<output variable> <source> <build> [<argument>...]): as a user does
macro(configure output source build)
    run(${output} "${CMAKE_COMMAND}" -S "${source}" -B "${build}" -G "${generator}"
        "-DCMAKE_MAKE_PROGRAM=${make_program}" "-DCMAKE_CXX_COMPILER=${cxx}" ${linker_flags} ${ARGN})
endmacro()

# expect_linker(<file>): that it was linked by ${linker}, which leaves its name; takes ${readelf}
function(expect_linker file)
    run(comment "${readelf}" -p .comment "${file}")
    if(linker STREQUAL "lld")
        expect("${comment}" "Linker: [A-Za-z ]*LLD" "${file} should be linked by lld")
    else()
        expect("${comment}" NOT "Linker: " "${file} should be linked by GNU ld")
    endif()
endfunction()

# build(<output variable> <build>)
macro(build output build)
    run(${output} "${CMAKE_COMMAND}" --build "${build}")
endmacro()

# fresh(<variable> <name>): an empty directory for this test
macro(fresh variable name)
    set(${variable} "${work_dir}/${name}")
    file(REMOVE_RECURSE "${${variable}}")
    file(MAKE_DIRECTORY "${${variable}}")
endmacro()
