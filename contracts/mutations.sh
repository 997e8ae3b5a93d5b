# Sourced by each family's mutate.sh: breaks a copy of the sources on purpose, one line at a time, and checks that the tests
# notice. The caller has set `work`, a folder of its own, and defines
#   die      ends the script with a message
#   attempt  builds and tests the copy: 0 where all passes, 1 where a test fails, 2 where it does not compile; the output
#            goes to $work/log
#   caught   prints from there which test failed, if that can be told

# Each line of the file $1 is `file ::: text ==> replacement`, where the file is named from the folder $2; only the lines
# that contain $3 count. A mutation that no test notices is reported, and the function fails.
mutate() {
    local line file outcome survivors=0
    attempt || { tail -n 30 "$work/log" >&2 && die "the tests fail before anything is broken"; }
    while IFS= read -r line; do
        case "$line" in "" | \#*) continue ;; esac
        case "$line" in *"$3"*) ;; *) continue ;; esac
        file=$2/${line%% ::: *}
        cp "$file" "$work/original"
        # The text must stand exactly once in the file.
        LINE=$line python3 - "$file" <<'PYTHON' || die "cannot apply: $line"
import os, pathlib, sys

text, replacement = os.environ["LINE"].split(" ::: ", 1)[1].split(" ==> ", 1)
path = pathlib.Path(sys.argv[1])
source = path.read_text()
if source.count(text) != 1:
    sys.exit(1)
path.write_text(source.replace(text, replacement))
PYTHON
        outcome=0
        attempt || outcome=$?
        case $outcome in
            0) echo "SURVIVED $line" && survivors=$((survivors + 1)) ;;
            1) echo "caught $line ($(caught || echo '?'))" ;;
            *) tail -n 20 "$work/log" >&2 && die "does not compile: $line" ;;
        esac
        cp "$work/original" "$file"
    done <"$1"
    [ "$survivors" -eq 0 ] || die "$survivors mutations were not noticed"
}
