package filters

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"sync"

	"drover/playbook/jinja"
	"drover/playbook/value"
)

// args are the bound arguments of one call. The accessors convert; the first
// one that fails is remembered in err, so that a function may read all its
// arguments first and the caller reports the fault.
type args struct {
	call  *jinja.Call
	sig   *signature
	vals  []value.Value // in the order of the signature; nil where not given
	rest  []value.Value
	extra []jinja.Kwarg
	err   error
}

// signature is a parsed parameter list such as "value pattern count? *rest":
// a question mark marks what may be left out, *name takes further positional
// arguments (names after it are keyword-only), **name further keyword
// arguments.
type signature struct {
	names      []string
	positional int // how many of names take positional arguments
	required   int
	rest       bool
	extra      bool
}

var signatures sync.Map // text → *signature

func parseSignature(text string) *signature {
	if s, ok := signatures.Load(text); ok {
		return s.(*signature)
	}
	s := &signature{}
	for _, f := range strings.Fields(text) {
		switch {
		case strings.HasPrefix(f, "**"):
			s.extra = true
		case strings.HasPrefix(f, "*"):
			s.rest = true
		default:
			name, optional := strings.CutSuffix(f, "?")
			s.names = append(s.names, name)
			if !s.rest {
				s.positional = len(s.names)
			}
			if !optional {
				s.required = len(s.names)
			}
		}
	}
	signatures.Store(text, s)
	return s
}

func (s *signature) index(name string) int {
	for i, n := range s.names {
		if n == name {
			return i
		}
	}
	return -1
}

// bind assigns the arguments of c to the parameters of sig.
func bind(c *jinja.Call, sig *signature, name string) (*args, error) {
	a := &args{call: c, sig: sig, vals: make([]value.Value, len(sig.names))}
	n := copy(a.vals[:sig.positional], c.Args)
	if n < len(c.Args) {
		if !sig.rest {
			return nil, jinja.TypeErrorf("%s() takes at most %d arguments but %d were given", name, sig.positional, len(c.Args))
		}
		a.rest = c.Args[n:]
	}
	for _, kw := range c.Kwargs {
		switch i := sig.index(kw.Name); {
		case i < 0 && sig.extra:
			a.extra = append(a.extra, kw)
		case i < 0:
			return nil, jinja.TypeErrorf("%s() got an unexpected keyword argument '%s'", name, kw.Name)
		case a.vals[i] != nil:
			return nil, jinja.TypeErrorf("%s() got multiple values for argument '%s'", name, kw.Name)
		default:
			a.vals[i] = kw.Val
		}
	}
	for i := range sig.required {
		if a.vals[i] == nil {
			return nil, jinja.TypeErrorf("%s() is missing its required argument '%s'", name, sig.names[i])
		}
	}
	return a, nil
}

func (a *args) fail(format string, v ...any) {
	if a.err == nil {
		a.err = fmt.Errorf(format, v...)
	}
}

// lookup gives the argument called name, nil when it was not given. A name that
// the signature does not have is a mistake of the table.
func (a *args) lookup(name string) value.Value {
	i := a.sig.index(name)
	if i < 0 {
		panic("filters: no parameter " + name)
	}
	return a.vals[i]
}

// given gives the argument, def when it was not given; None is an argument too.
func (a *args) given(name string, def value.Value) value.Value {
	if v := a.lookup(name); v != nil {
		return v
	}
	return def
}

// has reports whether the argument was given and is not None.
func (a *args) has(name string) bool {
	v := a.lookup(name)
	return v != nil && v != value.None
}

// val gives the argument, None when it was not given.
func (a *args) val(name string) value.Value {
	if v := a.lookup(name); v != nil {
		return v
	}
	return value.None
}

// truth gives the argument's truth value.
func (a *args) truth(name string) bool { return value.Truth(a.val(name)) }

// truthOr is truth with a default for an argument that was not given.
func (a *args) truthOr(name string, def bool) bool {
	if v := a.lookup(name); v != nil {
		return value.Truth(v)
	}
	return def
}

// on is a lookup's option that is on or off, which may be given as a word.
func (a *args) on(name string, def bool) bool {
	v := a.lookup(name)
	switch _, isText := value.AsString(v); {
	case v == nil:
		return def
	case isText:
		return toBool(v)
	}
	return value.Truth(v)
}

// text gives any argument as text, as Python's str() does.
func (a *args) text(name string) string {
	v := a.val(name)
	if b, ok := v.(value.Bytes); ok {
		return string(b)
	}
	return value.String(v)
}

// str gives an argument that must be a string.
func (a *args) str(name string) string {
	v := a.val(name)
	if s, ok := value.AsString(v); ok {
		return s
	}
	if b, ok := v.(value.Bytes); ok {
		return string(b)
	}
	a.failType("argument '%s' must be a string, not '%s'", name, v.Type())
	return ""
}

