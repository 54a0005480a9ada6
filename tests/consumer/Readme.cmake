# What the README and the guides show works: each of their blocks is built, or linted, against the
# installed package. How a block is marked is said in readme.awk; here is what is made of it.
#
#   cpp    With an `int main` it is a program as it stands. Otherwise its includes go to the top (if
#          it names no header of ours, both are there), and the rest becomes the body of a
#          constructor of a QObject, with a `QTcpSocket *sock`, a `QTcpServer *server` and
#          std::chrono_literals at hand.
#   qml    With an `import QtQuick` it is a file as it stands. Otherwise it goes into an Item, next
#          to an object `backend` that has a `socket`, and a Text `banner`, and is also run. With
#          Qt 5 the imports get the versions that they have to have there.
#   cmake  With a `project(` it is a file as it stands. Otherwise it stands after project() and a
#          target `app`.
#
# Those of other build systems, and projects of more files than one, have tests of their own, which
# take them by Shown.cmake.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/QmlTools.cmake")

need(awk awk mawk)
fresh(top readme)
find_qml_module(readme/asks)
need(qmllint qmllint ${qml_tools_package} "${qt_bins}")
need(qml qml ${qml_package} "${qt_bins}")
set(readme "${source_dir}/README.md")
file(GLOB guides "${source_dir}/docs/guides/*.md")
if(NOT guides)
    message(FATAL_ERROR "there are no guides in ${source_dir}/docs/guides")
endif()
fresh(blocks readme/blocks)
run(found "${awk}" -v "out=${blocks}" -f "${CMAKE_CURRENT_LIST_DIR}/readme.awk"
    "${readme}" ${guides})
string(REGEX MATCHALL "[^\n]+" found "${found}")
foreach(block IN LISTS found)
    string(REGEX MATCH "^([a-z]+) (.*)" block "${block}")
    list(APPEND ${CMAKE_MATCH_1}_blocks "${CMAKE_MATCH_2}")
endforeach()
foreach(kind IN ITEMS cpp qml cmake)
    if(NOT ${kind}_blocks)
        message(FATAL_ERROR "no block of ${kind} is marked: see readme.awk")
    endif()
endforeach()
list(REMOVE_ITEM cmake_blocks fetch.CMakeLists.txt qml-module.CMakeLists.txt)
set(others ${qmake_blocks} ${meson_blocks} ${sh_blocks})
list(REMOVE_ITEM others app.pro meson.build rpath.sh)
if(others)
    message(FATAL_ERROR "no test builds ${others}")
endif()

# split(<block> <how the lines to take begin>): sets text, taken and rest
function(split block expression)
    file(READ "${blocks}/${block}" text)
    string(PREPEND text "\n")
    string(REGEX MATCHALL "\n${expression}[^\n]*" lines "${text}")
    list(JOIN lines "" lines)
    string(REGEX REPLACE "\n${expression}[^\n]*" "" rest "${text}")
    set(taken "${lines}" PARENT_SCOPE)
    set(rest "${rest}" PARENT_SCOPE)
    set(text "${text}" PARENT_SCOPE)
endfunction()

# --- QML -----------------------------------------------------------------------------------------

set(for_qt_5 "import QKeepAlive 1.0")
file(READ "${readme}" text)
string(FIND "${text}" "`${for_qt_5}`" at)
if(at EQUAL -1)
    message(FATAL_ERROR "${readme} should say how the module is imported with Qt 5: ${for_qt_5}")
endif()
foreach(block IN LISTS qml_blocks)
    split("${block}" "[ ]*import ")
    if(qt_major EQUAL 5)
        foreach(part IN ITEMS text taken)
            string(REGEX REPLACE "import +QKeepAlive *(\n|$)" "${for_qt_5}\\1" ${part} "${${part}}")
            string(REGEX REPLACE "import +QtQuick *(\n|$)" "import QtQuick 2.15\\1" ${part} "${${part}}")
        endforeach()
        file(WRITE "${blocks}/${block}" "${text}")
    endif()
    if(NOT taken MATCHES "import +QtQuick")
        if(NOT taken MATCHES "import +QKeepAlive")
            string(APPEND taken "\n${for_qt_5}")
        endif()
        file(CONFIGURE OUTPUT "${blocks}/${block}" @ONLY CONTENT [=[
import QtQuick 2.15@taken@

Item {
    QtObject { id: backend; property QtObject socket }
    Text { id: banner; text: backend.socket ? "" : "-" }
    Timer { running: true; interval: 1; onTriggered: Qt.exit(0) }
@rest@
}
]=])
        run_qml(said "${blocks}/${block}")
        expect("${said}" NOT "${block}:[0-9]" "${block} does not run without a word")
    endif()
    run(said "${qmllint}" -I "${qml_dir}" "${blocks}/${block}")
    expect("${said}" NOT "[^ \n]" "${block} is not right")
endforeach()

# --- C++: all of them in one project -------------------------------------------------------------

fresh(project readme/cpp)
file(COPY "${CMAKE_CURRENT_LIST_DIR}/readme/CMakeLists.txt" DESTINATION "${project}")
foreach(block IN LISTS cpp_blocks)
    split("${block}" "[ ]*#include ")
    if(NOT text MATCHES "int main")
        if(NOT taken MATCHES "<ka/") # shown by a block before
            string(APPEND taken "\n#include <ka/keepalive.h>\n#include <ka/socket.h>")
        endif()
        file(CONFIGURE OUTPUT "${blocks}/${block}" @ONLY CONTENT [=[
@taken@
#include <QtCore/QCoreApplication>
#include <QtCore/QDebug>
#include <QtCore/QTimer>
#include <QtNetwork/QSslSocket>
#include <QtNetwork/QTcpServer>
#include <QtNetwork/QTcpSocket>

using namespace std::chrono_literals;

struct Demo : QObject
{
    Demo([[maybe_unused]] QTcpSocket *sock, [[maybe_unused]] QTcpServer *server)
    {
@rest@
    }
};

int main()
{
    QTcpSocket socket;
    QTcpServer server;
    Demo demo(&socket, &server);
}
]=])
    endif()
    file(COPY "${blocks}/${block}" DESTINATION "${project}")
endforeach()
configure(said "${project}" "${project}/build" "-DQt${qt_major}_DIR=${qt_dir}"
    "-DCMAKE_PREFIX_PATH=${shared_prefix}" -Dqt_major=${qt_major})
build(said "${project}/build")

# --- CMake: a project for each -------------------------------------------------------------------

foreach(block IN LISTS cmake_blocks)
    fresh(project "readme/${block}.project")
    file(READ "${blocks}/${block}" text)
    if(NOT text MATCHES "project *\\(")
        string(PREPEND text
            "cmake_minimum_required(VERSION 3.16)\nproject(app LANGUAGES CXX)\n"
            "add_executable(app main.cpp)\n")
    endif()
    file(WRITE "${project}/CMakeLists.txt" "${text}")
    file(WRITE "${project}/main.cpp" [=[
#include <ka/socket.h>
#ifdef QT_NETWORK_LIB
#    include <ka/keepalive.h>
int main() { return ka::KeepAlive().idle(); }
#else
int main() { return ka::Config().detectionTime().count() == 0; }
#endif
]=])
    configure(said "${project}" "${project}/build" "-DQt${qt_major}_DIR=${qt_dir}"
        "-DCMAKE_PREFIX_PATH=${shared_prefix}")
    build(said "${project}/build")
endforeach()
