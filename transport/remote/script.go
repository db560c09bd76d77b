package remote

import (
	"fmt"
	"strings"

	"drover/transport"
)

// needMark begins the line that the start script prints when the host has no
// runner that may be used.
const needMark = "#drover-need#"

// need is what the start script found instead of a runner.
type need struct {
	os, arch string // as uname prints them
	dir      string // where a runner can be put; "" when nowhere
	gzip     bool
	why      string // what is wrong with the directories that were tried
}

// startScript makes the line that starts the cached runner, or prints what is
// needed to put one there. It is one line of plain POSIX shell without quotes,
// backslashes and exclamation marks, so that every login shell passes it on
// unharmed.
//
// A directory is used only if it belongs to the user and nobody else can
// write into it, and so is the file: nobody can have planted it. public asks
// for directories that every user can reach, for becoming an unprivileged one.
//
// The way to a runner that is there costs one program, ls: on a host each is
// milliseconds, more than most tasks.
func startScript(o scriptOptions) string {
	var b strings.Builder
	b.WriteString(`{ read -r m </proc/sys/kernel/arch;} 2>/dev/null&&a="Linux $m"||a=$(uname -sm);case "$a" in `)
	for _, r := range o.runners {
		fmt.Fprintf(&b, `%s)n=r-%s;x="%s";k=%d;; `, unamePattern(r), r.Name, strings.Join(r.Args, " "), r.Size>>10+1)
	}
	b.WriteString(`*)n=;x=;k=0;; esac;`)
	fmt.Fprintf(&b, `go(){ %s;};`, o.start)
	if !o.public {
		fmt.Fprintf(&b, `[ "$n" ]&&for d in %s;do %s done;`, strings.Join(private(o), " "), quickStart)
	}
	fmt.Fprintf(&b, `u=$(id -u);w=;s="|%s|";`, strings.Join(o.skip, "|"))
	// own MODE PATH: the path is of that kind, owned by the user, and closed to
	// other writers.
	b.WriteString(`own(){ m=$1;p=$2;set -- $(ls -ldn "$p" 2>/dev/null);case "$1:$3" in "$m"????-??-*:"$u")return 0;; esac;return 1;};`)
	fmt.Fprintf(&b, `dirs(){ for d in %s;do case "$d" in /*)"$1"&&return 0;; esac;done;return 1;};`, candidates(o))
	b.WriteString(`run(){ f="$d/$n";[ -x "$f" ]&&own d "$d"&&own - "$f"&&go;};`)
	b.WriteString(`[ "$n" ]&&dirs run;`)
	b.WriteString(prepareDir)
	b.WriteString(`z=0;command -v gzip >/dev/null 2>&1&&z=1;`)
	b.WriteString(`g=none;dirs prep&&g="$d";`)
	b.WriteString(`echo "#drover-""need#$a|$z|$g|$w"`)
	return b.String()
}

// quickStart starts the runner in "$d" after the same checks that run makes,
// where the shell can tell whose a file is (-O). What it can't tell, or does
// not look as expected, is left to run.
const quickStart = `case "$d" in /*)f="$d/$n";[ -x "$f" ]&&[ -O "$d" ] 2>/dev/null&&[ -O "$f" ]&&` +
	`case "$(ls -ldn "$d" "$f" 2>/dev/null)" in d????-??-*" $d"?-????-??-*" $f")go;; esac;; esac;`

// prepareDir is the shell function that makes a candidate directory and tries
// whether programs run from it and the runner fits.
const prepareDir = `prep(){ case "$s" in *"|$d|"*)return 1;; esac;` +
	`( umask 022;mkdir -p "$d" ) 2>/dev/null;own d "$d"||{ w="$w $d: not ours or not writable;";return 1;};` +
	`chmod 755 "$d" 2>/dev/null;t="$d/t$$";` +
	`( umask 077;echo "exit 0">"$t" ) 2>/dev/null||{ rm -f "$t" 2>/dev/null;rmdir "$d" 2>/dev/null;w="$w $d: no space or not writable;";return 1;};` +
	`chmod 700 "$t";"$t" 2>/dev/null||{ rm -f "$t";rmdir "$d" 2>/dev/null;w="$w $d: programs may not run there (noexec);";return 1;};rm -f "$t";` +
	`set -- $(df -Pk "$d" 2>/dev/null|tail -n 1);[ "${4:-$k}" -ge "$k" ] 2>/dev/null||{ rmdir "$d" 2>/dev/null;w="$w $d: no space ($4 KiB free, $k needed);";return 1;};` +
	`return 0;};`

