package facts

import (
	"context"
	"strings"

	"drover/playbook/value"
)

// cmdline tells the kernel's command line twice: with the last value of each
// name, and with all values.
func cmdline(_ context.Context, m *machine) *value.Dict {
	text, ok := m.text("/proc/cmdline")
	if !ok {
		return nil
	}
	last, all := value.NewDict(16), value.NewDict(16)
	for _, word := range splitQuoted(text) {
		name, val, hasValue := strings.Cut(word, "=")
		if !hasValue {
			last.Put(name, value.Bool(true))
			all.Put(name, value.Bool(true))
			continue
		}
		last.Put(name, value.Str(val))
		all.Put(name, collectValue(all, name, val))
	}
	return value.DictOf("cmdline", last, "proc_cmdline", all)
}

// collectValue makes a list once a name comes a second time.
func collectValue(all *value.Dict, name, val string) value.Value {
	before, ok := all.Lookup(name)
	if !ok {
		return value.Str(val)
	}
	if list, isList := before.(*value.List); isList {
		return value.NewList(append(list.Elems, value.Str(val))...)
	}
	return value.NewList(before, value.Str(val))
}

// splitQuoted splits at white space outside quotes; the quotes stay.
func splitQuoted(s string) []string {
	var words []string
	var word strings.Builder
	quote := rune(0)
	for _, r := range s {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == ' ' || r == '\t' || r == '\n':
			if word.Len() > 0 {
				words = append(words, word.String())
				word.Reset()
			}
			continue
		}
		word.WriteRune(r)
	}
	if word.Len() > 0 {
		words = append(words, word.String())
	}
	return words
}