// strOr is str with a default for an argument that is absent or None.
func (a *args) strOr(name, def string) string {
	if !a.has(name) {
		return def
	}
	return a.str(name)
}

// strUnlessGiven is str with a default for an argument that is absent.
func (a *args) strUnlessGiven(name, def string) string {
	if a.lookup(name) == nil {
		return def
	}
	return a.str(name)
}

// worded gives the message that the version of Ansible in force has.
func (a *args) worded(now, before219 string) string {
	if a.call.Ctx.Env().Lenient {
		return before219
	}
	return now
}

// num gives an argument that must be an integer of moderate size.
func (a *args) num(name string) int {
	n, ok := value.AsInt(a.val(name))
	if !ok || n > math.MaxInt32 || n < math.MinInt32 {
		a.failType("argument '%s' must be an integer, not '%s'", name, a.val(name).Type())
	}
	return int(n)
}

// numOr is num with a default for an argument that is absent or None.
func (a *args) numOr(name string, def int) int {
	if !a.has(name) {
		return def
	}
	return a.num(name)
}

// list gives the elements of an iterable argument.
func (a *args) list(name string) []value.Value { return a.iterate(a.val(name)) }

// iterate gives the elements of any iterable value, dicts by their keys.
func (a *args) iterate(v value.Value) []value.Value {
	switch v := v.(type) {
	case *value.List:
		return v.Elems
	case value.Tuple:
		return v
	case value.Mapping:
		return v.Keys()
	case *value.Undefined:
		a.failUndefined(v)
		return nil
	}
	if s, ok := value.AsString(v); ok {
		return characters(s)
	}
	elems, err := a.call.Ctx.ToList(v)
	if err != nil {
		a.failType("'%s' object is not iterable", v.Type())
	}
	return elems
}

// failType is fail for an argument of a wrong type.
func (a *args) failType(format string, v ...any) {
	if a.err == nil {
		a.err = jinja.TypeErrorf(format, v...)
	}
}

func (a *args) failUndefined(u *value.Undefined) {
	if a.err == nil {
		a.err = &jinja.UndefinedError{Undefined: u}
	}
}

// resolve evaluates a value that a lazy function took out of a container; an
// undefined value is an error.
func (a *args) resolve(v value.Value) value.Value {
	if _, ok := v.(*value.Template); ok {
		r, err := a.call.Ctx.Resolve(v)
		if err != nil {
			if a.err == nil {
				a.err = err
			}
			return value.None
		}
		v = r
	}
	if u, ok := v.(*value.Undefined); ok {
		a.failUndefined(u)
		return value.None
	}
	return v
}

// mapping gives an argument that must be a dict.
func (a *args) mapping(name string) *value.Dict {
	d, ok := asDict(a.val(name))
	if !ok {
		a.failType("argument '%s' must be a dictionary, not '%s'", name, a.val(name).Type())
		return &value.Dict{}
	}
	return d
}

// characters splits text into its characters, as iterating over it does.
func characters(s string) []value.Value {
	out := make([]value.Value, 0, len(s))
	for _, r := range s {
		out = append(out, value.Str(string(r)))
	}
	return out
}

// asDict gives a mapping as a Dict; a view such as hostvars is copied.
func asDict(v value.Value) (*value.Dict, bool) {
	switch v := v.(type) {
	case *value.Dict:
		return v, true
	case value.Mapping:
		d := value.NewDict(v.Len())
		for _, k := range v.Keys() {
			if e, ok, err := v.Get(k); ok && err == nil {
				d.Set(k, e)
			}
		}
		return d, true
	}
	return nil, false
}

func isSequence(v value.Value) bool {
	_, ok := asSequence(v)
	return ok
}

// asSequence gives the elements of a list, tuple or other sequence that is not
// text.
func asSequence(v value.Value) ([]value.Value, bool) {
	switch v := v.(type) {
	case *value.List:
		return v.Elems, true
	case value.Tuple:
		return v, true
	case value.Sequence:
		out := make([]value.Value, v.Len())
		for i := range out {
			out[i] = v.Index(i)
		}
		return out, true
	}
	return nil, false
}

// className prints the type of v as Python prints type(v).
func className(v value.Value) string { return "<class '" + v.Type() + "'>" }

// isNumber reports whether v is an int or a float.
func isNumber(v value.Value) bool {
	switch v.(type) {
	case value.Int, *value.BigInt, value.Float:
		return true
	}
	return false
}

// truncFloat gives f rounded towards zero as an integer of any size.
func truncFloat(f float64) value.Value {
	n, _ := big.NewFloat(f).Int(nil)
	return value.NewInt(n)
}
