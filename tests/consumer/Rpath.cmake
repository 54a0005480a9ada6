# A program that is built by the lines that the guide shows for pkg-config finds the library by its rpath.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/OtherBuilds.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/Shown.cmake")

other_build(rpath)
file(COPY "${CMAKE_CURRENT_LIST_DIR}/app/main.cpp" DESTINATION "${source}")
shown(rpath.sh "${top}/shown.sh")
file(READ "${top}/shown.sh" text)
string(REPLACE "${shown_here}/pkgconfig" "'${pkg_config_path}'" text "${text}")
string(REPLACE "g++ " "'${cxx}' " text "${text}")
foreach(how IN ITEMS with without)
    if(how STREQUAL "without")
        string(REGEX REPLACE " \\\\\n +-Wl,-rpath[^\n]*" "" text "${text}")
    endif()
    file(WRITE "${top}/${how}.sh" "set -e\n${text}")
    run(said "${CMAKE_COMMAND}" -E chdir "${source}" sh "${top}/${how}.sh")
    if(how STREQUAL "with")
        run_alone("${source}/app")
    endif()
endforeach()
run_refused(said "${env}" -i "${source}/app")
expect("${said}" "error while loading shared libraries: libQKeepAlive\\.so\\.[0-9.]+: cannot open"
    "these words are in the guide")

# The same for QML, whose types are in an archive.
file(WRITE "${source}/qml.cpp" [=[
#include <QtCore/QCoreApplication>
#include <QtCore/QDebug>
#include <QtQml/QQmlComponent>
#include <QtQml/QQmlEngine>

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    QQmlEngine engine;
    QQmlComponent component(&engine);
    component.setData("import QKeepAlive 1.0\nKeepAlive { detectWithin: 6000 }", QUrl());
    QScopedPointer<QObject> guard(component.create());
    qInfo() << component.errors();
    return guard && guard->property("detectWithin") == 6000 ? 0 : 1;
}
]=])
set(ENV{PKG_CONFIG_PATH} "${pkg_config_path}")
run(said sh -c "cd '${source}' && '${cxx}' qml.cpp -o qml $('${pkg_config}' --cflags --libs QKeepAliveQml) \
    -Wl,-rpath,$('${pkg_config}' --variable=libdir QKeepAliveQml)")
run_alone("${source}/qml")
