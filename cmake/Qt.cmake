# Which Qt is built with. Sets QT_VERSION_MAJOR, QKEEPALIVE_OTHER_QT_MAJOR, QKEEPALIVE_QT_MINIMUM
# and qmake, and brings the targets Qt<major>::Core and Qt<major>::Network.
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

unset(QT_VERSION_MAJOR)
set(qt_unfit)
foreach(major IN LISTS qt_majors)
    find_package(Qt${major} ${qt_minimum_${major}} QUIET COMPONENTS Core Network)
    if(Qt${major}_FOUND)
        set(QT_VERSION_MAJOR ${major})
        break()
    elseif(Qt${major}_CONSIDERED_VERSIONS)
        list(JOIN Qt${major}_CONSIDERED_VERSIONS ", " versions)
        string(APPEND qt_unfit " Found, but not fit: ${versions}.")
    endif()
endforeach()

if(NOT QT_VERSION_MAJOR)
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
get_target_property(qmake Qt${QT_VERSION_MAJOR}::qmake IMPORTED_LOCATION)
set(QKEEPALIVE_QMAKE "${qmake}" CACHE INTERNAL "qmake of the Qt that is built with")
message(STATUS "Qt ${Qt${QT_VERSION_MAJOR}_VERSION}: ${qmake}")
