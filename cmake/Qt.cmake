# Which Qt is built with. Sets QT_VERSION_MAJOR, QKEEPALIVE_OTHER_QT_MAJOR, QKEEPALIVE_QT_MINIMUM,
# QKEEPALIVE_QT_VERSION and qmake, and brings the targets Qt<major>::Core and Qt<major>::Network.
#
# The first configuration decides and remembers: a Qt that is installed later does not change what
# an existing build directory makes.

set(QKEEPALIVE_QT_MAJOR "" CACHE STRING
    "Qt's major version, 6 or 5; when left out that of the project, else 6 if it is there, else 5")
set_property(CACHE QKEEPALIVE_QT_MAJOR PROPERTY STRINGS 6 5)
set(qt_minimum_6 6.4)
set(qt_minimum_5 5.15)
set(qt_other_than_6 5)
set(qt_other_than_5 6)
set(qt_package_6 qt6-base-dev)
set(qt_package_5 qtbase5-dev)
set(qml_packages_6 "qt6-declarative-dev qt6-declarative-dev-tools")
set(qml_packages_5 qtdeclarative5-dev)

if(QKEEPALIVE_QT_MAJOR MATCHES "^[56]$")
    set(qt_majors ${QKEEPALIVE_QT_MAJOR})
elseif(NOT QKEEPALIVE_QT_MAJOR STREQUAL "")
    message(FATAL_ERROR "QKEEPALIVE_QT_MAJOR is 6 or 5, not \"${QKEEPALIVE_QT_MAJOR}\"")
elseif(TARGET Qt6::Core)
    set(qt_majors 6)
elseif(TARGET Qt5::Core)
    set(qt_majors 5)
else()
    set(qt_majors 6 5)
endif()

# One that is mistyped would be passed over, and a Qt of the system be taken.
if(PROJECT_IS_TOP_LEVEL)
    foreach(directory IN LISTS CMAKE_PREFIX_PATH)
        if(NOT IS_DIRECTORY "${directory}")
            message(WARNING "CMAKE_PREFIX_PATH names ${directory}, which is no directory: "
                "Qt is looked for without it.")
        endif()
    endforeach()
endif()

unset(QT_VERSION_MAJOR)
set(qt_unfit)
foreach(major IN LISTS qt_majors)
    find_package(Qt${major} ${qt_minimum_${major}} QUIET COMPONENTS Core Network)
    if(Qt${major}_FOUND)
        set(QT_VERSION_MAJOR ${major})
        break()
    elseif(Qt${major}_CONSIDERED_VERSIONS)
        list(JOIN Qt${major}_CONSIDERED_VERSIONS ", " versions)
        list(JOIN Qt${major}_CONSIDERED_CONFIGS ", " configs)
        string(APPEND qt_unfit " Found, but not fit: ${versions} (${configs}).")
    endif()
endforeach()

if(NOT QT_VERSION_MAJOR)
    if(CMAKE_PREFIX_PATH)
        string(APPEND qt_unfit " CMAKE_PREFIX_PATH is ${CMAKE_PREFIX_PATH}, and there is none.")
    endif()
    set(wanted "Qt ${qt_minimum_6} or newer, or Qt ${qt_minimum_5}")
    set(packages "qt6-base-dev qt6-declarative-dev (Qt 5: qtbase5-dev qtdeclarative5-dev)")
    if(QKEEPALIVE_QT_MAJOR EQUAL 6)
        set(wanted "Qt ${qt_minimum_6} or newer (QKEEPALIVE_QT_MAJOR is 6)")
        set(packages "qt6-base-dev qt6-declarative-dev")
    elseif(QKEEPALIVE_QT_MAJOR EQUAL 5)
        set(wanted "Qt ${qt_minimum_5} (QKEEPALIVE_QT_MAJOR is 5)")
        set(packages "qtbase5-dev qtdeclarative5-dev")
    endif()
    message(FATAL_ERROR
        "QKeepAlive needs ${wanted}.${qt_unfit} On Debian and Ubuntu: apt install ${packages}; "
        "a Qt elsewhere is found with -DCMAKE_PREFIX_PATH=<its directory>. "
        "Without Qt (-DQKEEPALIVE_QT=OFF) there is the target QKeepAlive::Core.")
endif()

set(QKEEPALIVE_QT_MAJOR ${QT_VERSION_MAJOR} CACHE STRING "Major version of Qt" FORCE)
set(QKEEPALIVE_OTHER_QT_MAJOR ${qt_other_than_${QT_VERSION_MAJOR}})
set(QKEEPALIVE_QT_MINIMUM ${qt_minimum_${QT_VERSION_MAJOR}})
# What is linked against 6.8 does not load with 6.4, so this is what a user needs at least.
string(REGEX MATCH "^[0-9]+\\.[0-9]+" QKEEPALIVE_QT_VERSION "${Qt${QT_VERSION_MAJOR}_VERSION}")
set(QKEEPALIVE_QT_PACKAGE ${qt_package_${QT_VERSION_MAJOR}})
set(QKEEPALIVE_QML_PACKAGE "${qml_packages_${QT_VERSION_MAJOR}}")
get_target_property(qmake Qt${QT_VERSION_MAJOR}::qmake IMPORTED_LOCATION)
set(QKEEPALIVE_QMAKE "${qmake}" CACHE INTERNAL "qmake of the Qt that is built with")
message(STATUS "Qt ${Qt${QT_VERSION_MAJOR}_VERSION}: ${qmake}${qt_unfit}")
