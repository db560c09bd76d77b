package filters

import (
	"errors"
	"strings"

	"drover/playbook/jinja"
	"drover/playbook/value"
)

// entry is a row of a family's table.
type entry struct {
	name   string // short name, or the full one of a collection's plugin
	params string // see signature
	call   func(a *args) (value.Value, error)
	traits trait
}

type trait uint8

const (
	// lazy functions get containers whose elements are not resolved.
	lazy trait = 1 << iota
	// impure functions give another result each time.
	impure
	// undefinedOK functions accept undefined values as arguments.
	undefinedOK
)

// Options are what all evaluations with an Env share.
type Options struct {
	// Controller serves lookups of contexts that have none of their own in
	// Host; nil means plain files below the working directory.
	Controller Controller
}

// Register fills env with everything of this package, under short and full
// names, and gives Jinja's own filters and tests their ansible.builtin names.
func Register(env *jinja.Env, o Options) {
	for _, table := range filterTables {
		addAll(env.Filters, "filter", table)
	}
	for _, table := range testTables {
		addAll(env.Tests, "test", table)
	}
	qualifyBuiltins(env.Filters)
	qualifyBuiltins(env.Tests)
	registerGlobals(env, o)
}

func addAll(into map[string]*jinja.Func, kind string, table []entry) {
	for i := range table {
		e := &table[i]
		f := e.function(kind)
		into[e.name] = f
		if !strings.Contains(e.name, ".") {
			into["ansible.builtin."+e.name] = f
			continue
		}
		for _, alias := range aliases(e.name) {
			into[alias] = f
		}
	}
}

// movedPlugins are full names whose plugins live, or lived, under a second
// collection too.
var movedPlugins = map[string]string{"ansible.utils.": "ansible.netcommon."}

// shortNames are collections' filters that ansible.builtin still redirects.
var shortNames = map[string]string{
	"community.general.json_query": "json_query",
	"community.general.random_mac": "random_mac",
}

func aliases(name string) []string {
	var out []string
	if short := shortNames[name]; short != "" {
		out = append(out, short, "ansible.builtin."+short)
	}
	for from, to := range movedPlugins {
		if rest, ok := strings.CutPrefix(name, from); ok && addressFilters[rest] {
			out = append(out, to+rest)
		}
	}
	return out
}

func qualifyBuiltins(funcs map[string]*jinja.Func) {
	var plain []string
	for name := range funcs {
		if !strings.Contains(name, ".") {
			plain = append(plain, name)
		}
	}
	for _, name := range plain {
		funcs["ansible.builtin."+name] = funcs[name]
		funcs["ansible.legacy."+name] = funcs[name]
	}
}

func (e *entry) function(kind string) *jinja.Func {
	return &jinja.Func{
		Name:   e.name,
		Lazy:   e.traits&(lazy|undefinedOK) != 0,
		Impure: e.traits&impure != 0,
		Call: func(c *jinja.Call) (value.Value, error) {
			if e.traits&(lazy|undefinedOK) == lazy {
				if u := firstUndefined(c); u != nil {
					return u, nil
				}
			}
			v, err := e.invoke(c)
			return v, pluginError(c, kind, e.name, err)
		},
	}
}

// invoke binds the arguments and calls the function.
func (e *entry) invoke(c *jinja.Call) (value.Value, error) {
	a, err := bind(c, parseSignature(e.params), e.name[strings.LastIndexByte(e.name, '.')+1:])
	if err != nil {
		return nil, err
	}
	v, err := e.call(a)
	if a.err != nil {
		err = a.err
	}
	return v, err
}

// pluginError says which plugin failed, unless the error says so already or is
// about a missing value. Before 2.19 only the plugin spoke.
func pluginError(c *jinja.Call, kind, name string, err error) error {
	var undefined *jinja.UndefinedError
	var inner *jinja.PluginError
	if err == nil || errors.As(err, &undefined) || errors.As(err, &inner) {
		return err
	}
	return &jinja.PluginError{Plugin: kind, Name: name, Err: err, Bare: c.Ctx.Env().Lenient}
}

func firstUndefined(c *jinja.Call) *value.Undefined {
	for _, v := range c.Args {
		if u, ok := v.(*value.Undefined); ok {
			return u
		}
	}
	for _, kw := range c.Kwargs {
		if u, ok := kw.Val.(*value.Undefined); ok {
			return u
		}
	}
	return nil
}
