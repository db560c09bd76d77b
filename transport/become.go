package transport

import (
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"
)

// BecomeCommand is how to start a command as another user, and how to talk to
// the program that makes it so.
type BecomeCommand struct {
	// Line is the command line for the login user's shell.
	Line string
	// TTY says that the program reads passwords from a terminal only.
	TTY bool
	// Prompt is the text that asks for the password; where the program has no
	// way to set it, it is empty and any unfinished line that looks like a
	// question is one.
	Prompt string
	// Program is the name of what makes the user another one.
	Program string
}

// becomeMethod makes the command line for one program. words is the command
// to run, quoted for a shell.
type becomeMethod struct {
	exe   string
	flags []string // unless the user gave others
	tty   bool
	asks  bool // with the prompt it is told
	line  func(b *becoming) string
}

// becoming is what a method's line is made of.
type becoming struct {
	*Become
	exe    string
	flags  []string
	prompt string
	words  string
}

func (b *becoming) join(parts ...string) string {
	all := append([]string{Quote(b.exe)}, quoteEach(b.flags)...)
	for _, p := range parts {
		if p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, " ")
}

func quoteEach(words []string) []string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w)
	}
	return quoted
}

func (b *becoming) shell() string { return "/bin/sh -c " + Quote(b.words) }

// becomeMethods are the programs that drover knows.
var becomeMethods = map[string]becomeMethod{
	"sudo": {exe: "sudo", flags: []string{"-H", "-S"}, asks: true, line: sudoLine},
	"dzdo": {exe: "dzdo", flags: []string{"-H", "-S"}, asks: true, line: sudoLine},
	"su": {exe: "su", tty: true, line: func(b *becoming) string {
		return b.join(Quote(b.User), "-c", Quote(b.words))
	}},
	"doas": {exe: "doas", tty: true, line: func(b *becoming) string {
		n := ""
		if b.Password == "" {
			n = "-n"
		}
		return b.join(n, "-u", Quote(b.User), b.shell())
	}},
	"runuser": {exe: "runuser", line: func(b *becoming) string {
		return b.join("-u", Quote(b.User), "--", b.shell())
	}},
	"pbrun": {exe: "pbrun", tty: true, line: func(b *becoming) string {
		return b.join("-u", Quote(b.User), b.shell())
	}},
	"pfexec": {exe: "pfexec", line: func(b *becoming) string { return b.join(b.shell()) }},
	"ksu": {exe: "ksu", tty: true, line: func(b *becoming) string {
		return b.join(Quote(b.User), "-q", "-e", b.shell())
	}},
	"machinectl": {exe: "machinectl", tty: true, line: func(b *becoming) string {
		return b.join("-q", "shell", Quote(b.User+"@"), b.shell())
	}},
}

// sudoLine makes sudo read the password from its input, with a prompt that
// nothing else prints, or fail at once where there is none.
func sudoLine(b *becoming) string {
	flags := slices.DeleteFunc(slices.Clone(b.flags), func(f string) bool { return f == "-n" })
	if b.Password == "" {
		flags = append(flags, "-n")
	} else {
		if !slices.Contains(flags, "-S") {
			flags = append(flags, "-S")
		}
		flags = append(flags, "-p", b.prompt)
	}
	b.flags = flags
	return b.join("-u", Quote(b.User), b.shell())
}

// BecomeLine gives the way to run a shell's command line as another user.
// token makes the password's prompt unlike any other text.
func BecomeLine(b *Become, line, token string) (*BecomeCommand, error) {
	name := b.Method
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	if name == "" {
		name = "sudo"
	}
	if err := CheckBecome(name); err != nil {
		return nil, err
	}
	m := becomeMethods[name]
	user := *b
	if user.User == "" {
		user.User = "root"
	}
	g := &becoming{Become: &user, exe: m.exe, flags: m.flags, words: line, prompt: "[drover " + token + "] password:"}
	if b.Exe != "" {
		g.exe = b.Exe
	}
	if b.Flags != nil {
		g.flags = b.Flags
	}
	c := &BecomeCommand{Line: m.line(g), TTY: m.tty && b.Password != "", Program: path.Base(g.exe)}
	if m.asks {
		c.Prompt = g.prompt
	}
	return c, nil
}

// CheckBecome refuses a method that drover does not know by its short name.
func CheckBecome(method string) error {
	if _, ok := becomeMethods[method]; ok {
		return nil
	}
	return fmt.Errorf("Invalid become method specified, could not find matching plugin: '%s' (there are %s)", method, strings.Join(becomeNames(), ", "))
}

func becomeNames() []string {
	names := make([]string, 0, len(becomeMethods))
	for n := range becomeMethods {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}