// scriptOptions are what a start script is made of.
type scriptOptions struct {
	runners []*Runner
	start   string // the shell command that starts "$f" $x and does not return
	first   string // a directory to try first
	public  bool
	skip    []string // directories where an upload failed
}

// private are the directories to try first, in the user's own places.
func private(o scriptOptions) []string {
	var dirs []string
	if o.first != "" {
		dirs = append(dirs, shellPath(o.first)+"/drover")
	}
	return append(dirs, `"${XDG_CACHE_HOME:-$HOME/.cache}/drover"`)
}

// candidates are the directories to try, as words of the shell.
func candidates(o scriptOptions) string {
	var dirs []string
	if !o.public {
		dirs = private(o)
	}
	dirs = append(dirs, `"/var/tmp/.drover-$u"`, `"/tmp/.drover-$u"`, `"/dev/shm/.drover-$u"`)
	if !o.public {
		dirs = append(dirs, `"${XDG_RUNTIME_DIR:-/run/user/$u}/drover"`)
	}
	return strings.Join(append(dirs, `"/var/cache/drover-$u"`), " ")
}

// shellPath quotes a path, with a leading ~ for the home directory. The
// quotes are double ones: the whole script is quoted with single ones.
func shellPath(path string) string {
	prefix := ""
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') {
		prefix, path = `"$HOME"`, rest
	}
	if path == "" {
		return prefix
	}
	return prefix + `"` + strings.NewReplacer("`", "", `"`, "", `\`, "", "!", "", "'", "").Replace(path) + `"`
}

// unames are the names of systems and machines in uname's words.
var unames = map[string][]string{
	"linux": {"Linux"}, "freebsd": {"FreeBSD"}, "openbsd": {"OpenBSD"}, "netbsd": {"NetBSD"}, "darwin": {"Darwin"},
	"amd64": {"x86_64", "amd64"}, "arm64": {"aarch64", "arm64"}, "386": {"i686", "i586", "i486", "i386"},
	"arm": {"armv7l", "armv6l", "armv8l"}, "riscv64": {"riscv64"}, "ppc64le": {"ppc64le"}, "s390x": {"s390x"},
	"loong64": {"loongarch64"}, "mips64le": {"mips64"}, "ppc64": {"ppc64"},
}

// unamePattern is the pattern of a shell's case for a runner's machines.
func unamePattern(r *Runner) string {
	var words []string
	for _, arch := range unames[r.Arch] {
		for _, system := range unames[r.OS] {
			words = append(words, `"`+system+" "+arch+`"`)
		}
	}
	if len(words) == 0 {
		return `"` + r.OS + " " + r.Arch + `"`
	}
	return strings.Join(words, "|")
}

// goName finds Go's name of what uname prints.
func goName(word string) string {
	for name, words := range unames {
		for _, w := range words {
			if w == word {
				return name
			}
		}
	}
	return strings.ToLower(word)
}

// parseNeed reads what follows needMark.
func parseNeed(line string) (need, error) {
	parts := strings.SplitN(line, "|", 4)
	if len(parts) != 4 {
		return need{}, fmt.Errorf("the start script said %q", line)
	}
	system, machine, _ := strings.Cut(parts[0], " ")
	n := need{os: goName(system), arch: goName(machine), gzip: parts[1] == "1", dir: parts[2],
		why: strings.TrimSpace(parts[3])}
	if n.dir == "none" {
		n.dir = ""
	}
	return n, nil
}

// shellLine passes a script through the login shell.
func shellLine(script string) string { return "/bin/sh -c " + transport.Quote(script) }
