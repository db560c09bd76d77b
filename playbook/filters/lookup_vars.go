package filters

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"drover/internal/lazyre"
	"drover/playbook/filters/pyre"
	"drover/playbook/jinja"
	"drover/playbook/value"
)

// varLookups look at variables, the environment, settings and the inventory,
// and count.
var varLookups = []entry{
	{"vars", "*terms default? **options", varsLookup, 0},
	{"varnames", "*terms **options", varnamesLookup, 0},
	{"env", "*terms default? **options", envLookup, impure | undefinedOK},
	{"config", "*terms on_missing? plugin_type? plugin_name? show_origin? **options", configLookup, 0},
	{"inventory_hostnames", "*terms **options", hostnamesLookup, 0},
	{"sequence", "*terms start? end? count? stride? format? **options", sequenceLookup, 0},
}

func varsLookup(a *args) (value.Value, error) {
	out := value.NewList()
	for _, t := range a.rest {
		name, ok := value.AsString(t)
		if !ok {
			return nil, fmt.Errorf("Invalid setting identifier, \"%s\" is not a string, it is a %s", value.String(t), className(t))
		}
		v, err := a.variable(name)
		if err != nil {
			return nil, err
		}
		out.Append(v)
	}
	return out, nil
}

// variable gives a variable, all of it evaluated, or the default when there is
// none of that name. That it can't be evaluated is no failure of the lookup.
func (a *args) variable(name string) (value.Value, error) {
	c := a.call.Ctx
	raw, ok := c.Vars().Lookup(name)
	if !ok && a.has("default") {
		return a.val("default"), nil
	}
	if !ok {
		msg := a.worded("No variable named '"+name+"' was found.", "No variable found with this name: "+name)
		return nil, &jinja.UndefinedError{Undefined: &value.Undefined{Name: name, Msg: msg}}
	}
	v, err := settled(c, raw)
	var undefined *jinja.UndefinedError
	switch {
	case err == nil, c.Env().Lenient:
	case !errors.As(err, &undefined):
		err = &jinja.UndefinedError{Undefined: &value.Undefined{Name: name, Msg: err.Error(), Err: err}}
	}
	return v, err
}

func varnamesLookup(a *args) (value.Value, error) {
	out := value.NewList()
	for _, t := range a.rest {
		pattern, ok := value.AsString(t)
		if !ok {
			return nil, fmt.Errorf("Invalid setting identifier, \"%s\" is not a string, it is a %s", value.String(t), className(t))
		}
		re, err := pyre.Compile(pattern, 0)
		if err != nil {
			return nil, fmt.Errorf("Unable to use \"%s\" as a search parameter: %w", pattern, err)
		}
		for _, name := range a.call.Ctx.Vars().Names() {
			m, err := re.Search(name)
			if err != nil {
				return nil, err
			}
			if m != nil {
				out.Append(value.Str(name))
			}
		}
	}
	return out, nil
}

func envLookup(a *args) (value.Value, error) {
	out := value.NewList()
	for _, t := range a.terms() {
		words := strings.Fields(t)
		if len(words) == 0 {
			return nil, errors.New("the name of an environment variable is empty")
		}
		name := words[0]
		if v, ok := os.LookupEnv(name); ok {
			out.Append(value.Str(v))
			continue
		}
		switch def := a.lookup("default").(type) {
		case nil:
			out.Append(value.Str(""))
		case *value.Undefined:
			return nil, &jinja.UndefinedError{Undefined: &value.Undefined{Name: name, Msg: "The environment variable '" + name + "' is not set."}}
		default:
			out.Append(def)
		}
	}
	return out, nil
}

func hostnamesLookup(a *args) (value.Value, error) {
	m, ok := a.host().(HostMatcher)
	if !ok {
		return nil, errors.New("there is no inventory here")
	}
	hosts, err := m.MatchHosts(strings.Join(a.terms(), ":"))
	if err != nil { // a pattern that names nothing matches nothing
		return value.NewList(), nil
	}
	return value.Strings(hosts...), nil
}

// sequenceShortcut is the short form: [start-]end[/stride][:format].
var sequenceShortcut = lazyre.New(`(?i)^(?:(0?x?[0-9a-f]+)-)?(0?x?[0-9a-f]+)(?:/(0?x?[0-9a-f]+))?(?::(.+))?$`)

