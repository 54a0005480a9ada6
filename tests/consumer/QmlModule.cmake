# A project whose QML is a module of Qt 6's CMake functions, as the guide shows it. With one target it
# has all: `import QKeepAlive` works in the program, for qmllint, for Qt's QML compiler and for Qt
# Creator. With the installed package and without Rust; or, with -D how=fetched, with the sources.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/Shown.cmake")

fresh(top "qml-module-${how}")
set(source "${top}/source")
set(build "${top}/build")
file(COPY "${CMAKE_CURRENT_LIST_DIR}/qml_module/" DESTINATION "${source}")
shown(qml-module.CMakeLists.txt "${source}/CMakeLists.txt")

if(how STREQUAL "fetched")
    # What the guide shows of FetchContent takes the place of find_package().
    shown(fetch.CMakeLists.txt "${top}/fetch.txt")
    file(READ "${top}/fetch.txt" fetch)
    string(REGEX MATCH "include\\(FetchContent.*MakeAvailable\\(QKeepAlive\\)" fetch "${fetch}")
    file(READ "${source}/CMakeLists.txt" text)
    string(REGEX REPLACE "find_package\\(QKeepAlive [^)]*\\)" "${fetch}" text "${text}")
    expect("${text}" "FetchContent_MakeAvailable" "the sources should be fetched")
    file(WRITE "${source}/CMakeLists.txt" "${text}")
    set(arguments "-DFETCHCONTENT_SOURCE_DIR_QKEEPALIVE=${source_dir}"
        -DFETCHCONTENT_FULLY_DISCONNECTED=ON -DQKEEPALIVE_QT_MAJOR=${qt_major}
        "-DQKEEPALIVE_CARGO=${cargo}" "-DQKEEPALIVE_CARGO_TARGET_DIR=${cargo_target_dir}")
else()
    forget_rust()
    set(arguments "-DCMAKE_PREFIX_PATH=${shared_prefix}")
endif()
configure(said "${source}" "${build}" "-DQt${qt_major}_DIR=${qt_dir}" ${arguments})

# --- qmllint: before anything is built, as an editor may ----------------------------------------

# lint(<output variable>): what Qt's own target for it says
function(lint output)
    execute_process(COMMAND "${CMAKE_COMMAND}" --build "${build}" --target all_qmllint
        OUTPUT_VARIABLE said ERROR_VARIABLE said TIMEOUT 300)
    set(${output} "${said}" PARENT_SCOPE)
endfunction()

lint(said)
expect("${said}" NOT "Warning:|Error:|FAILED|rror:" "the project is right, but qmllint says")
file(READ "${source}/Main.qml" right)
foreach(wrong IN ITEMS "detectsWithin: 6000" "detectWithin: \"six seconds\"")
    string(REPLACE "detectWithin: 6000" "${wrong}" text "${right}")
    file(WRITE "${source}/Main.qml" "${text}")
    lint(said)
    expect("${said}" "Warning: [^\n]*Main\\.qml:[0-9]+" "${wrong} is wrong, but qmllint says")
endforeach()
file(WRITE "${source}/Main.qml" "${right}")
lint(said)
expect("${said}" NOT "Warning:|Error:|FAILED|rror:" "the project is right again, but qmllint says")

# --- The program ---------------------------------------------------------------------------------

# try(<variable of the environment>...): what it and the dynamic linker say; it has to end well
function(try)
    run(said "${CMAKE_COMMAND}" -E env LD_DEBUG=files ${ARGN} "${build}/app")
    expect("${said}" "Healthy\n.*the peer closed the connection" "it should say what it saw")
    expect("${said}" "libQKeepAlive\\.so" "the dynamic linker should say what it loads")
    set(said "${said}" PARENT_SCOPE)
endfunction()

build(said "${build}")
try()
expect("${said}" NOT "qkeepaliveplugin" "the module is in the program, and a plugin is loaded")
file(READ "${build}/CMakeCache.txt" cache)
string(REGEX MATCH "\nQML_IMPORT_PATH:[A-Z]+=([^\n]*)" said "${cache}")
set(modules "${CMAKE_MATCH_1}")
if(NOT EXISTS "${modules}/QKeepAlive/qmldir")
    message(FATAL_ERROR "Qt Creator is told to look into \"${modules}\", where there is no QKeepAlive")
endif()
# Where Qt finds the module's directory all the same, as in Debian's packages: the types come twice.
try("QML_IMPORT_PATH=${modules}")

# Without that target the module is in the plugin. It also serves QML that was compiled.
file(READ "${source}/CMakeLists.txt" text)
string(REPLACE "PRIVATE QKeepAlive::Qml" "PRIVATE QKeepAlive::QKeepAlive" text "${text}")
file(WRITE "${source}/CMakeLists.txt" "${text}")
build(said "${build}")
run_refused(said "${build}/app")
expect("${said}" "module \"QKeepAlive\" is not installed" "these words are in the guide")
try("QML_IMPORT_PATH=${modules}")
expect("${said}" "qkeepaliveplugin" "the plugin should be loaded")
