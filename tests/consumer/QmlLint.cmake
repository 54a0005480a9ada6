# qmllint knows the installed type: it says nothing about a right file, and does about a wrong one.
include("${CMAKE_CURRENT_LIST_DIR}/Outside.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/QmlTools.cmake")

find_qml_module(qml-lint)
need(qmllint qmllint ${qml_tools_package} "${qt_bins}")

# What can be found wrong. Qt 5's qmllint looks for the names of types, when it is told to and where
# Qt's own are, and at nothing of what they have.
if(qt_major EQUAL 5)
    run(qt_modules "${qmake_program}" -query QT_INSTALL_QML)
    string(STRIP "${qt_modules}" qt_modules)
    set(lint "${qmllint}" -U -I "${qt_modules}" -I "${qml_dir}")
    set(right right-name)
    set(wrong wrong-name)
else()
    set(lint "${qmllint}" -I "${qml_dir}")
    set(right right-name right run)
    set(wrong wrong-name wrong-property wrong-type wrong-parameters)
endif()

foreach(file IN LISTS right)
    run(said ${lint} "${CMAKE_CURRENT_LIST_DIR}/qml/${file}.qml")
    expect("${said}" NOT "[^ \n]" "${file}.qml is right, but qmllint says")
endforeach()
foreach(file IN LISTS wrong)
    execute_process(COMMAND ${lint} "${CMAKE_CURRENT_LIST_DIR}/qml/${file}.qml"
        OUTPUT_VARIABLE said ERROR_VARIABLE said)
    expect("${said}" "[Ww]arning: [^\n]*(${file}\\.qml|KeepsAlive)"
        "${file}.qml is wrong, but qmllint says")
endforeach()
