# Reads C files of the project (paths from its root, as arguments) and prints each breach of the house rules as
# `file:line: what`. Exit 1 where there was one. Rules: a room includes only rooms on lower floors, and itself;
# neighbours on a floor never include each other; only sim/main.c sees the list of models; nothing below the command
# line prints or exits; no function over 60 lines, their median under 15; no file of 400 lines or more.
# Functions are found by layout (clang-format's): the body opens with `{` at a line's end and ends with `}` in column 1.

BEGIN {
    FS = "\n"
    # Floors in steps of ten; parts lie between scenario and models because a model is written over the parts.
    floor["sim/base"] = 10
    floor["sim/engine"] = 20; floor["sim/stats"] = 20
    floor["sim/scenario"] = 30
    floor["models/parts"] = 40; floor["sim/live"] = 40
    floor["models"] = 45
    floor["sim/study"] = 50; floor["sim/calib"] = 50
    floor["sim/cli"] = 60
    floor["sim"] = 70
    # The contract of a model is what study and the parts share; the models themselves are seen by main alone.
    room_of["models/model.h"] = "models/parts"
    LONGEST = 60; MEDIAN = 15; LINES = 400
}

FNR == 1 { begin_file() }

{ lines_of[FILENAME] = FNR }

/^[ \t]*#[ \t]*include[ \t]*"/ { check_include($0) }

{ code = stripped($0) }

may_not_print && code ~ /(^|[^A-Za-z0-9_])(printf|puts|putchar|vprintf|perror|exit|quick_exit|abort)[ \t]*\(/ {
    breach(FNR, "a room below the command line prints or exits: " trimmed($0))
}

may_not_print && code ~ /(^|[^A-Za-z0-9_])(stdout|stderr)([^A-Za-z0-9_]|$)/ {
    breach(FNR, "a room below the command line uses stdout or stderr: " trimmed($0))
}

# A definition may span lines before its body opens; it begins with the first line in column 1 after a closed one.
function_start && /^}/ { end_function() }
!in_body && /^[A-Za-z_]/ && !heading { heading = FNR; head = "" }
!in_body && heading { head = head " " code }
!in_body && heading && code ~ /\{[ \t]*$/ {
    in_body = 1
    if (head ~ /\)[ \t]*\{[ \t]*$/ && head !~ /=/) { function_start = heading; name = head }
}
!in_body && heading && (code ~ /[;}][ \t]*$/ || /^[ \t]*$/ || /^#/) { heading = 0 }
in_body && /^}/ { in_body = 0; heading = 0 }

END {
    for (file in lines_of)
        if (lines_of[file] >= LINES) say(file ":" lines_of[file] ": the file has " LINES " lines or more")
    check_median()
    exit breaches > 0
}

function begin_file() {
    in_body = heading = function_start = in_comment = 0
    room = room_named(FILENAME)
    if (!room && FILENAME ~ /^(sim|models)\//) breach(1, "this folder has no floor: give it one in tests/floors/house.awk")
    # require.c is where every broken promise ends; live's children end by exit.
    may_not_print = room && floor[room] < 60 && FILENAME != "sim/base/require.c"
}

# The room that a path lies in; "" where it has none (tests).
function room_named(path, folder) {
    if (path in room_of) return room_of[path]
    folder = path
    sub(/\/[^\/]*$/, "", folder)
    return folder in floor ? folder : ""
}

function check_include(line, path, target) {
    path = line
    sub(/^[^"]*"/, "", path)
    sub(/".*$/, "", path)
    if (!room) return
    if (path ~ /models\.def$/ && FILENAME != "sim/main.c") {
        breach(FNR, "only sim/main.c sees the list of models")
        return
    }
    target = path ~ /^\.\.?\// ? "" : room_named(resolved(path))
    if (!target)
        breach(FNR, "\"" path "\" names no room: write its path from the root or from sim/")
    else if (target != room && floor[target] == floor[room])
        breach(FNR, room " includes its neighbour " target " (" path ")")
    else if (floor[target] > floor[room])
        breach(FNR, room " includes " target ", which is above it (" path ")")
}

# Include paths are from the root, from sim/ or (parts/...) from models/; where they have no folder, beside the file.
function resolved(path, folder) {
    if (path !~ /\//) {
        folder = FILENAME
        sub(/\/[^\/]*$/, "", folder)
        return folder "/" path
    }
    if (path ~ /^parts\//) return "models/" path
    return path ~ /^(models|sim)\// ? path : "sim/" path
}

# The line without comments, strings and character constants.
function stripped(line, start) {
    if (in_comment) {
        if (!match(line, /\*\//)) return ""
        line = substr(line, RSTART + 2)
        in_comment = 0
    }
    gsub(/\\./, "", line)
    gsub(/"[^"]*"/, "\"\"", line)
    gsub(/'[^']*'/, "' '", line)
    sub(/\/\/.*$/, "", line)
    while ((start = index(line, "/*")) > 0) {
        if (!match(substr(line, start + 2), /\*\//)) {
            in_comment = 1
            return substr(line, 1, start - 1)
        }
        line = substr(line, 1, start - 1) " " substr(line, start + 2 + RSTART + 1)
    }
    return line
}

function end_function(length_) {
    length_ = FNR - function_start + 1
    if (length_ > LONGEST) breach(function_start, "a function of " length_ " lines, over " LONGEST)
    if (room) count[length_]++
    functions += room != ""
    function_start = 0
}

# Counted over sim and models together; says nothing of fewer than 20 functions.
function check_median(below, n) {
    if (functions < 20) return
    for (n = 1; n < MEDIAN; n++) below += count[n]
    if (2 * below < functions) say("sim, models: the median function has " MEDIAN " lines or more")
}

function trimmed(line) {
    sub(/^[ \t]+/, "", line)
    return line
}

function breach(line, what) { say(FILENAME ":" line ": " what) }

function say(what) {
    print what
    breaches++
}
