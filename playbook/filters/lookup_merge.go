package filters

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"drover/playbook/filters/pyre"
	"drover/playbook/jinja"
	"drover/playbook/value"
)

// mergeLookups look at many variables at once.
var mergeLookups = []entry{
	{"community.general.dependent", "*terms **options", dependentLookup, impure},
	{"community.general.merge_variables", "*terms initial_value? override? pattern_type? groups?", mergeVariablesLookup, impure},
}

// dependentTerm is one level of a dependent lookup: values, or the expression
// that gives them for the outer levels in item.
type dependentTerm struct {
	name, expr string
	values     value.Value
}

// dependentLookup loops over lists and dicts of which the inner ones depend on
// the outer ones' elements.
func dependentLookup(a *args) (value.Value, error) {
	terms, err := dependentTerms(a.rest)
	if err != nil {
		return nil, err
	}
	d := &dependent{ctx: a.call.Ctx, terms: terms, out: value.NewList(), call: a.call}
	if len(terms) > 0 {
		err = d.level(0, value.NewDict(len(terms)))
	}
	return d.out, err
}

func dependentTerms(rest []value.Value) ([]dependentTerm, error) {
	var terms []dependentTerm
	for i, t := range rest {
		d, ok := asDict(t)
		if !ok {
			return nil, fmt.Errorf("Parameter %d must be a dictionary, got %s", i, t.Type())
		}
		if d.Len() != 1 {
			return nil, fmt.Errorf("Parameter %d must be a one-element dictionary, got %d elements", i, d.Len())
		}
		e := d.Entries()[0]
		term := dependentTerm{name: value.String(e.Key)}
		if slices.ContainsFunc(terms, func(t dependentTerm) bool { return t.name == term.name }) {
			return nil, fmt.Errorf("The variable %s appears more than once", value.Repr(e.Key))
		}
		if text, ok := value.AsString(e.Val); ok {
			term.expr = text
		} else {
			term.values = e.Val
		}
		terms = append(terms, term)
	}
	return terms, nil
}

// dependent is a dependent lookup at work.
type dependent struct {
	ctx   *jinja.Context
	call  *jinja.Call
	terms []dependentTerm
	out   *value.List
}

// level goes over the values of a term; item holds the elements of the outer
// ones.
func (d *dependent) level(i int, item *value.Dict) error {
	if i == len(d.terms) {
		d.out.Append(item)
		return nil
	}
	t := d.terms[i]
	values := t.values
	if values == nil {
		var err error
		scope := &overlay{value.DictOf("item", item), d.ctx.Vars()}
		if values, err = d.ctx.With(scope).Expr(t.expr, d.call.Pos); err != nil {
			return fmt.Errorf("Caught %q while evaluating '%s' with item == %s", err.Error(), t.name, value.Repr(item))
		}
	}
	elems, ok := asSequence(values)
	if m, isDict := asDict(values); isDict {
		elems, ok = sortedPairs(m), true
	}
	if text, isText := value.AsString(values); isText {
		elems, ok = characters(text), true
	}
	if !ok {
		return fmt.Errorf("Did not obtain dictionary or list while evaluating '%s' with item == %s, but %s", t.name, value.Repr(item), values.Type())
	}
	for _, e := range elems {
		inner := item.Clone()
		inner.Put(t.name, e)
		if err := d.level(i+1, inner); err != nil {
			return err
		}
	}
	return nil
}

// sortedPairs gives a dict's entries as dicts of key and value, by key.
func sortedPairs(d *value.Dict) []value.Value {
	entries := slices.Clone(d.Entries())
	slices.SortFunc(entries, func(x, y value.Entry) int { return strings.Compare(value.String(x.Key), value.String(y.Key)) })
	out := make([]value.Value, len(entries))
	for i, e := range entries {
		out[i] = value.DictOf("key", e.Key, "value", e.Val)
	}
	return out
}

// mergeVariablesLookup joins the lists or dicts of all variables whose names
// match, of this host or of those of some groups.
func mergeVariablesLookup(a *args) (value.Value, error) {
	out := value.NewList()
	if o := a.strOr("override", "error"); o != "error" && o != "warn" && o != "ignore" {
		return nil, fmt.Errorf("override must be error, warn or ignore, not '%s'", o)
	}
	for _, term := range a.terms() {
		m := &varsMerger{a: a}
		if a.has("initial_value") && a.val("initial_value") != value.None {
			if err := m.join("initial_value", a.val("initial_value")); err != nil {
				return nil, err
			}
		}
		matches, err := nameMatcher(term, a.strOr("pattern_type", "regex"))
		if err != nil {
			return nil, err
		}
		if !a.has("groups") {
			err = m.variables(a.call.Ctx.Vars().Names(), matches, func(name string) (value.Value, error) {
				v, _, err := a.call.Ctx.Lookup(name)
				if err != nil {
					return nil, err
				}
				return a.call.Ctx.Evaluate(v)
			})
		} else {
			err = m.hosts(matches)
		}
		if err != nil {
			return nil, err
		}
		if m.result == nil {
			m.result = value.None
		}
		out.Append(m.result)
	}
	return out, nil
}

