// Package pyre is Python's re module in Go: its syntax, its errors, its rules
// for empty matches and replacement templates.
//
// A pattern is parsed as Python parses it and written out again for two
// engines: Go's own, which takes linear time, where pattern and text allow the
// same answer, and a backtracking one (with a time limit) for lookaround,
// back references, non-ASCII text and the like.
//
// The package is a leaf and all of it is safe for concurrent use.
package pyre

import (
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/dlclark/regexp2"
)

// Flags are the flags of re.compile.
type Flags uint8

// The flags that have a meaning here; all patterns are Unicode patterns unless
// ASCII is set.
const (
	IgnoreCase Flags = 1 << iota
	Multiline
	DotAll
	Verbose
	ASCII
)

// timeLimit is how long one search may backtrack.
const timeLimit = 10 * time.Second

// Regexp is a compiled pattern.
type Regexp struct {
	pattern string
	groups  int
	names   map[string]int
	minLen  int
	useRE2  bool // the pattern means the same to Go's engine for ASCII text
	dollar  bool // it has a $ that would see a newline at the end

	source string // in regexp2's syntax
	re2src string // in that of Go's engine

	linear, linearPrefix, linearFull lazyRE2
	search, prefix, full             lazyRE
	forward                          lazyRE // a match at the position, not empty
}

var cache struct {
	sync.Mutex
	m map[cacheKey]*Regexp
}

type cacheKey struct {
	pattern string
	flags   Flags
}

// cacheSize is how many compiled patterns are remembered.
const cacheSize = 1000

// Compile parses a pattern; compiled patterns are remembered.
func Compile(pattern string, flags Flags) (*Regexp, error) {
	key := cacheKey{pattern, flags}
	cache.Lock()
	re := cache.m[key]
	cache.Unlock()
	if re != nil {
		return re, nil
	}
	re, err := translate(pattern, flags)
	if err != nil {
		return nil, err
	}
	cache.Lock()
	defer cache.Unlock()
	if cache.m == nil || len(cache.m) >= cacheSize {
		cache.m = make(map[cacheKey]*Regexp)
	}
	cache.m[key] = re
	return re, nil
}

// Groups gives the number of groups.
func (re *Regexp) Groups() int { return re.groups }

// GroupIndex gives the number of a named group.
func (re *Regexp) GroupIndex(name string) (int, bool) {
	i, ok := re.names[name]
	return i, ok
}

// Match is one match; groups that took no part have no text.
type Match struct {
	text  subject
	spans []int // start and end of each group, -1 where it took no part
}

// Group gives the text of group i; ok is false when it took no part.
func (m *Match) Group(i int) (s string, ok bool) {
	if m.spans[2*i] < 0 {
		return "", false
	}
	return m.text.slice(m.spans[2*i], m.spans[2*i+1]), true
}

// Len gives the number of groups, the whole match among them.
func (m *Match) Len() int { return len(m.spans) / 2 }

func (m *Match) start() int { return m.spans[0] }
func (m *Match) end() int   { return m.spans[1] }

// subject is the text that is searched; positions count characters.
type subject struct {
	s     string
	runes []rune // nil for ASCII text
}

func newSubject(s string) subject {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return subject{s, []rune(s)}
		}
	}
	return subject{s: s}
}

func (t subject) slice(i, j int) string {
	if t.runes == nil {
		return t.s[i:j]
	}
	return string(t.runes[i:j])
}

func (t subject) len() int {
	if t.runes == nil {
		return len(t.s)
	}
	return len(t.runes)
}

// asRunes gives the text for the backtracking engine.
func (t *subject) asRunes() []rune {
	if t.runes == nil {
		return []rune(t.s)
	}
	return t.runes
}

// lazyRE2 compiles for Go's engine when first needed.
type lazyRE2 struct {
	once sync.Once
	re   *regexp.Regexp
}

func (l *lazyRE2) get(src string) *regexp.Regexp {
	l.once.Do(func() { l.re, _ = regexp.Compile(src) })
	return l.re
}

// lazyRE compiles for the backtracking engine when first needed.
type lazyRE struct {
	once sync.Once
	re   *regexp2.Regexp
	err  error
}

func (l *lazyRE) get(src string) (*regexp2.Regexp, error) {
	l.once.Do(func() {
		if l.re, l.err = regexp2.Compile(src, regexp2.None); l.err == nil {
			l.re.MatchTimeout = timeLimit
		}
	})
	return l.re, l.err
}

// linearFor gives a regexp of Go's engine when that gives the right answers for
// the text.
func (re *Regexp) linearFor(t subject, l *lazyRE2, src string) *regexp.Regexp {
	if !re.useRE2 || t.runes != nil || re.dollar && t.s != "" && t.s[len(t.s)-1] == '\n' {
		return nil
	}
	return l.get(src)
}

