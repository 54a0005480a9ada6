# Takes the blocks of code out of Markdown files, each into a file of its own below the directory
# `out`, and prints one line for each: its kind and its name.
#
# A block is marked by an HTML comment in the line right before its fence:
#
#   <!-- test: guard.cpp -->
#   ```cpp
#
# The fence says cpp, qml or cmake, and the name ends in .cpp, .qml or CMakeLists.txt to match. No two
# of all the files have the same name, and no block of these kinds goes without one.

function stop(why) {
    print FILENAME ":" FNR ": " why > "/dev/stderr"
    failed = 1
    exit 1
}

function ends_with(text, end) {
    return substr(text, length(text) - length(end) + 1) == end
}

FNR == 1 && (inside || marked != "") { stop("the file before this one ends inside of a block") }

inside && /^```[ \t]*$/ { close(file); inside = 0; next }
inside { print > file; next }

/^<!-- test:/ {
    if (marked != "")
        stop("the mark " marked " has no block")
    if ($0 !~ /^<!-- test: [A-Za-z0-9_.-]+ -->[ \t]*$/)
        stop("a mark reads <!-- test: NAME -->")
    marked = $3
    next
}

marked == "" && /^```(cpp|qml|cmake)/ { stop("what is shown is tested: a mark is missing") }

marked != "" {
    if (!/^```(cpp|qml|cmake)[ \t]*$/)
        stop("a mark stands in the line right before a fence of cpp, qml or cmake")
    kind = substr($1, 4)
    end = kind == "cmake" ? "CMakeLists.txt" : "." kind
    if (!ends_with(marked, end))
        stop("the name of a " kind " block ends in " end)
    if (marked in seen)
        stop("the name " marked " is taken")
    seen[marked] = 1
    file = out "/" marked
    printf "" > file
    print kind, marked
    marked = ""
    inside = 1
    next
}

END {
    if (failed)
        exit 1
    if (inside || marked != "")
        stop("the file ends inside of a block")
}
