# Describes headers with moc for qmltyperegistrar. Run as
#
#   cmake -D moc=… -D headers=a.h,b.h -D includes=dir,dir -D metatypes=out.json -P MetaTypes.cmake

string(REPLACE "," ";" headers "${headers}")
string(REPLACE "," ";" includes "${includes}")
list(TRANSFORM includes PREPEND -I)
get_filename_component(scratch "${metatypes}" DIRECTORY)

set(described)
foreach(header IN LISTS headers)
    get_filename_component(name "${header}" NAME)
    set(described_header "${scratch}/moc_${name}")
    execute_process(
        COMMAND "${moc}" --output-json ${includes} -o "${described_header}.cpp" "${header}"
        COMMAND_ERROR_IS_FATAL ANY)
    list(APPEND described "${described_header}.cpp.json")
endforeach()
execute_process(
    COMMAND "${moc}" --collect-json -o "${metatypes}.tmp" ${described}
    COMMAND_ERROR_IS_FATAL ANY)
file(READ "${metatypes}.tmp" json)
# A map's keys are no properties to qmllint 6.4; what is in a variant it does not ask.
string(REPLACE "\"QVariantMap\"" "\"QVariant\"" json "${json}")
file(WRITE "${metatypes}" "${json}")
