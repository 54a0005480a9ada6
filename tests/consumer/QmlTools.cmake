# Where the module and Qt's QML tools are. Those in /usr/bin may be another Qt's, to which every
# import of the module is unknown and every file right; so Qt is asked for its own.

# run_qml(<output variable> <file>): by Qt's qml tool, where there is no display
function(run_qml output file)
    set(ENV{QT_QPA_PLATFORM} offscreen)
    set(ENV{QT_QUICK_BACKEND} software)
    execute_process(COMMAND "${qml}" -I "${qml_dir}" "${file}"
        OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE result TIMEOUT 60)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "${file} ended with ${result}:\n${said}"
            "If a module of Qt is missing, on Debian: apt install ${qml_modules}")
    endif()
    set(${output} "${said}" PARENT_SCOPE)
endfunction()

if(NOT package)
    set(package shared)
endif()

# find_qml_module(<directory for the build>): sets qml_dir, as the package itself tells it, and
# qt_bins
macro(find_qml_module directory)
    fresh(asks "${directory}")
    configure(said "${CMAKE_CURRENT_LIST_DIR}/asks" "${asks}" "-DQt${qt_major}_DIR=${qt_dir}"
        # The way that leads to lib64 everywhere.
        "-DQKeepAlive_DIR=${${package}_prefix}/${${package}_libdir}/cmake/QKeepAlive"
        -Dversion=0.1 -Drequest=REQUIRED,COMPONENTS,Qml)
    string(REGEX MATCH "qml: ([^\n]*)\\.\n" qml_dir "${said}")
    set(qml_dir "${CMAKE_MATCH_1}")
    string(FIND "${qml_dir}" "${${package}_prefix}/${${package}_libdir}/" at)
    if(NOT at EQUAL 0 OR NOT EXISTS "${qml_dir}/QKeepAlive/qmldir")
        message(FATAL_ERROR "the package says that its QML module is in \"${qml_dir}\"")
    endif()
    need(qmake_program "${qmake}" ${qt_package})
    run(qt_bins "${qmake_program}" -query QT_INSTALL_BINS)
    string(STRIP "${qt_bins}" qt_bins)
endmacro()