// nameMatcher gives the test of names for a kind of pattern.
func nameMatcher(pattern, kind string) (func(string) (bool, error), error) {
	switch kind {
	case "prefix":
		return func(name string) (bool, error) { return strings.HasPrefix(name, pattern), nil }, nil
	case "suffix":
		return func(name string) (bool, error) { return strings.HasSuffix(name, pattern), nil }, nil
	case "regex":
		re, err := pyre.Compile(pattern, 0)
		if err != nil {
			return nil, err
		}
		return func(name string) (bool, error) {
			m, err := re.Search(name)
			return m != nil, err
		}, nil
	}
	return nil, fmt.Errorf("pattern_type must be prefix, suffix or regex, not '%s'", kind)
}

// varsMerger joins the values of variables.
type varsMerger struct {
	a      *args
	result value.Value
}

func (m *varsMerger) variables(names []string, matches func(string) (bool, error), get func(string) (value.Value, error)) error {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	for _, name := range names {
		yes, err := matches(name)
		if err != nil {
			return err
		}
		if !yes {
			continue
		}
		v, err := get(name)
		if err == nil {
			err = m.join(name, v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// hosts joins the variables of the hosts in the groups that the call names.
func (m *varsMerger) hosts(matches func(string) (bool, error)) error {
	ctx := m.a.call.Ctx
	v, _, err := ctx.Lookup("hostvars")
	if err != nil {
		return err
	}
	all, ok := v.(value.Mapping)
	if !ok {
		return errors.New("there are no hostvars here")
	}
	for _, host := range all.Keys() {
		v, _, err := all.Get(host)
		if err != nil {
			return err
		}
		vars, ok := v.(value.Mapping)
		if !ok || !m.wanted(vars) {
			continue
		}
		var names []string
		for _, k := range vars.Keys() {
			names = append(names, value.String(k))
		}
		err = m.variables(names, matches, func(name string) (value.Value, error) {
			v, _, err := vars.Get(value.Str(name))
			if err != nil {
				return nil, err
			}
			return ctx.Evaluate(v)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// wanted reports whether a host is in one of the groups.
func (m *varsMerger) wanted(vars value.Mapping) bool {
	groups := m.a.list("groups")
	if containsValue(groups, value.Str("all")) {
		return true
	}
	in, _, _ := vars.Get(value.Str("group_names"))
	names, _ := asSequence(in)
	return slices.ContainsFunc(names, func(n value.Value) bool { return containsValue(groups, n) })
}

// join adds a variable to what was joined before.
func (m *varsMerger) join(name string, v value.Value) error {
	d, isDict := asDict(v)
	l, isList := v.(*value.List)
	if !isDict && !isList {
		return fmt.Errorf("Not supported type detected, variable must be a list or a dictionary: %s is a '%s'", name, v.Type())
	}
	if m.result == nil {
		if isDict {
			m.result = deepDict(d)
		} else {
			m.result = value.NewList(l.Elems...)
		}
		return nil
	}
	into, intoDict := m.result.(*value.Dict)
	switch {
	case intoDict != isDict:
		return errors.New("Unable to merge, not all variables are of the same type")
	case isDict:
		return m.dict(d, into, name)
	}
	m.result.(*value.List).Append(l.Elems...)
	return nil
}

// deepDict copies a dict and the dicts in it, to join others into them.
func deepDict(d *value.Dict) *value.Dict {
	out := value.NewDict(d.Len())
	for _, e := range d.Entries() {
		v := e.Val
		if inner, ok := asDict(v); ok {
			v = deepDict(inner)
		}
		out.Set(e.Key, v)
	}
	return out
}

func (m *varsMerger) dict(src, into *value.Dict, path string) error {
	for _, e := range src.Entries() {
		had, found, _ := into.Get(e.Key)
		where := path + "." + value.String(e.Key)
		inner, isDict := asDict(e.Val)
		list, isList := e.Val.(*value.List)
		hadList, wasList := had.(*value.List)
		hadDict, wasDict := had.(*value.Dict)
		switch {
		case isDict && !found:
			into.Set(e.Key, deepDict(inner))
		case isDict && wasDict:
			if err := m.dict(inner, hadDict, where); err != nil {
				return err
			}
		case isList && wasList:
			into.Set(e.Key, value.NewList(slices.Concat(hadList.Elems, list.Elems)...))
		default:
			if found && !value.Equal(had, e.Val) {
				if err := m.overwritten(e, had, where); err != nil {
					return err
				}
			}
			into.Set(e.Key, e.Val)
		}
	}
	return nil
}

// overwritten does with a key that two variables have what override says.
func (m *varsMerger) overwritten(e value.Entry, had value.Value, where string) error {
	msg := fmt.Sprintf("The key '%s' with value '%s' will be overwritten with value '%s' from '%s'",
		value.String(e.Key), value.String(had), value.String(e.Val), where)
	switch m.a.strOr("override", "error") {
	case "error":
		return errors.New(msg)
	case "warn":
		if warn := m.a.call.Ctx.Env().Warn; warn != nil {
			warn(m.a.call.Pos, msg)
		}
	}
	return nil
}
