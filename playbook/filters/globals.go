package filters

import (
	"sync"
	"time"

	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
)

// globals are the functions that templates can call.
var globals = []entry{
	{"now", "utc? fmt?", now, impure},
	{"undef", "hint?", undef, 0},
	{"lookup", "*args **options", lookupGlobal, impure},
	{"query", "*args **options", queryGlobal, impure},
	{"q", "*args **options", queryGlobal, impure},
}

func registerGlobals(env *jinja.Env, o Options) {
	for i := range globals {
		e := &globals[i]
		call := e.invoke
		if o.Controller != nil {
			call = func(c *jinja.Call) (value.Value, error) { return e.invoke(withController(c, o.Controller)) }
		}
		env.Globals[e.name] = &jinja.Func{
			Name:   e.name,
			Impure: e.traits&impure != 0,
			Lazy:   e.name == "lookup" || e.name == "query" || e.name == "q",
			Call:   call,
		}
	}
}

// withController gives a call whose context has a Controller.
func withController(c *jinja.Call, h Controller) *jinja.Call {
	if _, ok := c.Ctx.Host.(Controller); ok {
		return c
	}
	served := *c
	served.Ctx = c.Ctx.With(c.Ctx.Vars())
	served.Ctx.Host = h
	return &served
}

var allLookups = sync.OnceValue(lookupEntries)

func lookupEntry(name string) *entry { return allLookups()[name] }

func suggestLookup(name string) string {
	names := make([]string, 0, len(allLookups()))
	for n := range allLookups() {
		names = append(names, n)
	}
	return source.DidYouMean(name, names)
}

func now(a *args) (value.Value, error) {
	t := time.Now()
	format := a.strOr("fmt", "")
	switch {
	case format != "" && a.truth("utc"):
		return value.Str(dateTime{t: t.UTC()}.strftime(format)), nil
	case format != "":
		return value.Str(dateTime{t: t}.strftime(format)), nil
	case a.truth("utc"):
		return dateTime{t: t.UTC().Truncate(time.Microsecond)}, nil
	}
	return localTime(t), nil
}

func undef(a *args) (value.Value, error) {
	hint := "Mandatory variable has not been overridden"
	if a.has("hint") {
		s, ok := value.AsString(a.val("hint"))
		if !ok {
			return nil, jinja.TypeErrorf("The 'hint' argument must be of type 'str' or 'NoneType', not '%s'.", a.val("hint").Type())
		}
		hint = s
	}
	return &value.Undefined{Msg: hint, Pos: a.call.Pos}, nil
}

func lookupGlobal(a *args) (value.Value, error) { return runLookup(a, false) }
func queryGlobal(a *args) (value.Value, error)  { return runLookup(a, true) }

// runLookup settles the arguments itself, for the env lookup takes undefined
// ones.
func runLookup(a *args, wantList bool) (value.Value, error) {
	c := *a.call
	c.Args, c.Kwargs = append([]value.Value(nil), c.Args...), append([]jinja.Kwarg(nil), c.Kwargs...)
	for i, v := range c.Args {
		settled, err := settled(c.Ctx, v)
		if err != nil {
			return nil, err
		}
		c.Args[i] = settled
	}
	for i, kw := range c.Kwargs {
		if _, ok := kw.Val.(*value.Undefined); ok {
			continue
		}
		settled, err := settled(c.Ctx, kw.Val)
		if err != nil {
			return nil, err
		}
		c.Kwargs[i].Val = settled
	}
	l, err := newLookupCall(&c, wantList)
	if err != nil {
		return nil, err
	}
	return l.run()
}

// settled evaluates everything in v; an undefined value in it is an error.
func settled(c *jinja.Context, v value.Value) (value.Value, error) {
	if u, ok := v.(*value.Undefined); ok {
		return nil, &jinja.UndefinedError{Undefined: u}
	}
	switch v.(type) {
	case *value.List, value.Tuple, *value.Dict, *value.Template:
	default:
		return v, nil
	}
	out, err := c.Settle(v)
	if err != nil {
		return nil, err
	}
	if u := findUndefined(out); u != nil {
		return nil, &jinja.UndefinedError{Undefined: u}
	}
	return out, nil
}

func findUndefined(v value.Value) *value.Undefined {
	switch v := v.(type) {
	case *value.Undefined:
		return v
	case *value.Dict:
		for _, e := range v.Entries() {
			if u := findUndefined(e.Val); u != nil {
				return u
			}
		}
	case *value.List, value.Tuple:
		elems, _ := asSequence(v)
		for _, e := range elems {
			if u := findUndefined(e); u != nil {
				return u
			}
		}
	}
	return nil
}
