package main

import (
	"fmt"
	"sort"
	"strings"

	"github.com/urfave/cli/v2"

	"drover/playbook/source"
)

// argTable knows the flags of a command by all their names.
type argTable struct {
	command string
	long    map[string]argFlag // "inventory"
	short   map[rune]argFlag   // 'i'
}

type argFlag struct {
	name  string // the first long name
	value bool   // takes one
}

func newArgTable(command string, flags []cli.Flag) *argTable {
	t := &argTable{command: command, long: map[string]argFlag{}, short: map[rune]argFlag{}}
	for _, f := range append(flags, cli.HelpFlag) {
		_, isBool := f.(*cli.BoolFlag)
		names := f.Names()
		a := argFlag{name: names[0], value: !isBool}
		for _, n := range names {
			if len(n) == 1 {
				t.short[rune(n[0])] = a
			} else {
				t.long[n] = a
			}
		}
	}
	return t
}

// normalise puts a command's arguments into the strict form that the flag
// parser wants: flags first, each with its long name and "=value", then "--"
// and the rest. It allows what Ansible's parser does: flags after positional
// arguments, clusters such as -bK and -vvv, -ifile, and long names cut short.
func (t *argTable) normalise(args []string) ([]string, error) {
	var flags, rest []string
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		var err error
		var used []string
		switch {
		case arg == "--":
			rest, args = append(rest, args...), nil
			continue
		case strings.HasPrefix(arg, "--"):
			used, args, err = t.takeLong(arg[2:], args)
		case len(arg) > 1 && arg[0] == '-':
			used, args, err = t.takeCluster(arg[1:], args)
		default:
			rest = append(rest, arg)
			continue
		}
		if err != nil {
			return nil, err
		}
		flags = append(flags, used...)
	}
	return append(append(flags, "--"), rest...), nil
}

// takeLong reads "name", "name=value", or "name" and the next argument.
func (t *argTable) takeLong(text string, args []string) (flags, left []string, err error) {
	name, val, given := strings.Cut(text, "=")
	f, err := t.resolve(name)
	switch {
	case err != nil:
		return nil, nil, err
	case !f.value && given:
		return nil, nil, t.errorf("--%s takes no value", f.name)
	case !f.value:
		return []string{"--" + f.name}, args, nil
	case !given:
		if len(args) == 0 {
			return nil, nil, t.errorf("--%s expects a value", f.name)
		}
		val, args = args[0], args[1:]
	}
	return []string{"--" + f.name + "=" + val}, args, nil
}

// resolve finds a long flag by its name or an unambiguous beginning of it.
func (t *argTable) resolve(name string) (argFlag, error) {
	if f, ok := t.long[name]; ok {
		return f, nil
	}
	var hits []string
	found := map[string]argFlag{}
	for n, f := range t.long {
		if name != "" && strings.HasPrefix(n, name) {
			hits = append(hits, "--"+n)
			found[f.name] = f
		}
	}
	if len(found) == 1 {
		for _, f := range found {
			return f, nil
		}
	}
	if len(found) > 1 {
		sort.Strings(hits)
		return argFlag{}, t.errorf("--%s is ambiguous: it could be %s", name, strings.Join(hits, ", "))
	}
	return argFlag{}, t.errorf("unknown option --%s%s", name, t.didYouMean(name))
}

func (t *argTable) didYouMean(name string) string {
	names := make([]string, 0, len(t.long))
	for n := range t.long {
		names = append(names, n)
	}
	sort.Strings(names)
	if s := source.Suggest(name, names); s != "" {
		return " (did you mean --" + s + "?)"
	}
	return ""
}

// takeCluster reads the letters behind one dash.
func (t *argTable) takeCluster(text string, args []string) (flags, left []string, err error) {
	for i, letter := range text {
		f, ok := t.short[letter]
		if !ok {
			return nil, nil, t.errorf("unknown option -%c%s", letter, t.wrongDash(text))
		}
		if !f.value {
			flags = append(flags, "--"+f.name)
			continue
		}
		val := strings.TrimPrefix(text[i+1:], "=")
		if val == "" {
			if len(args) == 0 {
				return nil, nil, t.errorf("-%c (--%s) expects a value", letter, f.name)
			}
			val, args = args[0], args[1:]
		}
		return append(flags, "--"+f.name+"="+val), args, nil
	}
	return flags, args, nil
}

// wrongDash notices a long name behind a single dash.
func (t *argTable) wrongDash(text string) string {
	name, _, _ := strings.Cut(text, "=")
	if _, ok := t.long[name]; ok {
		return " (did you mean --" + name + "?)"
	}
	return ""
}

func (t *argTable) errorf(format string, args ...any) error {
	return &usageError{msg: fmt.Sprintf(format, args...), command: t.command}
}
