// Package lazyre has regular expressions that are compiled when they are first
// used. A package's variables are set before main begins: compiling the
// hundred expressions of the tree there took a third of a runner's start, on
// every host, for the two or three that a run needs.
package lazyre

import (
	"os"
	"regexp"
	"strings"
	"sync"
)

// Regexp is an expression in Go's syntax. It is safe for concurrent use.
type Regexp struct {
	expr string
	once sync.Once
	re   *regexp.Regexp
}

// inTest makes wrong expressions show in every test of their package, as
// regexp.MustCompile would have it.
var inTest = len(os.Args) > 0 && strings.HasSuffix(strings.TrimSuffix(os.Args[0], ".exe"), ".test")

// New makes a Regexp of an expression that is right; a wrong one panics when
// it is used first, and in a test here.
func New(expr string) *Regexp {
	r := &Regexp{expr: expr}
	if inTest {
		r.Get()
	}
	return r
}

// Get gives the compiled expression.
func (r *Regexp) Get() *regexp.Regexp {
	r.once.Do(func() { r.re = regexp.MustCompile(r.expr) })
	return r.re
}

// String gives the expression as it was written.
func (r *Regexp) String() string { return r.expr }

// Match is regexp's.
func (r *Regexp) Match(b []byte) bool { return r.Get().Match(b) }

// MatchString is regexp's.
func (r *Regexp) MatchString(s string) bool { return r.Get().MatchString(s) }

// FindString is regexp's.
func (r *Regexp) FindString(s string) string { return r.Get().FindString(s) }

// FindStringIndex is regexp's.
func (r *Regexp) FindStringIndex(s string) []int { return r.Get().FindStringIndex(s) }

// FindStringSubmatch is regexp's.
func (r *Regexp) FindStringSubmatch(s string) []string { return r.Get().FindStringSubmatch(s) }

// FindAllString is regexp's.
func (r *Regexp) FindAllString(s string, n int) []string { return r.Get().FindAllString(s, n) }

// FindAllStringSubmatch is regexp's.
func (r *Regexp) FindAllStringSubmatch(s string, n int) [][]string {
	return r.Get().FindAllStringSubmatch(s, n)
}

// ReplaceAllString is regexp's.
func (r *Regexp) ReplaceAllString(s, repl string) string { return r.Get().ReplaceAllString(s, repl) }

// ReplaceAllStringFunc is regexp's.
func (r *Regexp) ReplaceAllStringFunc(s string, repl func(string) string) string {
	return r.Get().ReplaceAllStringFunc(s, repl)
}
