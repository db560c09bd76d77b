package modules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"drover/playbook/value"
)

// checker collects what is wrong with the arguments of one task.
type checker struct {
	spec *Spec
	errs []error
}

func (c *checker) add(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

// check looks at names, required arguments, types and choices.
func (c *checker) check(args []Arg, given *value.Dict, where string) {
	c.missing(args, given, where)
	for i := range args {
		a := &args[i]
		v, _ := lookup(a, given)
		switch {
		case a.Required && v == value.None:
			if err := noneError(a); err != nil {
				c.errs = append(c.errs, err)
			}
		case isGiven(v) && !isLazy(v):
			c.value(a, v, where)
		}
	}
	c.unknown(args, given, where)
}

// missing looks for required arguments that are not there. One that is null is
// of the wrong type.
func (c *checker) missing(args []Arg, given *value.Dict, where string) {
	var absent []string
	for i := range args {
		a := &args[i]
		if v, _ := lookup(a, given); a.Required && v != value.None && !isGiven(v) {
			absent = append(absent, a.Name)
		}
	}
	if len(absent) > 0 {
		c.add("%s", missingText(absent, where))
	}
}

// noneError says what is wrong with a required argument that is null: only raw
// ones may be.
func noneError(a *Arg) error {
	switch a.Type {
	case "raw":
		return nil
	case "str", "path", "":
		return typeError(a, value.None, errNoText)
	}
	if _, err := coerce(a.Type, value.None); err != nil {
		return typeError(a, value.None, err)
	}
	return nil
}

var errNoText = errors.New("'None' is not a string and conversion is not allowed")

func (c *checker) unknown(args []Arg, given *value.Dict, where string) {
	if c.spec.AnyArgs && where == "" {
		return
	}
	var names []string
	for _, e := range given.Entries() {
		name := value.String(e.Key)
		known := slices.ContainsFunc(args, func(a Arg) bool { return a.Name == name || slices.Contains(a.Aliases, name) })
		if !known {
			if where != "" {
				name = dotted(where) + name
			}
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		c.add("%s", unsupported(c.spec, args, names, where))
	}
}

// value looks at one value that is not a template.
func (c *checker) value(a *Arg, v value.Value, where string) {
	if a.Type == "list" {
		c.list(a, v, where)
		return
	}
	cv, err := coerce(a.Type, v)
	if err != nil {
		c.errs = append(c.errs, typeError(a, v, err))
		return
	}
	if d, ok := cv.(*value.Dict); ok && len(a.Options) > 0 {
		c.check(a.Options, d, within(where, a.Name))
		return
	}
	if _, err := choose(a, cv); err != nil {
		c.errs = append(c.errs, err)
	}
}

func (c *checker) list(a *Arg, v value.Value, where string) {
	elems, err := toList(v)
	if _, single := v.(*value.Dict); single && len(a.Options) > 0 {
		elems, err = []value.Value{v}, nil
	}
	if err != nil {
		c.errs = append(c.errs, typeError(a, v, err))
		return
	}
	for _, e := range elems {
		if isLazy(e) {
			continue
		}
		cv, err := coerce(a.Elements, e)
		if err != nil {
			c.errs = append(c.errs, elementError(a, e, err))
			continue
		}
		if d, ok := cv.(*value.Dict); ok && len(a.Options) > 0 {
			c.check(a.Options, d, within(where, a.Name))
		} else if len(a.Choices) > 0 && !slices.Contains(a.Choices, value.String(cv)) {
			c.add("%s", noMatch(a, value.String(cv)))
		}
	}
}

// lookup finds an argument under any of its names: of several that are given,
// the last alias counts.
func lookup(a *Arg, given *value.Dict) (value.Value, bool) {
	for i := len(a.Aliases) - 1; i >= 0; i-- {
		if v, ok := given.Lookup(a.Aliases[i]); ok {
			return v, true
		}
	}
	return given.Lookup(a.Name)
}

// twice gives the aliases of an argument that are given beside its name.
func twice(a *Arg, given *value.Dict) (aliases []string) {
	if _, ok := given.Lookup(a.Name); !ok {
		return nil
	}
	for _, n := range a.Aliases {
		if _, ok := given.Lookup(n); ok {
			aliases = append(aliases, n)
		}
	}
	return aliases
}

// isLazy reports whether a value is only known when it is evaluated.
func isLazy(v value.Value) bool {
	switch v.(type) {
	case *value.Template, *value.Undefined:
		return true
	}
	return false
}

// exclusive looks for arguments that exclude each other.
func (c *checker) exclusive(args *value.Dict) {
	for _, set := range c.spec.MutuallyExclusive {
		if len(c.given(set, args)) > 1 {
			c.add("parameters are mutually exclusive: %s", strings.Join(set, "|"))
		}
	}
}

// combinations looks for arguments that others need.
func (c *checker) combinations(args *value.Dict) {
	s := c.spec
	for _, set := range s.RequiredTogether {
		if n := len(c.have(set, args)); n > 0 && n < len(set) {
			c.add("parameters are required together: %s", strings.Join(set, ", "))
		}
	}
	for _, set := range s.RequiredOneOf {
		if len(c.have(set, args)) == 0 {
			c.add("one of the following is required: %s", strings.Join(set, ", "))
		}
	}
	for _, r := range s.RequiredIf {
		c.requiredIf(r, args)
	}
	for _, name := range sortedKeys(s.RequiredBy) {
		needs := s.RequiredBy[name]
		if absent := without(needs, c.have(needs, args)); len(c.have([]string{name}, args)) > 0 && len(absent) > 0 {
			c.add("missing parameter(s) required by '%s': %s", name, strings.Join(absent, ", "))
		}
	}
}

func (c *checker) requiredIf(r RequiredIf, args *value.Dict) {
	a := c.arg(r.Arg)
	v, ok := lookup(a, args)
	if !ok || !isGiven(v) {
		v = a.Default
	}
	if v == nil || isLazy(v) {
		return
	}
	cv, err := coerce(a.Type, v)
	if err != nil || !value.Equal(cv, value.FromGo(r.Value)) {
		return
	}
	absent := without(r.Needs, c.have(r.Needs, args))
	switch {
	case len(absent) == 0, r.AnyOf && len(absent) < len(r.Needs):
	case r.AnyOf:
		c.add("%s is %s but any of the following are missing: %s", r.Arg, value.String(cv), strings.Join(absent, ", "))
	default:
		c.add("%s is %s but all of the following are missing: %s", r.Arg, value.String(cv), strings.Join(absent, ", "))
	}
}

func (c *checker) arg(name string) *Arg {
	for i := range c.spec.Args {
		if c.spec.Args[i].Name == name {
			return &c.spec.Args[i]
		}
	}
	return &Arg{Name: name}
}

// have tells which of the named arguments have a value, if only by default.
func (c *checker) have(names []string, args *value.Dict) []string {
	var found []string
	for _, n := range names {
		if c.arg(n).Default != nil || len(c.given([]string{n}, args)) > 0 {
			found = append(found, n)
		}
	}
	return found
}

// given tells which of the named arguments were written.
func (c *checker) given(names []string, args *value.Dict) []string {
	var found []string
	for _, n := range names {
		if v, ok := lookup(c.arg(n), args); ok && isGiven(v) {
			found = append(found, n)
		}
	}
	return found
}

func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(some, s) })
}

func sortedKeys(m map[string][]string) []string {
	ks := make([]string, 0, len(m))
	for k := range m {
		ks = append(ks, k)
	}
	slices.Sort(ks)
	return ks
}
