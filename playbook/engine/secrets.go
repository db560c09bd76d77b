package engine

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"drover/modules"
	"drover/playbook/value"
)

// secrets are the secret texts that went into a task's calls: those its
// templates looked at, and arguments that are never shown. What a host sends
// back is plain text, in which they appear again (the command that ran, a
// line of a diff, an error message). It is safe for concurrent use.
type secrets struct {
	mu    sync.Mutex
	texts map[string]bool
	// masker is made of texts when first needed, nil when they changed.
	masker *strings.Replacer
}

const (
	// partOf is the length from which a secret is also looked for inside of
	// other text; shorter ones would tear apart too much.
	partOf = 4
	// lineOf is that of a line of a longer secret.
	lineOf = 8
)

// add notes a secret, and the lines of one that has several.
func (s *secrets) add(text string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.texts[text] {
		return
	}
	if s.texts == nil {
		s.texts = map[string]bool{}
	}
	s.texts[text], s.masker = true, nil
	if !strings.Contains(text, "\n") {
		return
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); len(line) >= lineOf {
			s.texts[line] = true
		}
	}
}

// addCall notes the secrets among a call's arguments.
func (s *secrets) addCall(spec *modules.Spec, args *value.Dict) {
	for _, e := range args.Entries() {
		if value.IsSecret(e.Val) {
			s.addAll(e.Val, false)
		}
	}
	if spec == nil {
		return
	}
	for _, a := range spec.Args {
		if !a.NoLog {
			continue
		}
		for _, name := range append([]string{a.Name}, a.Aliases...) {
			if v, given := args.Lookup(name); given {
				s.addAll(v, true)
			}
		}
	}
}

// addAll notes the secrets in v, or all of its text.
func (s *secrets) addAll(v value.Value, text bool) {
	mapText(v, func(v value.Value) value.Value {
		switch v := v.(type) {
		case value.Secret:
			s.add(string(v))
		case value.Str:
			if text {
				s.add(string(v))
			}
		}
		return v
	})
}

// addAllOf adds the secrets of another task.
func (s *secrets) addAllOf(other *secrets) {
	other.mu.Lock()
	texts := slices.Collect(maps.Keys(other.texts))
	other.mu.Unlock()
	for _, text := range texts {
		s.add(text)
	}
}

// mask gives text with every secret in it replaced.
func (s *secrets) mask(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.texts) == 0 || text == "":
		return text
	case s.texts[strings.TrimSpace(text)]:
		return hidden
	case s.masker == nil:
		s.masker = newMasker(s.texts)
	}
	return s.masker.Replace(text)
}

// newMasker replaces long secrets before those that are a part of them.
func newMasker(texts map[string]bool) *strings.Replacer {
	var long []string
	for t := range texts {
		if len(t) >= partOf {
			long = append(long, t)
		}
	}
	slices.SortFunc(long, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(long))
	for _, t := range long {
		pairs = append(pairs, t, hidden)
	}
	return strings.NewReplacer(pairs...)
}

// none reports whether there is nothing to hide.
func (s *secrets) none() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.texts) == 0
}

// conceal gives a result as people may see it.
func (s *secrets) conceal(result value.Value) value.Value {
	result = redact(result)
	if s.none() {
		return result
	}
	return mapText(result, func(v value.Value) value.Value {
		if text, ok := v.(value.Str); ok {
			return value.Str(s.mask(string(text)))
		}
		return v
	})
}

// mark gives a result as register keeps it: text that holds a secret is one.
func (s *secrets) mark(result *value.Dict) *value.Dict {
	if s.none() {
		return result
	}
	return mapText(result, func(v value.Value) value.Value {
		if text, ok := v.(value.Str); ok && s.mask(string(text)) != string(text) {
			return value.Secret(text)
		}
		return v
	}).(*value.Dict)
}
