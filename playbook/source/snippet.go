package source

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
)

// ReadLine gives line n (from 1) of a file, without its end, and refuses for
// vaulted files, whose text must not show. It is a variable so that text that
// is in no file can be supplied.
var ReadLine = readLine

// Format prints err for a person: for an *Error (anywhere in its chain) the
// message, place, line with caret, trace and hint; for a List each of its
// errors, separated by blank lines; for any other error its text. The text
// ends without a newline.
func Format(err error) string {
	var list List
	if errors.As(err, &list) {
		parts := make([]string, len(list))
		for i, e := range list {
			parts[i] = Format(e)
		}
		return strings.Join(parts, "\n\n")
	}
	var e *Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	var b strings.Builder
	b.WriteString(e.Msg)
	if e.Pos.Known() {
		fmt.Fprintf(&b, "\n  --> %s", e.Pos)
		b.WriteString(Snippet(e.Pos, e.Width))
	}
	for _, f := range e.Trace {
		fmt.Fprintf(&b, "\n  %s", f.What)
		if f.Pos.Known() {
			fmt.Fprintf(&b, " (%s)", f.Pos)
		}
	}
	if e.Hint != "" {
		b.WriteString("\n  hint: " + strings.ReplaceAll(e.Hint, "\n", "\n        "))
	}
	return b.String()
}

// Snippet gives the line at pos with a caret of the given width below it, each
// line starting with a newline; empty when the line can't be read.
func Snippet(pos Pos, width int) string {
	if pos.Line == 0 {
		return ""
	}
	line, ok := ReadLine(pos.File, pos.Line)
	if !ok {
		return ""
	}
	line = strings.TrimRight(line, "\r\n")
	gutter := fmt.Sprintf("%4d", pos.Line)
	out := fmt.Sprintf("\n%s | %s", gutter, line)
	if pos.Col > 0 {
		pad := []rune(line)
		if len(pad) > pos.Col-1 {
			pad = pad[:pos.Col-1]
		}
		for i, r := range pad {
			if r != '\t' {
				pad[i] = ' '
			}
		}
		out += fmt.Sprintf("\n%s | %s%s", strings.Repeat(" ", len(gutter)), string(pad), strings.Repeat("^", max(width, 1)))
	}
	return out
}

func readLine(file string, n int) (string, bool) {
	f, err := os.Open(file)
	if err != nil {
		return "", false
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(make([]byte, 64*1024), 8*1024*1024)
	for i := 1; sc.Scan(); i++ {
		if i == 1 && strings.HasPrefix(sc.Text(), "$ANSIBLE_VAULT;") {
			return "", false // the lines count in the decrypted text
		}
		if i == n {
			return sc.Text(), true
		}
	}
	return "", false
}

func sprintf(format string, args ...any) string {
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}