// sequenceOptions are the numbers of a sequence; nil where not given.
type sequenceOptions struct {
	numbers map[string]*int64
	format  string
	lenient bool // words mistakes as 2.18 does
}

func sequenceLookup(a *args) (value.Value, error) {
	terms := a.terms()
	if len(terms) == 0 {
		terms = []string{""}
	}
	out := value.NewList()
	for _, t := range terms {
		o := sequenceOptions{numbers: map[string]*int64{}, format: "%d", lenient: a.call.Ctx.Env().Lenient}
		for _, name := range []string{"start", "end", "count", "stride", "format"} {
			if a.has(name) {
				if err := o.set(name, a.text(name)); err != nil {
					return nil, err
				}
			}
		}
		if err := o.parse(t); err != nil {
			return nil, err
		}
		if err := o.generate(out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (o *sequenceOptions) set(name, text string) error {
	if name == "format" {
		o.format = text
		return nil
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(text), "_", ""), 10, 64)
	if err != nil && o.lenient {
		return fmt.Errorf("Invalid type for configuration option plugin_type: lookup plugin: sequence setting: %s (from Direct): %s", name, text)
	}
	if err != nil {
		return fmt.Errorf("Config '%s' for 'sequence' lookup plugin from 'Direct' has an invalid value: Invalid value provided for 'integer': '%s'", name, text)
	}
	o.numbers[name] = &n
	return nil
}

func (o *sequenceOptions) parse(term string) error {
	if m := sequenceShortcut.FindStringSubmatch(term); m != nil {
		for i, name := range []string{"start", "end", "stride", "format"} {
			if m[i+1] != "" {
				if err := o.set(name, m[i+1]); err != nil {
					return err
				}
			}
		}
		return nil
	}
	pairs, free, err := parseKV(term)
	if err != nil {
		return err
	}
	if free != "" {
		return fmt.Errorf("unrecognized arguments to with_sequence: ['%s']", free)
	}
	for _, e := range pairs.Entries() {
		switch name := value.String(e.Key); name {
		case "start", "end", "count", "stride", "format":
			if err := o.set(name, value.String(e.Val)); err != nil {
				return err
			}
		default:
			return fmt.Errorf("unrecognized arguments to with_sequence: ['%s']", name)
		}
	}
	return nil
}

func (o *sequenceOptions) num(name string, def int64) int64 {
	if n := o.numbers[name]; n != nil {
		return *n
	}
	return def
}

func (o *sequenceOptions) generate(out *value.List) error {
	start, end, stride := o.num("start", 1), o.num("end", 0), o.num("stride", 1)
	switch count := o.numbers["count"]; {
	case count == nil && o.numbers["end"] == nil:
		return errors.New("must specify count or end in with_sequence")
	case count != nil && o.numbers["end"] != nil:
		return errors.New("can't specify both count and end in with_sequence")
	case count != nil && *count == 0:
		return nil
	case count != nil:
		end = start + *count*stride - 1
	}
	switch {
	case stride > 0 && end < start:
		return errors.New("to count backwards make stride negative")
	case stride < 0 && end > start:
		return errors.New("to count forward don't make stride negative")
	case strings.Count(o.format, "%") != 1:
		return fmt.Errorf("bad formatting string: %s", o.format)
	case stride == 0:
		return nil
	case (end-start)/stride > maxCombined:
		return errTooMany
	}
	for i := start; stride > 0 && i <= end || stride < 0 && i >= end; i += stride {
		s, err := formatNumber(o.format, i)
		if err != nil {
			return err
		}
		out.Append(value.Str(s))
	}
	return nil
}

// numberFormat is a format with one conversion of an integer.
var numberFormat = lazyre.New(`%([-+ 0#]*\d*(?:\.\d+)?)([diuxXosr])`)

func formatNumber(format string, n int64) (string, error) {
	m := numberFormat.Get().FindStringSubmatchIndex(format)
	if m == nil {
		return "", fmt.Errorf("problem formatting %d with '%s'", n, format)
	}
	flags, verb := format[m[2]:m[3]], format[m[4]:m[5]]
	switch verb {
	case "x", "X", "o":
		verb = "%" + flags + verb
	case "s", "r":
		return format[:m[0]] + fmt.Sprintf("%"+flags+"s", strconv.FormatInt(n, 10)) + format[m[1]:], nil
	default:
		verb = "%" + flags + "d"
	}
	return format[:m[0]] + fmt.Sprintf(verb, n) + format[m[1]:], nil
}