// Search gives the first match in s, nil when there is none.
func (re *Regexp) Search(s string) (*Match, error) {
	return re.first(s, &re.linear, &re.search, "(?:", ")")
}

// MatchPrefix gives the match at the start of s (Python's re.match).
func (re *Regexp) MatchPrefix(s string) (*Match, error) {
	return re.first(s, &re.linearPrefix, &re.prefix, `\A(?:`, ")")
}

// FullMatch gives the match that covers all of s.
func (re *Regexp) FullMatch(s string) (*Match, error) {
	return re.first(s, &re.linearFull, &re.full, `\A(?:`, `)\z`)
}

func (re *Regexp) first(s string, fast *lazyRE2, slow *lazyRE, before, after string) (*Match, error) {
	t := newSubject(s)
	if g := re.linearFor(t, fast, before+re.re2src+after); g != nil {
		if loc := g.FindStringSubmatchIndex(s); loc != nil {
			return &Match{t, loc}, nil
		}
		return nil, nil
	}
	return re.backtrack(t, t.asRunes(), slow, before+re.source+after, 0)
}

func (re *Regexp) backtrack(t subject, runes []rune, l *lazyRE, src string, from int) (*Match, error) {
	r, err := l.get(src)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", re.pattern, err)
	}
	m, err := r.FindRunesMatchStartingAt(runes, from)
	if err != nil {
		return nil, fmt.Errorf("pattern %q took more than %s on this text; make it less ambiguous", re.pattern, timeLimit)
	}
	if m == nil {
		return nil, nil
	}
	spans := make([]int, 2*(re.groups+1))
	for i := range re.groups + 1 {
		spans[2*i], spans[2*i+1] = -1, -1
		if g := m.GroupByNumber(i); g != nil && len(g.Captures) > 0 {
			spans[2*i], spans[2*i+1] = g.Index, g.Index+g.Length
		}
	}
	return &Match{t, spans}, nil
}

// FindAll gives all matches that do not overlap, at most limit when that is
// positive. An empty match may touch the end of the match before it.
func (re *Regexp) FindAll(s string, limit int) ([]*Match, error) {
	t := newSubject(s)
	if g := re.linearFor(t, &re.linear, "(?:"+re.re2src+")"); g != nil && re.minLen > 0 {
		n := -1
		if limit > 0 {
			n = limit
		}
		var out []*Match
		for _, loc := range g.FindAllStringSubmatchIndex(s, n) {
			out = append(out, &Match{t, loc})
		}
		return out, nil
	}
	return re.findAllBacktracking(t, limit)
}

func (re *Regexp) findAllBacktracking(t subject, limit int) ([]*Match, error) {
	runes := t.asRunes()
	var out []*Match
	pos, afterEmpty := 0, false
	for pos <= len(runes) && (limit <= 0 || len(out) < limit) {
		var m *Match
		var err error
		if afterEmpty { // only a match that is not empty may start here
			m, err = re.backtrack(t, runes, &re.forward, `\G(?:`+re.source+`)(?!\G)`, pos)
			if m == nil && err == nil {
				pos++
			}
		}
		if m == nil && err == nil {
			if pos > len(runes) {
				break
			}
			m, err = re.backtrack(t, runes, &re.search, "(?:"+re.source+")", pos)
		}
		if err != nil {
			return nil, err
		}
		if m == nil {
			break
		}
		out = append(out, m)
		pos, afterEmpty = m.end(), m.start() == m.end()
	}
	return out, nil
}

// Sub replaces the matches (at most count when that is positive) by the
// expanded template and says how many there were.
func (re *Regexp) Sub(template, s string, count int) (out string, n int, err error) {
	parts, err := re.parseTemplate(template)
	if err != nil {
		return "", 0, err
	}
	matches, err := re.FindAll(s, count)
	if err != nil || len(matches) == 0 {
		return s, 0, err
	}
	t := matches[0].text
	var b []byte
	last := 0
	for _, m := range matches {
		b = append(b, t.slice(last, m.start())...)
		for _, p := range parts {
			if p.group < 0 {
				b = append(b, p.text...)
			} else if g, ok := m.Group(p.group); ok {
				b = append(b, g...)
			}
		}
		last = m.end()
	}
	b = append(b, t.slice(last, t.len())...)
	return string(b), len(matches), nil
}

// Escape escapes what has a meaning in a pattern, as re.escape does.
func Escape(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		switch s[i] {
		case '(', ')', '[', ']', '{', '}', '?', '*', '+', '-', '|', '^', '$', '\\', '.', '&', '~', '#', ' ', '\t', '\n', '\r', '\v', '\f':
			out = append(out, '\\')
		}
		out = append(out, s[i])
	}
	return string(out)
}

// errorAt is a fault of a pattern or template, worded as Python words it.
func errorAt(pos int, format string, args ...any) error {
	return errors.New(fmt.Sprintf(format, args...) + fmt.Sprintf(" at position %d", pos))
}
