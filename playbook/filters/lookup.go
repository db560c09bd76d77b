package filters

import (
	"errors"
	"fmt"
	"strings"

	"drover/playbook/jinja"
	"drover/playbook/value"
)

// LookupFunc runs a lookup. The call's Args are its terms, the Kwargs its
// options; the result is a list. The engine calls it for with_<name>: the terms
// then are the elements of the keyword's list, or its single value.
type LookupFunc func(c *jinja.Call) ([]value.Value, error)

// lookupTables lists the tables of all lookup families. A lookup's function
// gives a *value.List.
var lookupTables = [][]entry{listLookups, varLookups, fileLookups, commandLookups, passwordLookups, structureLookups, mergeLookups, treeLookups}

// lookupEntries builds the index of the lookups by all their names.
func lookupEntries() map[string]*entry {
	all := map[string]*entry{}
	for _, table := range lookupTables {
		for i := range table {
			e := &table[i]
			all[e.name] = e
			if !strings.Contains(e.name, ".") {
				all["ansible.builtin."+e.name] = e
				all["ansible.legacy."+e.name] = e
			}
		}
	}
	for _, short := range []string{"cartesian", "filetree", "flattened"} {
		all[short] = all["community.general."+short]
	}
	return all
}

// Lookup finds a lookup by its short or full name.
func Lookup(name string) (LookupFunc, bool) {
	e := lookupEntry(name)
	if e == nil {
		return nil, false
	}
	return func(c *jinja.Call) ([]value.Value, error) {
		list, err := e.lookup(c)
		return list, pluginError(c, "lookup", e.name, err)
	}, true
}

// lookup runs the entry as a lookup.
func (e *entry) lookup(c *jinja.Call) ([]value.Value, error) {
	if e.traits&undefinedOK == 0 {
		if u := firstUndefined(c); u != nil {
			return nil, &jinja.UndefinedError{Undefined: u}
		}
	}
	v, err := e.invoke(c)
	if err != nil {
		return nil, err
	}
	return v.(*value.List).Elems, nil
}

// lookupCall is one call of lookup() or query(), without the arguments that are
// the caller's own.
type lookupCall struct {
	name     string
	entry    *entry
	call     jinja.Call
	wantList bool
	errors   string // "strict", "warn" or "ignore"
}

const noName = "lookup() needs the name of a lookup as its first argument"

func newLookupCall(c *jinja.Call, wantList bool) (*lookupCall, error) {
	if len(c.Args) == 0 {
		return nil, jinja.TypeErrorf(noName)
	}
	name, ok := value.AsString(c.Args[0])
	if !ok {
		err := fmt.Errorf("%s, not '%s'", noName, c.Args[0].Type())
		return nil, &jinja.PluginError{Plugin: "lookup", Name: value.String(c.Args[0]), Err: err}
	}
	forced := wantList
	l := &lookupCall{name: name, wantList: wantList, errors: "strict", entry: lookupEntry(name)}
	l.call = jinja.Call{Func: c.Func, Ctx: c.Ctx, Pos: c.Pos, Args: c.Args[1:]}
	for _, kw := range c.Kwargs {
		switch kw.Name {
		case "wantlist":
			l.wantList = forced || value.Truth(kw.Val)
		case "errors":
			l.errors = value.String(kw.Val)
		case "allow_unsafe":
		default:
			l.call.Kwargs = append(l.call.Kwargs, kw)
		}
	}
	return l, nil
}

func (l *lookupCall) run() (value.Value, error) {
	if l.entry == nil {
		return nil, &jinja.PluginError{Plugin: "lookup", Name: l.name, Err: errors.New("there is no lookup of that name" + suggestLookup(l.name))}
	}
	elems, err := l.entry.lookup(&l.call)
	var undefined *jinja.UndefinedError
	tolerant := l.errors == "warn" || l.errors == "ignore"
	if err != nil && (!tolerant || errors.As(err, &undefined)) {
		return nil, pluginError(&l.call, "lookup", l.entry.name, err)
	}
	if err != nil {
		if warn := l.call.Ctx.Env().Warn; warn != nil && l.errors == "warn" {
			warn(l.call.Pos, "The lookup '"+l.name+"' failed: "+err.Error())
		}
		if l.wantList {
			return value.NewList(), nil
		}
		return value.None, nil
	}
	if l.wantList {
		return value.NewList(elems...), nil
	}
	return joined(elems), nil
}

// joined gives what lookup() makes of a list: text joined by commas, a single
// element itself, else the list.
func joined(elems []value.Value) value.Value {
	texts := make([]string, 0, len(elems))
	secret := false
	for _, e := range elems {
		s, ok := value.AsString(e)
		if !ok {
			break
		}
		secret = secret || value.IsSecret(e)
		texts = append(texts, s)
	}
	switch {
	case len(elems) > 0 && len(texts) == len(elems) && secret:
		return value.Secret(strings.Join(texts, ","))
	case len(elems) > 0 && len(texts) == len(elems):
		return value.Str(strings.Join(texts, ","))
	case len(elems) == 1:
		return elems[0]
	}
	return value.NewList(elems...)
}

// host gives the controller's side of the call.
func (a *args) host() Controller { return controllerOf(a.call.Ctx) }

// terms gives a lookup's terms, which must all be text.
func (a *args) terms() []string {
	out := make([]string, len(a.rest))
	for i, t := range a.rest {
		s, ok := value.AsString(t)
		if !ok {
			a.fail("a term must be a string, but %s is a '%s'", value.Repr(t), t.Type())
		}
		out[i] = s
	}
	return out
}
