// Package jinja is Jinja as Ansible speaks it: templates and expressions are
// parsed once and evaluated over values of package value, natively (a template
// that is one expression gives that expression's value), with strict undefined
// and lazily, recursively resolved variables.
//
// The engine knows the language and the filters, tests and globals of Jinja2;
// everything of Ansible's own (package filters, lookups, hostvars) comes in
// through the tables of an Env and the variables of a Scope. It imports only
// playbook/value and playbook/source.
package jinja

import (
	"drover/playbook/source"
	"drover/playbook/value"
)

// Env is what templates can call: filters, tests, global functions, and the
// limits of evaluation. It is filled once, then read by all goroutines.
type Env struct {
	Filters map[string]*Func
	Tests   map[string]*Func
	Globals map[string]value.Value // functions are *Func
	Limits  Limits
	// Lenient is the 2.18 compatibility mode: conditionals may be any value,
	// and the other differences named in docs/COMPAT.md.
	Lenient bool
	// Retype makes of what templates give the values that 2.18 makes of it;
	// nil leaves them as they are.
	Retype *Retype
	// AnyCondition lets conditions be no booleans, or empty: their truth counts,
	// with a warning. Lenient implies it.
	AnyCondition bool
	Extensions   Extensions
	// Warn receives warnings and deprecations; may be nil.
	Warn func(pos source.Pos, msg string)

	cache       parseCache
	dictMethods map[string]*Func // the table, which the parser looks into
}

// Limits bound an evaluation; zero fields mean the defaults of NewEnv.
type Limits struct {
	Depth  int // nested templates, macros, includes
	Output int // bytes of one rendered text or repeated string
	Range  int // elements of one range() or sequence repetition
	Steps  int // rounds of all loops of one evaluation
}

// Func is a filter, a test or a global function; it is a value too, so it can
// be passed around in templates.
type Func struct {
	Name string
	Call func(c *Call) (value.Value, error)
	// Lazy functions take containers as they are, with templates and
	// undefined values inside; all others get containers whose elements
	// were resolved before.
	Lazy bool
	// Impure functions (lookups, random, now) must be called each time.
	Impure bool
	// quick functions are default, defined and undefined, which expressions
	// evaluate without a call.
	quick bool
	// text is what a filter from text to text does to it, nil for others.
	text func(string) string
	// minding functions take undefined arguments before 2.19, as Python does.
	minding bool
	// named methods take keyword arguments; most of Python's take none.
	named bool
}

// Type gives the name of the type, as type_debug prints it.
func (*Func) Type() string { return "function" }

// Str implements value.Stringer.
func (f *Func) Str() string {
	if class := classes[f.Name]; class != "" {
		return "<class '" + class + "'>"
	}
	return "<function " + f.Name + ">"
}

// Repr implements value.Stringer.
func (f *Func) Repr() string { return f.Str() }

// Equal implements value.Equaler: a function equals itself.
func (f *Func) Equal(other value.Value) bool { return other == value.Value(f) }

// classes are the global functions that are classes in Python.
var classes = map[string]string{
	"dict": "dict", "range": "range", "cycler": "jinja2.utils.Cycler", "joiner": "jinja2.utils.Joiner", "namespace": "jinja2.utils.Namespace",
}

// Transient marks functions as no result of a template.
func (*Func) Transient() {}

// Call is one call of a Func. For filters and tests Args[0] is the value on
// the left of the bar or the "is".
type Call struct {
	Func   *Func
	Args   []value.Value
	Kwargs []Kwarg
	Ctx    *Context
	Pos    source.Pos // of the template
	site   callSite
	// exact calls are those of Python's own methods: their integers are
	// integers, and None stands for no argument.
	exact bool
}

// Kwarg is a keyword argument.
type Kwarg struct {
	Name string
	Val  value.Value
}

// Scope gives variables by name. Values may be Templates, alone or inside
// containers; the engine evaluates them when they are used.
type Scope interface {
	// Lookup gives the variable called name; ok is false when there is none.
	Lookup(name string) (v value.Value, ok bool)
	// Names gives every name that Lookup knows, for messages and for vars.
	Names() []string
}

// Bound is a variable that evaluates others, as hostvars does: In gives the one
// that does so as a part of c's evaluation, within its limits.
type Bound interface {
	value.Value
	In(c *Context) value.Value
}

// TrustingScope is a Scope that knows which variables came from the playbook's
// side. A conditional "{{ x }}" whose trusted x is the text of an expression is
// evaluated as that expression; other text never is.
type TrustingScope interface {
	Scope
	Trusted(name string) bool
}

// ClassScope is a Scope that remembers of which class text is, in the words of
// before 2.19; see TextClass.
type ClassScope interface {
	Scope
	// TextClass gives the class of text in the variable name, "" when it is not
	// known.
	TextClass(name string) string
}

// FileOptions are the options of a template file (the arguments of the
// template module; a "#jinja2:" header line overrides them).
type FileOptions struct {
	TrimBlocks, LstripBlocks, KeepTrailingNewline bool
	NewlineSequence                               string
	BlockStart, BlockEnd                          string
	VariableStart, VariableEnd                    string
	CommentStart, CommentEnd                      string
	// LineStatement starts a line that is a statement, LineComment what is a
	// comment to the end of its line; "" for none.
	LineStatement, LineComment string
}

// Loader finds the templates that include, import and extends name. from is
// the path of the template file that is rendered, not that of a template which
// it includes; "" when none is.
type Loader interface {
	Load(name, from string) (src, path string, err error)
}
